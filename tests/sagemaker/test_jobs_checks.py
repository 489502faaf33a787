"""Specifications that are wrong: refused before anything is sent or run."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.sagemaker.aws import with_region
from nlp_engine.sagemaker.checks import check_for_sagemaker
from nlp_engine.sagemaker.checks.api import check_requests
from nlp_engine.sagemaker.checks.data import check_files
from nlp_engine.sagemaker.checks.tuning import check_objective
from nlp_engine.sagemaker.requests import plan
from nlp_engine.sagemaker.spec_file import read_spec
from tests.sagemaker.job_specs import CLASSIFIER, OUR_IMAGE, VECTORS, make_spec, write_spec

OURS = ("[sagemaker]\nrole", f'[sagemaker]\nimage = "{OUR_IMAGE}"\nrole')
SPOT = "\n[spot]\n"
MODE = 'mode = "batch_skipgram"'
SETS = ("[data]\n", '[data]\nevaluation = "s3://bkt/sets/"\n')
PIPED_SETS = (
    "[data]\n",
    '[data]\nevaluation = { source = "s3://bkt/sets/", input_mode = "Pipe" }\n',
)
EVALUATED = ("evaluation = false", "evaluation = true")
VALIDATION = 'validation = "s3://bucket/dbpedia.validation"\n'


@pytest.mark.parametrize(
    ("text", "change", "message"),
    [
        (VECTORS, ("vector_dim = 10", "vector_size = 10"), "did you mean vector_dim?"),
        (VECTORS, ("vector_dim = 10", "vector_dim = 0"), "the smallest allowed value is 1"),
        (VECTORS, ("vector_dim = 10", "vector_dim = 4096"), "[hyperparameters]: vector_dim is"),
        (VECTORS, ('name = "text8-vectors"', ""), "name is required"),
        (VECTORS, (MODE, ""), "[hyperparameters]: the hyperparameter mode is required"),
        (VECTORS, ("min_count = 1", 'several_files = "all"'), "it must be one of refuse, concat"),
        (VECTORS, ("[data]", "[datas]"), "unknown key 'datas'; did you mean data?"),
        (VECTORS, ('train = "', 'trian = "'), "[data]: unknown key 'trian'; did you mean train?"),
        (VECTORS, ("role = ", "rolle = "), "[sagemaker]: unknown setting 'rolle'; did you mean"),
        (VECTORS, ('output = "s3://bucket/models"', ""), "[sagemaker]: output is required"),
        (VECTORS, ('"s3://bucket/text8"', "5"), "[data.train]: source is 5; it must be text"),
        (
            CLASSIFIER,
            ("[tuning]\n", '[tuning]\nwarm_start = "first"\n'),
            "[tuning]: warm_start is 'first'; it must be a list",
        ),
        (VECTORS, (MODE, 'mode = "bert"'), "mode is 'bert'; it must be one of"),
        (VECTORS, (MODE, 'mode = "batch_skipgram"\nsubwords = true'), "use mode skipgram or cbow"),
        (
            VECTORS,
            ('train = "s3://bucket/text8"', 'train = { source = "x", input_mode = "Stream" }'),
            "[data.train]: input_mode is 'Stream'; it must be one of File, FastFile, Pipe",
        ),
        (CLASSIFIER, ("max_seconds = 1800", "max_seconds = 0"), "[instance]: max_seconds is 0"),
        (CLASSIFIER, ("min = 32", "min = 400"), "vector_dim: min is 400; it must be less"),
        (CLASSIFIER, ("max = 300", "max = 3000"), "the largest allowed value is 2048"),
        (CLASSIFIER, ("min = 32", "min = 32.5"), "vector_dim is 32.5; it must be an integer"),
        (CLASSIFIER, ("min = 0.005", "min = 0"), "with scaling Logarithmic it must be above 0"),
        (CLASSIFIER, ("vector_dim =", "early_stop ="), "unknown setting 'early_stop'; did you"),
        (CLASSIFIER, ("vector_dim =", "subwords ="), "subwords is 32.0; it must be True or False"),
        (CLASSIFIER, ("learning_rate =", "epochs ="), "epochs stands in [hyperparameters] and"),
        (CLASSIFIER, ("validation:accuracy", "accuracy"), "[tuning]: objective is 'accuracy'"),
        (CLASSIFIER, ("[tuning]\n", "[tuning]\nmax_jobs = 2\n"), "max_parallel_jobs is 3, above"),
    ],
)
def test_what_the_file_says_wrongly(
    tmp_path: Path, text: str, change: tuple[str, str], message: str
) -> None:
    path = write_spec(tmp_path, text, change)
    with pytest.raises(SettingError) as error:
        read_spec(path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "changes", "message"),
    [
        (VECTORS, [('"text8-vectors"', '"text8 vectors"')], "letters, digits and hyphens"),
        (VECTORS, [('"text8-vectors"', f'"{"x" * 64}"')], "at most 63 letters"),
        (VECTORS, [("arn:aws:iam::123456789012:role/", "")], "must be a role's ARN"),
        (VECTORS, [('region = "us-east-1"', "")], "no region is known; set region"),
        (VECTORS, [('region = "us-east-1"', 'region = "Virginia"')], "must be one such as us-east"),
        (VECTORS, [("s3://bucket/models", "models")], "output is 'models'; SageMaker needs an s3"),
        (VECTORS, [("s3://bucket/text8", "s3://Bucket/x")], "channel train is 's3://Bucket/x'"),
        (VECTORS, [("s3://bucket/text8", "text8")], "or run the job with --on local"),
        (VECTORS, [(MODE, f"{MODE}\nseed = 3")], "'seed' is not one of BlazingText's"),
        (VECTORS + "[instance]\ntype = 'c5.large'", [], "[instance] type is 'c5.large'"),
        (
            VECTORS + "[instance]\ntype = 'ml.p3.2xlarge'",
            [],
            "batch_skipgram is not supported on GPU",
        ),
        (
            VECTORS + "[instance]\ncount = 2",
            [(MODE, 'mode = "cbow"')],
            "Only batch_skipgram is available when training on multiple CPU instances",
        ),
        (
            VECTORS + "[instance]\ncount = 2\ntype = 'ml.g5.xlarge'",
            [(MODE, 'mode = "cbow"')],
            "Please use a single GPU instance or change to multiple CPU instances",
        ),
        (VECTORS + "[instance]\ntype = 'ml.p4d.24xlarge'", [], "runs on P2, P3, G4dn and G5"),
        (VECTORS + "[instance]\ntype = 'ml.g5.xlarge'", [OURS], "trains on processors alone"),
        (CLASSIFIER, [("ml.c5.4xlarge", "ml.p3.8xlarge")], "ml.p3.8xlarge has 4"),
        (CLASSIFIER, [(VALIDATION, "")], "early_stopping is True, which needs validation"),
        (
            VECTORS,
            [('train = "s3', 'validation = "s3://bkt/v"\ntrain = "s3')],
            "[data] has validation, but mode batch_skipgram takes train and evaluation alone",
        ),
        (CLASSIFIER, [SETS, OURS], "mode supervised takes train and validation alone"),
        (VECTORS, [SETS, EVALUATED], "evaluation, which AWS's BlazingText does not take"),
        (VECTORS, [SETS, OURS], "but evaluation is false in [hyperparameters]"),
        (
            VECTORS,
            [PIPED_SETS, EVALUATED, OURS],
            "[data.evaluation] input_mode is Pipe, but its sets are read as files",
        ),
        (VECTORS, [("vector_dim = 10", 'several_files = "concat"')], "not one of BlazingText's"),
        (VECTORS + SPOT + "max_wait_seconds = 60", [], "below max_seconds 3600"),
        (VECTORS + SPOT + "max_wait_seconds = 7200", [], "may wait at most 3600"),
        (VECTORS + SPOT + 'checkpoints = "s3://bkt/c"', [], "which BlazingText does not write"),
        (VECTORS + SPOT + 'checkpoints = "c"', [OURS], "[spot] checkpoints is 'c'"),
        (
            VECTORS,
            [('"s3://bucket/text8"', '{ source = "s3://bkt/t", input_mode = "Pipe" }')],
            "mode batch_skipgram reads files",
        ),
        (
            CLASSIFIER,
            [('"s3://bucket/dbpedia.train"', '{ source = "s3://bkt/t", input_mode = "Pipe" }')],
            "which carries augmented manifests",
        ),
        (
            CLASSIFIER,
            [
                (
                    '"s3://bucket/dbpedia.train"',
                    '{ source = "s3://bkt/t", attributes = ["a", "b"] }',
                ),
            ],
            "attributes are a, b; expected source and the name of the label",
        ),
        (
            CLASSIFIER,
            [
                (
                    '"s3://bucket/dbpedia.train"',
                    '{ source = "s3://bkt/t", attributes = ["source", "b"], input_mode = "Pipe" }',
                ),
                ("ml.c5.4xlarge", "ml.p3.2xlarge"),
            ],
            "BlazingText reads on processors alone",
        ),
    ],
)
def test_what_sagemaker_would_refuse(
    tmp_path: Path, text: str, changes: list[tuple[str, str]], message: str
) -> None:
    spec = make_spec(tmp_path, text, *changes)
    with pytest.raises(SettingError) as error:
        check_for_sagemaker(spec, "train")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        (VECTORS, []),
        (VECTORS + "[instance]\ncount = 8", []),
        (VECTORS + "[instance]\ntype = 'ml.p3.16xlarge'", [(MODE, 'mode = "skipgram"')]),
        (VECTORS + SPOT + "max_wait_seconds = 90000", [OURS]),
        (VECTORS, [OURS, (MODE, f"{MODE}\nseed = 3")]),
        (VECTORS, [OURS, SETS, EVALUATED]),
        (VECTORS, [OURS, ("vector_dim = 10", 'several_files = "concat"\npreset = "best"')]),
        (CLASSIFIER, []),
        (CLASSIFIER, [("ml.c5.4xlarge", "ml.g4dn.xlarge")]),
        # AWS has a notebook with early stopping from an epoch that never comes.
        (CLASSIFIER, [("epochs = 10", "epochs = 1\nmin_epochs = 5")]),
    ],
)
def test_what_sagemaker_takes(tmp_path: Path, text: str, changes: list[tuple[str, str]]) -> None:
    check_for_sagemaker(make_spec(tmp_path, text, *changes), "train")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([('"dbpedia"', f'"{"x" * 33}"')], "at most 32 letters"),
        ([("vector_dim = {", "min_epochs = {"), ("min = 32", "min = 3")], "does not tune"),
        ([(VALIDATION, ""), ("early_stopping = true", "")], "with this data has train:accuracy"),
        ([("validation:accuracy", "train:mean_rho")], "objective is train:mean_rho, but mode"),
    ],
)
def test_what_cannot_be_tuned(tmp_path: Path, changes: list[tuple[str, str]], message: str) -> None:
    spec = make_spec(tmp_path, CLASSIFIER, *changes)
    with pytest.raises(SettingError) as error:
        check_for_sagemaker(spec, "tune")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("action", "change", "message"),
    [
        (
            "train",
            ("ml.c5.4xlarge", "ml.c5.3xlarge"),
            "CreateTrainingJob.ResourceConfig.InstanceType is 'ml.c5.3xlarge', none of the ",
        ),
        (
            "deploy",
            ("ml.m5.xlarge", "ml.m5.tiny"),
            "that boto3 knows; did you mean ml.m5.",
        ),
        (
            "tune",
            ("[tuning]\n", f'[tuning]\nwarm_start = ["{"x" * 33}"]\n'),
            "HyperParameterTuningJobName has 33 characters; SageMaker takes at most 32",
        ),
        (
            "tune",
            ("[tuning]\n", '[tuning]\nwarm_start = ["a b"]\n'),
            "HyperParameterTuningJobName is 'a b'; SageMaker wants the form [a-zA-Z0-9]",
        ),
        ("train", ("s3://bucket/models", f"s3://bucket/{'x' * 1024}"), "takes at most 1024"),
    ],
)
def test_what_the_api_would_refuse(
    tmp_path: Path, action: str, change: tuple[str, str], message: str
) -> None:
    spec = make_spec(tmp_path, CLASSIFIER, change)
    check_for_sagemaker(spec, action)
    with pytest.raises(SettingError) as error:
        check_requests(plan(action, spec))
    assert message in str(error.value)


def test_mean_rho_needs_the_evaluation(tmp_path: Path) -> None:
    text = VECTORS + '[tuning]\nobjective = "train:mean_rho"\n[tuning.ranges]\nepochs = [1, 2]\n'
    spec = make_spec(tmp_path, text)
    assert spec.tuning
    with pytest.raises(SettingError, match="needs evaluation = true"):
        check_objective(spec, spec.tuning)


def test_transform_and_endpoint_are_checked_too(tmp_path: Path) -> None:
    spec = make_spec(tmp_path, CLASSIFIER, ("s3://bucket/batch/", "batch"))
    check_for_sagemaker(spec, "deploy")
    with pytest.raises(SettingError, match=r"\[transform\] input is 'batch'"):
        check_for_sagemaker(spec, "transform")
    spec = make_spec(tmp_path, CLASSIFIER, ("ml.m5.xlarge", "m5"))
    with pytest.raises(SettingError, match=r"\[endpoint\] instance_type is 'm5'"):
        check_for_sagemaker(spec, "deploy")
    local = ("[endpoint]\n", '[endpoint]\nmodel = "langid.tar.gz"\n')
    with pytest.raises(SettingError, match=r"\[endpoint\] model is 'langid.tar.gz'"):
        check_for_sagemaker(make_spec(tmp_path, CLASSIFIER, local), "deploy")
    filtered = ('output = "s3://bucket/answers"', 'output = "s3://bucket/a"\noutput_filter = "$"')
    with pytest.raises(SettingError, match="set join_input = true"):
        check_for_sagemaker(make_spec(tmp_path, CLASSIFIER, filtered), "transform")


def test_the_region_of_the_environment_and_of_awss_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    spec = make_spec(tmp_path, VECTORS, ('region = "us-east-1"', ""))
    assert with_region(spec).on_aws.region == "eu-west-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert with_region(spec).on_aws.region == "eu-north-1"
    assert with_region(make_spec(tmp_path)).on_aws.region == "us-east-1"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_PROFILE", "none")
    with pytest.raises(EngineError, match="configuration cannot be used: .*none"):
        with_region(spec)


LABELLED = b"__label__a one two\n__label__b three\n"


@pytest.mark.parametrize(
    ("text", "content", "message"),
    [
        (VECTORS, b"", "is empty"),
        (VECTORS, b"\n \n", "is empty"),
        (VECTORS, gzip.compress(b"words", mtime=0), r"compressed \(gzip\); decompress it"),
        (VECTORS, b"PK\0\0\0", "no text"),
        (VECTORS, LABELLED, "is a labelled file, but mode batch_skipgram reads sentences"),
        (CLASSIFIER, b"just words\n", "has no label at its beginning"),
    ],
)
def test_local_files_of_another_format(
    tmp_path: Path, text: str, content: bytes, message: str
) -> None:
    path = tmp_path / "data"
    path.write_bytes(content)
    names = [line.split('"')[1] for line in text.splitlines() if line.startswith(("train", "vali"))]
    spec = make_spec(tmp_path, text, *((name, str(path)) for name in names))
    with pytest.raises(InputError, match=message):
        check_files(spec)


def test_folders_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    spec = make_spec(tmp_path, VECTORS, ("s3://bucket/text8", str(folder)))
    with pytest.raises(InputError, match="the channel train is empty: .*/texts has no file"):
        check_files(spec)
    (folder / "a.txt").write_text("one two\n")
    (folder / "manifest.json").write_text("{}")
    (folder / "_SUCCESS").touch()
    check_files(spec)
    (folder / "b.txt").write_text("three\n")
    with pytest.raises(InputError, match=r"the channel train has 2 files, found a.txt, b.txt; "):
        check_files(spec)
    several = ("vector_dim = 10", 'several_files = "concat"')
    check_files(make_spec(tmp_path, VECTORS, ("s3://bucket/text8", str(folder)), several))


def test_local_sets_to_evaluate_on(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("one two\n")
    sets = ("s3://bkt/sets/", f"{tmp_path}/sets")
    data = ("s3://bucket/text8", f"{tmp_path}/words")
    spec = make_spec(tmp_path, VECTORS, SETS, EVALUATED, data, sets)
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "pairs.csv").write_text("one,two,7.5\n")
    check_files(spec)
    (tmp_path / "sets" / "wrong.txt").write_text("one two\n")
    with pytest.raises(InputError, match="wrong.txt, line 1: expected two words and a score"):
        check_files(spec)


def test_local_files_that_are_right(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("one two\n")
    check_files(make_spec(tmp_path, VECTORS, ("s3://bucket/text8", f"{tmp_path}/words")))
    with pytest.raises(SettingError, match="a local run has files of this machine"):
        check_files(make_spec(tmp_path, VECTORS))
    with pytest.raises(InputError, match="does not exist"):
        check_files(make_spec(tmp_path, VECTORS, ("s3://bucket/text8", f"{tmp_path}/none")))
