"""Jobs on this machine: the container's code without Docker, with the same specification."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from nlp_engine.classification.classifier import Classifier
from nlp_engine.cli.app import app
from nlp_engine.corpus.build import build_corpus
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.sagemaker import container, local
from nlp_engine.sagemaker.local_transform import transform
from nlp_engine.sagemaker.spec import Transform
from tests.sagemaker.job_specs import (
    CLASSIFIER,
    LABELLED,
    TUNING,
    VECTORS,
    classifier_spec,
    make_spec,
    write_spec,
)
from tests.sagemaker.moto_cloud import served


def test_word_vectors(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("the cat sat on the mat\n" * 30)
    spec = make_spec(tmp_path, VECTORS, ("s3://bucket/text8", f"{tmp_path}/corpus.txt"))
    local.train(spec, tmp_path / "model")
    assert WordVectors.open(tmp_path / "model").vector_dim == 10


def test_folders_and_sets_of_word_pairs_are_channels(tmp_path: Path) -> None:
    """German vectors of a corpus folder; the sets that a job brings decide what is evaluated."""
    (tmp_path / "satz.txt").write_text("Hund und Katze laufen, Apfel und Birne wachsen.\n" * 30)
    build_corpus(tmp_path / "satz.txt", tmp_path / "corpus", language="de")
    (tmp_path / "sets").mkdir()
    pairs = "Hund\tKatze\t9\nApfel\tBirne\t8\nHund\tApfel\t1\n"
    (tmp_path / "sets" / "tiere.tsv").write_text(pairs)
    (tmp_path / "sets" / "obst.tsv").write_text(pairs)
    changes = [
        ("s3://bucket/text8", f"{tmp_path}/corpus"),
        ("[data]\n", f'[data]\nevaluation = "{tmp_path}/sets"\n'),
        ("evaluation = false", "evaluation = true"),
    ]
    local.train(make_spec(tmp_path, VECTORS, *changes), tmp_path / "model")
    results = json.loads((tmp_path / "model" / "eval.json").read_text())
    assert set(results) == {"tiere.tsv", "obst.tsv", "mean_rho"}
    manifest = WordVectors.open(tmp_path / "model").manifest
    assert manifest and manifest.language == "de"


def test_several_files_are_concatenated_where_the_job_says_so(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    for name, text in (("a.txt", "cats and dogs\n"), ("b.txt", "apples and pears\n")):
        (tmp_path / "texts" / name).write_text(text * 30)
    changes = [
        ("s3://bucket/text8", f"{tmp_path}/texts"),
        ("vector_dim = 10", 'vector_dim = 10\nseveral_files = "concat"'),
    ]
    local.train(make_spec(tmp_path, VECTORS, *changes), tmp_path / "model")
    assert {"cats", "pears"} <= set(WordVectors.open(tmp_path / "model").words)


def test_a_job_needs_nothing_of_aws(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("the cat sat on the mat\n" * 30)
    text = VECTORS.partition("[sagemaker]")[0]
    spec = make_spec(tmp_path, text, ("s3://bucket/text8", f"{tmp_path}/corpus.txt"))
    local.train(spec, tmp_path / "model")
    assert (tmp_path / "model" / "vectors.bin").exists()


def test_the_container_gets_what_sagemaker_would_give_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def look(root: Path) -> int:
        for path in sorted((root / "input" / "config").iterdir()):
            seen[path.stem] = json.loads(path.read_text())
        seen["files"] = {path.parent.name: path.read_text() for path in root.glob("input/data/*/*")}
        (root / "model").mkdir()
        return 0

    monkeypatch.setattr(container, "train", look)
    local.train(classifier_spec(tmp_path), tmp_path / "model")
    assert seen["hyperparameters"] == {
        "mode": "supervised", "epochs": "10", "min_count": "1", "buckets": "1000",
        "early_stopping": "True",
    }  # fmt: skip
    assert seen["inputdataconfig"]["validation"] == {
        "ContentType": "text/plain",
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
    }
    assert seen["resourceconfig"]["hosts"] == [seen["resourceconfig"]["current_host"]]
    assert seen["files"] == {"train": LABELLED, "validation": LABELLED}


def test_an_augmented_manifest_with_more_than_the_named_attributes(tmp_path: Path) -> None:
    records = [
        {"source": "apples and pears", "topic": "fruit", "reviewer": "x", "topic-metadata": {}},
        {"source": "iron and copper", "topic": "metal", "reviewer": "y", "topic-metadata": {}},
    ] * 10
    path = tmp_path / "train.manifest"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    channel = f'{{ source = "{path}", input_mode = "Pipe", attributes = ["source", "topic"] }}'
    change = (f'train = "{tmp_path}/labelled.txt"', f"train = {channel}")
    local.train(classifier_spec(tmp_path, change), tmp_path / "model")
    assert Classifier.open(tmp_path / "model").predict(["pears"])[0][0].label == "fruit"
    path.write_text('{"source": "apples"}\n')
    with pytest.raises(InputError, match="line 1: expected an object with source, topic"):
        local.train(classifier_spec(tmp_path, change), tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_job_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(root: Path) -> int:
        (root / "output").mkdir()
        (root / "output" / "failure").write_text("no words are left")
        return 1

    monkeypatch.setattr(container, "train", fail)
    with pytest.raises(EngineError, match="no words are left"):
        local.train(classifier_spec(tmp_path), tmp_path / "model")
    assert not (tmp_path / "model").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("classifier")
    local.train(classifier_spec(folder), folder / "model")
    return folder / "model"


def test_transform_answers_every_line(tmp_path: Path, classifier: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"source": "pears", "id": 7}\n\n{"source": "copper", "id": 8, "k": 2}\n')
    output = str(tmp_path / "answers")
    made = transform(classifier, Transform(input=str(source), output=output))
    assert made == tmp_path / "answers" / "in.jsonl.out"
    first, second = map(json.loads, made.read_text().splitlines())
    assert first["label"] == ["__label__fruit"] and len(second["prob"]) == 2
    joined = Transform(
        input=str(source),
        output=output,
        strategy="SingleRecord",
        join_input=True,
        output_filter="$['id','SageMakerOutput']",
    )
    lines = [json.loads(line) for line in transform(classifier, joined).read_text().splitlines()]
    assert [line["id"] for line in lines] == [7, 8]
    assert lines[0] == {"id": 7, "SageMakerOutput": first}


def test_a_transform_that_fails_leaves_nothing(tmp_path: Path, classifier: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"source": "pears"}\n{"text": "copper"}\n')
    options = Transform(input=str(source), output=str(tmp_path / "answers"))
    with pytest.raises(InputError, match="in.jsonl, lines from 1: "):
        transform(classifier, options)
    assert list((tmp_path / "answers").iterdir()) == []
    wrong = Transform(input=str(source), output="o", join_input=True, output_filter="$.id")
    with pytest.raises(SettingError, match="output_filter is '\\$.id'"):
        transform(classifier, wrong)


def test_a_local_transform_wants_nothing_of_s3(tmp_path: Path, classifier: Path) -> None:
    for given, named in (
        (Transform(input="s3://bucket/in", output="o"), r"\[transform\] input is 's3://bucket/in'"),
        (Transform(input="in", output="s3://bucket/o"), r"\[transform\] output is 's3://bucket/o'"),
    ):
        with pytest.raises(SettingError, match=f"{named}; a local run has files of this machine"):
            transform(classifier, given)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["job", *arguments])


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text('{"source": "pears"}\n')
    classifier_spec(
        tmp_path,
        ('name = "dbpedia"', 'name = "dbpedia"\nout = "model"'),
        ("s3://bucket/batch/", "in.jsonl"),
        ("s3://bucket/answers", "answers"),
        tuning=TUNING.replace("max_jobs = 4", "max_jobs = 1"),
    )
    trained = run("train", "job.toml")
    assert trained.exit_code == 0, trained.stderr
    assert trained.stdout.startswith("model: ") and "model.bin" in trained.stdout
    again = run("train", "job.toml")
    assert again.exit_code == 2 and "model exists" in again.stderr
    tuned = run("tune", "job.toml", "-o", "tuned")
    assert tuned.exit_code == 0, tuned.stderr
    assert "tuning.json" in tuned.stdout and tuned.stderr.startswith("trial 0: ")
    assert run("transform", "job.toml").stdout == "answers/in.jsonl.out\n"
    pretrained = ("[endpoint]\n", '[endpoint]\nmodel = "tuned"\n')
    (tmp_path / "pretrained.toml").write_text(
        (tmp_path / "job.toml").read_text().replace(*pretrained)
    )
    assert run("transform", "pretrained.toml").stdout == "answers/in.jsonl.out\n"
    there = ("[endpoint]\n", '[endpoint]\nmodel = "s3://bucket/model.tar.gz"\n')
    (tmp_path / "there.toml").write_text((tmp_path / "job.toml").read_text().replace(*there))
    for action in ("transform", "deploy"):
        refused = run(action, "there.toml")
        assert refused.exit_code == 2 and "a local run has files of this machine" in refused.stderr
    (tmp_path / "labelled.txt").write_text("no labels\n")
    wrong = run("train", "job.toml", "-o", "other")
    assert wrong.exit_code == 2 and "has no label at its beginning" in wrong.stderr
    (tmp_path / "job.toml").write_text("name = 7")
    broken = run("tune", "job.toml")
    assert broken.exit_code == 2
    assert broken.stderr == "nlp-engine: job.toml: name is 7; it must be text\n"


def test_asking_a_local_endpoint(tmp_path: Path, classifier: Path) -> None:
    path = str(write_spec(tmp_path, CLASSIFIER))
    (tmp_path / "request.json").write_text('{"instances": ["pears"]}')
    with served(classifier) as url:
        port = url.rpartition(":")[2]
        answer = run("invoke", path, str(tmp_path / "request.json"), "--port", port)
        assert json.loads(answer.stdout)[0]["label"] == ["__label__fruit"]
        (tmp_path / "request.json").write_text("[]")
        refused = run("invoke", path, str(tmp_path / "request.json"), "--port", port)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("nlp-engine: endpoint dbpedia gives no answer: ")
    gone = run("invoke", path, str(tmp_path / "request.json"), "--port", port)
    assert gone.exit_code == 2 and "Could not connect" in gone.stderr
