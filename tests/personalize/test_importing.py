"""A dataset group from one specification: its requests, repeats, changes and failures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import botocore.validate
import numpy as np
import pytest
from typer.testing import CliRunner

from nlp_engine.cli.app import app
from nlp_engine.errors import EngineError, InputError, SettingError
from nlp_engine.manifest import read_manifest
from nlp_engine.personalize.importing import account
from nlp_engine.personalize.importing.check import check_import
from nlp_engine.personalize.importing.create import Made, create
from nlp_engine.personalize.importing.plan import dry_run, make_plan
from nlp_engine.personalize.importing.spec import ImportSpec
from nlp_engine.personalize.importing.spec_file import read_import_spec
from nlp_engine.personalize.items import build_items
from nlp_engine.personalize.schema import Column, DatasetType
from nlp_engine.personalize.sending.datasets import DatasetRecords
from nlp_engine.personalize.sending.put import put
from nlp_engine.personalize.sending.requests import Request
from tests.personalize.aws_stub import ITEMS_ARN, Stub, environment, serving
from tests.personalize.catalogues import COLUMNS, plain_items, write_dataset
from tests.personalize.control_stub import ControlHandler, ControlStub
from tests.sagemaker.moto_server import bucket_server

ROLE = "arn:aws:iam::123456789012:role/Personalize"
ARN = "arn:aws:personalize:eu-west-1:123456789012"
INTERACTION_COLUMNS = [
    Column(name="USER_ID", nullable=False),
    Column(name="ITEM_ID", nullable=False),
    Column(name="TIMESTAMP", type="long", nullable=False),
]
SPEC = f"""
name = "films"
region = "eu-west-1"
role = "{ROLE}"
s3 = "s3://films-data/personalize"
event_tracker = "films-events"

[datasets.items]
folder = "items"

[datasets.interactions]
folder = "interactions"

[filters]
horror = 'INCLUDE ItemID WHERE Items.GENRES IN ("horror", "Users.NOTHING")'
cheap = 'INCLUDE ItemID WHERE Items.PRICE < $MOST'

[solutions.similar]
recipe = "aws-similar-items"
excluded_columns = {{ items = ["PRICE"] }}
hyperparameters = {{ item_metadata_hidden_dim = 64 }}

[solutions.similar.campaign]
with_metadata = true
exploration = {{ explorationWeight = 0.3 }}

[solutions.for-you]
recipe = "aws-user-personalization-v2"
event_type = "watch"
event_value_threshold = 3.5
auto_training_days = 7
"""
DOMAIN = SPEC.replace('s3 = "s3', 'domain = "VIDEO_ON_DEMAND"\ns3 = "s3')


def write_spec(folder: Path, *changes: tuple[str, str], text: str = SPEC) -> Path:
    """The specification with its data beside it; each change is a replacement."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "films.toml"
    path.write_text(text, encoding="utf-8")
    if not (folder / "items").exists():
        write_dataset(folder / "items", plain_items(30))
        rows = [
            {"USER_ID": f"u{n % 30}", "ITEM_ID": f"i{n % 30}", "TIMESTAMP": 1_600_000_000 + n}
            for n in range(1000)
        ]
        kind = DatasetType.INTERACTIONS
        write_dataset(folder / "interactions", rows, INTERACTION_COLUMNS, kind)
    return path


def parsed(folder: Path, *changes: tuple[str, str]) -> ImportSpec:
    return read_import_spec(write_spec(folder, *changes))


def read(folder: Path, *changes: tuple[str, str]) -> ImportSpec:
    spec = parsed(folder, *changes)
    check_import(spec)
    return spec


# Requests


@pytest.fixture(scope="module")
def operations() -> Any:
    session = botocore.session.get_session()
    models = {name: session.get_service_model(name) for name in ("personalize", "s3")}
    return lambda name: models["s3" if name == "PutObject" else "personalize"].operation_model(name)


def report(operations: Any, request: Request) -> str:
    """What botocore finds wrong, values that are not in an enumeration included."""
    shape = operations(request.operation).input_shape
    found = botocore.validate.ParamValidator().validate(request.parameters, shape)
    return str(found.generate_report()) + "".join(wrong_values(request.parameters, shape))


def wrong_values(value: Any, shape: Any) -> list[str]:
    if isinstance(value, dict) and shape.type_name == "structure":
        return [w for key, v in value.items() for w in wrong_values(v, shape.members[key])]
    allowed = getattr(shape, "enum", None)
    most = shape.metadata.get("max")
    if isinstance(value, str) and most and len(value) > most:
        return [f"{value!r} is longer than {most}"]
    return [f"{value!r} is no {shape.name}"] if allowed and value not in allowed else []


def test_a_dry_run_has_every_request(tmp_path: Path, operations: Any) -> None:
    requests = dry_run(read(tmp_path))
    assert {report(operations, request) for request in requests} == {""}
    assert [request.operation for request in requests] == [
        "PutObject", "PutObject", "CreateSchema", "CreateSchema", "CreateDatasetGroup",
        "CreateDataset", "CreateDataset", "CreateDatasetImportJob", "CreateDatasetImportJob",
        "CreateEventTracker", "CreateFilter", "CreateFilter", "CreateSolution", "CreateSolution",
        "CreateSolutionVersion", "CreateSolutionVersion", "CreateCampaign",
    ]  # fmt: skip
    by_name = {
        str(request.parameters.get("name", request.parameters.get("jobName"))): request.parameters
        for request in requests
    }
    assert by_name["similar"] == {  # the campaign has the solution's name
        "name": "similar",
        "solutionVersionArn": f"{ARN}:solution/similar/$LATEST",
        "minProvisionedTPS": 1,
        "campaignConfig": {
            "syncWithLatestSolutionVersion": True,
            "enableMetadataWithRecommendations": True,
            "itemExplorationConfig": {"explorationWeight": "0.3"},
        },
    }
    (similar,) = [r.parameters for r in requests if r.operation == "CreateSolution"][:1]
    assert similar == {
        "name": "similar",
        "datasetGroupArn": f"{ARN}:dataset-group/films",
        "recipeArn": "arn:aws:personalize:::recipe/aws-similar-items",
        "performAutoTraining": False,
        "solutionConfig": {
            "algorithmHyperParameters": {"item_metadata_hidden_dim": "64"},
            "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["PRICE"]}},
        },
    }
    assert by_name["for-you"]["solutionConfig"] == {
        "eventValueThreshold": "3.5",
        "autoTrainingConfig": {"schedulingExpression": "rate(7 days)"},
    }
    (schema_name,) = [
        name for name in by_name if name.startswith("items-") and "schema" in by_name[name]
    ]
    assert by_name["items"]["schemaArn"] == f"{ARN}:schema/{schema_name}"
    job = next(r.parameters for r in requests if "importMode" in r.parameters
               and "items" in r.parameters["jobName"])  # fmt: skip
    keys = [r.parameters["Key"] for r in requests if r.operation == "PutObject"]
    location = job["dataSource"]["dataLocation"].removeprefix("s3://films-data/")
    assert f"{location}items.csv" in keys
    assert job["datasetArn"] == f"{ARN}:dataset/films/ITEMS"
    assert job["roleArn"] == ROLE


def test_the_requests_of_a_domain(operations: Any, tmp_path: Path) -> None:
    text = DOMAIN.split("[solutions.similar]")[0] + (
        '[recommenders.top]\nrecipe = "aws-vod-top-picks"\nmin_tps = 2\n'
        'exploration = { explorationWeight = 0.5 }\nexcluded_columns = { items = ["PRICE"] }\n'
    )
    requests = dry_run(read_import_spec(write_spec(tmp_path, text=text)))
    assert {report(operations, request) for request in requests} == {""}
    domains = [r.operation for r in requests if r.parameters.get("domain") == "VIDEO_ON_DEMAND"]
    assert domains == ["CreateSchema", "CreateSchema", "CreateDatasetGroup"]
    assert requests[-1].parameters == {
        "name": "top",
        "datasetGroupArn": f"{ARN}:dataset-group/films",
        "recipeArn": "arn:aws:personalize:::recipe/aws-vod-top-picks",
        "recommenderConfig": {
            "minRecommendationRequestsPerSecond": 2,
            "itemExplorationConfig": {"explorationWeight": "0.5"},
            "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["PRICE"]}},
        },
    }


def test_schemas_and_data_are_named_by_their_content(tmp_path: Path) -> None:
    def names() -> tuple[str, str]:
        found = [r.parameters for r in dry_run(read_import_spec(tmp_path / "films.toml"))]
        schema = next(p["name"] for p in found if "schema" in p and p["name"].startswith("items"))
        return schema, next(p["jobName"] for p in found if p.get("jobName", "").startswith("items"))

    parsed(tmp_path)
    first = names()
    assert names() == first
    table = tmp_path / "items" / "items.csv"
    table.write_text(table.read_text().replace("i29,", "j29,"))
    assert names()[0] == first[0]
    assert names()[1] != first[1]
    schema = tmp_path / "items" / "schema.json"
    schema.write_text(schema.read_text().replace("PRICE", "COST"))
    assert names()[0] != first[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('name = "films"\n', ""), "name is required"),
        (('name = "films"', 'nmae = "films"'), "unknown setting 'nmae'; did you mean name"),
        (('name = "films"', 'name = "-films"'), "name: '-films' is no name"),
        (("role/Personalize", "user/me"), "it must be a role's ARN"),
        (("s3://films-data/personalize", "films-data"), "it must be an s3://BUCKET"),
        (("s3://films-data/personalize", "s3://films-data/" + "x" * 250), "characters;"),
        (("eu-west-1", "Ireland"), "region is 'Ireland'"),
        (("[datasets.items]", "[datasets.itmes]"), "unknown dataset 'itmes'; did you mean items"),
        (('folder = "items"', 'fodler = "items"'), r"\[datasets.items\]: unknown setting 'fodler'"),
        (('folder = "items"', 'folder = "interactions"'), "is of the type Interactions"),
        (("Items.GENRES", "Items.GENRE"), r"\[filters\] horror: Items have no column GENRE"),
        (("Items.GENRES", "Items.DESCRIPTION"), "column DESCRIPTION is textual"),
        (("INCLUDE ItemID WHERE Items.PRICE", "WHERE Items.PRICE"), "begin with INCLUDE"),
        (("$MOST'", "$MOST " + "x" * 2500 + "'"), "2500 are allowed"),
        (('"aws-similar-items"', '"Similar Items"'), "must be one such as aws-similar-items"),
        (('"aws-similar-items"', '"aws-semantic-similarity"'), "needs a column .* with itemName"),
        (('["PRICE"]', '["COST"]'), "Items have no COST"),
        (("{ items = [", "{ users = ["), "there is no dataset users"),
        (("auto_training_days = 7", "auto_training_days = 31"), "largest allowed value is 30"),
        (("[solutions.for-you]", "[recommenders.for-you]"), "unknown setting"),
        (
            ('[solutions.for-you]\nrecipe = "aws-user-personalization-v2"\nevent_type = "watch"\n'
             "event_value_threshold = 3.5\nauto_training_days = 7\n",
             '[recommenders.x]\nrecipe = "aws-vod-top-picks"\n'),
            "recommenders are for domains",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_named_before_anything_is_made(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    with pytest.raises((SettingError, InputError), match=message):
        read(tmp_path, change)


def test_mistakes_have_their_file_and_section(tmp_path: Path) -> None:
    def told(*change: str) -> str:
        path = write_spec(tmp_path, (change[0], change[1]))
        done = CliRunner().invoke(app, ["items", "import", str(path), "--dry-run"])
        assert done.exit_code == 2
        return done.stderr

    place = f"nlp-engine: {tmp_path}/films.toml: "
    recipe = 'recipe = "aws-similar-items"'
    assert told(recipe, "recipe = 1").startswith(f"{place}[solutions.similar]: recipe is 1")
    assert told(recipe, 'recipe = "x y"').startswith(f"{place}[solutions.similar] recipe is")
    (tmp_path / "items" / "schema.json").write_text("[]")
    assert f"{tmp_path}/items/schema.json: the schema is no Avro" in told(recipe, recipe)


def test_bad_data_are_named_before_anything_is_made(tmp_path: Path) -> None:
    write_spec(tmp_path)
    table = tmp_path / "items" / "items.csv"
    table.write_text(table.read_text().replace("i7,", "i6,"))
    with pytest.raises(InputError, match="row 8, column ITEM_ID"):
        read(tmp_path)


# Making it


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with bucket_server("films-data") as url:
        yield url


@pytest.fixture
def control(s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlStub]:
    monkeypatch.setattr(account, "_CALLS_PER_SECOND", 1000.0)
    stub = ControlStub()
    with serving(stub, ControlHandler) as url:
        for name, value in {**environment(url), "AWS_ENDPOINT_URL_S3": s3}.items():
            monkeypatch.setenv(name, value)
        yield stub


def make(spec: ImportSpec, **options: Any) -> list[Made]:
    return create(spec, make_plan(spec), seconds=0.001, **options)


def test_everything_is_made_once(tmp_path: Path, control: ControlStub) -> None:
    spec = parsed(tmp_path)
    made = make(spec)
    assert len(control.created()) == len(made) == 15
    assert {thing["status"] for thing in control.things.values()} == {"ACTIVE"}
    (tracker,) = [part for part in made if part.kind == "event tracker"]
    assert tracker.tracking_id == "tracker"
    location = control.created("DatasetImportJob")[0]["dataSource"]["dataLocation"]
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    (found,) = boto3.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    content = boto3.client("s3").get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
    assert content == (tmp_path / "interactions" / "interactions.csv").read_bytes()
    again = CliRunner().invoke(app, ["items", "import", str(tmp_path / "films.toml")])
    assert again.exit_code == 0
    found = [(part["arn"], part["is_new"]) for part in json.loads(again.stdout)]
    assert found == [(part.arn, False) for part in made]
    assert "dataset group films is there: arn:aws:personalize:" in again.stderr
    assert len(control.created()) == 15


def test_it_goes_on_where_it_failed(tmp_path: Path, control: ControlStub) -> None:
    spec = parsed(tmp_path)
    control.fails["DatasetImportJob"] = "AWS cannot read the bucket"
    with pytest.raises(EngineError, match="CREATE FAILED: AWS cannot read the bucket"):
        make(spec)
    before = len(control.created())
    make(spec)
    names = [job["jobName"] for job in control.created("DatasetImportJob")]
    assert names[-1] == f"{names[0]}-2"  # AWS takes a name once
    assert len(control.created()) == before + 1 + 5  # what comes after the data
    assert {t["status"] for t in control.of("SolutionVersion")} == {"ACTIVE"}


def test_new_data_are_imported_and_trained_on(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    table = tmp_path / "items" / "items.csv"
    old = table.read_text()
    table.write_text(old.replace("i29,", "j29,"))
    made = make(parsed(tmp_path))
    assert [p.kind for p in made if p.is_new] == [
        "import job", "solution version", "solution version",
    ]  # fmt: skip
    table.write_text(old)  # back again: the dataset has the other content, so it counts as new
    assert next(p.kind for p in make(parsed(tmp_path)) if p.is_new) == "import job"
    assert len(control.of("DatasetImportJob")) == 4


def test_a_changed_schema_is_told_and_changed_on_demand(
    tmp_path: Path, control: ControlStub
) -> None:
    make(parsed(tmp_path))
    folder = tmp_path / "items"
    for path in folder.iterdir():
        path.write_text(path.read_text().replace("PRICE", "COST"))
    change = ('["PRICE"]', '["COST"]'), ("Items.PRICE", "Items.COST"), ("cheap", "cheaper")
    spec = parsed(tmp_path, *change, ("[solutions.similar]", "[solutions.more]"),
                ("[solutions.similar.campaign]", "[solutions.more.campaign]"))  # fmt: skip
    before = len(control.of("DatasetImportJob"))
    with pytest.raises(InputError, match=r"dataset/films/ITEMS: column PRICE: the column is gone"):
        make(spec)
    assert len(control.of("DatasetImportJob")) == before
    make(spec, update_schemas=True)
    (dataset,) = [d for d in control.of("Dataset") if d["datasetType"] == "Items"]
    assert "COST" in control.things[dataset["schemaArn"]]["schema"]


def test_what_is_there_must_be_what_is_wanted(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    with pytest.raises(InputError, match="solution similar is there, but its recipeArn is"):
        make(parsed(tmp_path, ('"aws-similar-items"', '"aws-sims"')))
    with pytest.raises(InputError, match="filter cheap is there, but its filterExpression"):
        make(parsed(tmp_path, ("Items.PRICE <", "Items.PRICE <=")))


def test_items_of_another_schema_are_not_put(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    events = Stub()
    with serving(events) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_PERSONALIZE_EVENTS", url)
        records = DatasetRecords("items", tmp_path / "items", ITEMS_ARN)
        assert put(records, calls_per_second=1000.0).acknowledged == 30
        other = write_dataset(tmp_path / "other", plain_items(3), [*COLUMNS[:2], *COLUMNS[3:]])
        with pytest.raises(InputError, match="column PRICE: the column is gone"):
            put(DatasetRecords("items", other, ITEMS_ARN))
        assert len(events.ids("items")) == 30
        assert json.loads(events.records["items", "i3"]["properties"])["price"] == "3.0"


# The codebook

TOPICS_SPEC = SPEC.split("[datasets.interactions]")[0].replace('event_tracker = "films-events"', "")


def coded_items(folder: Path, turned: float, **options: Any) -> str:
    """Items with topics of vectors that are turned by an angle; gives their codebook's id."""
    angles = turned + np.arange(30) * (np.pi / 30)
    source = folder.with_suffix(".csv")
    rows = (f"i{n},text {n % 3} of {turned}\n" for n in range(30))
    source.write_text("".join(["id,text\n", *rows]))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    build_items(source, folder, text_vectors=vectors, topics=4, **options)
    return read_manifest(folder, "items").parents["codebook"]


def items_import(folder: Path, *options: str) -> Any:
    command = ["items", "import", str(folder / "films.toml"), "--seconds", "0.01", *options]
    return CliRunner().invoke(app, command)


def items_put(folder: Path, *options: str) -> Any:
    command = ["items", "put", str(folder), "--dataset-arn", ITEMS_ARN, *options]
    return CliRunner().invoke(app, command)


def test_items_of_another_codebook_are_not_put(
    tmp_path: Path, control: ControlStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = coded_items(tmp_path / "items", 0)
    second = coded_items(tmp_path / "other", 1)
    assert first != second
    (tmp_path / "films.toml").write_text(TOPICS_SPEC)
    assert items_import(tmp_path).exit_code == 0
    coded_items(tmp_path / "more", 0, like=tmp_path / "items")
    events = Stub()
    with serving(events) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PERSONALIZE_EVENTS", url)
        refused = items_put(tmp_path / "other")
        assert refused.exit_code == 2
        assert f"{tmp_path}/other is coded by the codebook {second}" in refused.stderr
        assert f"was imported with the codebook {first}" in refused.stderr
        assert "--other-codebook" in refused.stderr
        assert events.calls == []
        assert items_put(tmp_path / "items").exit_code == 0
        assert items_put(tmp_path / "more").exit_code == 0
        assert items_put(tmp_path / "other", "--other-codebook").exit_code == 0
        (tmp_path / "more" / "manifest.json").unlink()
        unknown = items_put(tmp_path / "more")
        assert unknown.exit_code == 2
        assert "is coded by no known codebook" in unknown.stderr


def test_another_codebook_is_not_imported_unasked(tmp_path: Path, control: ControlStub) -> None:
    first = coded_items(tmp_path / "items", 0)
    (tmp_path / "films.toml").write_text(TOPICS_SPEC)
    assert items_import(tmp_path).exit_code == 0
    second = coded_items(tmp_path / "items", 1, overwrite=True, refit=True)
    jobs = len(control.of("DatasetImportJob"))
    refused = items_import(tmp_path)
    assert refused.exit_code == 2
    assert f"imported with the codebook {first}" in refused.stderr
    assert f"coded by the codebook {second}" in refused.stderr
    assert len(control.of("DatasetImportJob")) == jobs
    (dataset,) = control.of("Dataset")
    control.fails["DatasetImportJob"] = "not now"
    assert items_import(tmp_path, "--update-schemas").exit_code == 2
    assert dataset["schemaArn"].endswith(f"-{first}")  # its rows still are those of the first
    assert items_import(tmp_path, "--update-schemas").exit_code == 0
    assert dataset["schemaArn"].endswith(f"-{second}")
    assert items_import(tmp_path).exit_code == 0
    assert len(control.of("DatasetImportJob")) == jobs + 2  # one has failed


def test_a_dataset_of_an_unknown_codebook_gets_to_know_it(
    tmp_path: Path, control: ControlStub
) -> None:
    id = coded_items(tmp_path / "items", 0)
    (tmp_path / "films.toml").write_text(TOPICS_SPEC)
    manifest = (tmp_path / "items" / "manifest.json").read_text()
    (tmp_path / "items" / "manifest.json").unlink()
    assert items_import(tmp_path).exit_code == 0
    (tmp_path / "items" / "manifest.json").write_text(manifest)
    assert items_import(tmp_path).exit_code == 0
    assert control.of("Dataset")[0]["schemaArn"].endswith(f"-{id}")


# What stands, and deleting it


def group(command: str, folder: Path, *options: str, input: str | None = None) -> Any:
    return CliRunner().invoke(app, ["items", command, str(folder / "films.toml"), *options], input)


def test_what_stands_and_costs(tmp_path: Path, control: ControlStub) -> None:
    spec = parsed(tmp_path)
    empty = group("status", tmp_path)
    assert empty.stdout == "there is no dataset group films in eu-west-1\n"
    make(spec)
    lines = group("status", tmp_path).stdout.splitlines()
    assert lines[0] == "dataset group films: ACTIVE"
    assert (
        "campaign similar: ACTIVE, costs: at least 1 request per second is billed day and night "
        "until it is deleted"
    ) in lines
    assert "solution for-you: ACTIVE, costs: it trains by itself, rate(7 days)" in lines
    kinds = [line.split(" films")[0].split(" ")[0] for line in lines]
    assert kinds == [
        "dataset", "dataset", "import", "dataset", "import", "event", "filter", "filter",
        "solution", "solution", "campaign", "solution", "solution",
    ]  # fmt: skip


def test_a_group_is_deleted_in_order(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    made = len(control.things)
    dry = group("delete", tmp_path, "--dry-run")
    operations = [request["operation"] for request in json.loads(dry.stdout)]
    assert operations == [
        "DeleteEventTracker", "DeleteFilter", "DeleteFilter", "DeleteCampaign", "DeleteSolution",
        "DeleteSolution", "DeleteDataset", "DeleteDataset", "DeleteDatasetGroup",
    ]  # fmt: skip
    unasked = group("delete", tmp_path)
    assert unasked.exit_code == 2
    assert "nothing is deleted; --yes" in unasked.stderr
    assert "campaign similar: ACTIVE, costs" in unasked.stderr
    assert len(control.things) == made
    done = group("delete", tmp_path, "--seconds", "0.01", input="y\n")
    assert done.exit_code == 0, done.output
    assert "campaign similar, " in done.stdout
    assert "what was uploaded stays: s3://films-data/personalize" in done.stderr
    assert control.things == {}
    again = group("delete", tmp_path, "--yes")
    assert (again.exit_code, again.stdout) == (0, "deleted: nothing was there\n")


def test_only_what_serves_is_deleted(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    made = len(control.things)
    done = group("delete", tmp_path, "--serving", "--yes", "--seconds", "0.01")
    assert done.stdout == "deleted: campaign similar\n"
    assert len(control.things) == made - 1
    assert [part.kind for part in make(parsed(tmp_path)) if part.is_new] == ["campaign"]


def test_schemas_of_others_stay(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    with pytest.raises(InputError, match="filter horror is in another dataset group"):
        make(parsed(tmp_path, ('name = "films"', 'name = "more"')))
    for thing in control.things.values():
        thing["status"] = "ACTIVE"
    done = group("delete", tmp_path, "--yes", "--seconds", "0.01")
    assert "stays: another dataset has it" in done.stderr
    assert len(control.of("Schema")) == 2
    assert [thing["name"] for thing in control.of("DatasetGroup")] == ["films"]


def test_nothing_that_is_being_made_is_deleted(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    (version, *_) = control.of("SolutionVersion")
    version["status"] = "CREATE IN_PROGRESS"
    done = group("delete", tmp_path, "--yes")
    assert done.exit_code == 2
    assert "CREATE IN_PROGRESS; Personalize deletes nothing that is being made" in done.stderr
    assert not [name for name, _ in control.requests if name.startswith("Delete")]


def test_a_deletion_that_failed_goes_on(tmp_path: Path, control: ControlStub) -> None:
    make(parsed(tmp_path))
    (campaign,) = control.of("Campaign")
    campaign |= {"status": "DELETE FAILED", "failureReason": "not now"}
    assert "campaign similar: DELETE FAILED, not now" in group("status", tmp_path).stdout
    (tracker,) = control.of("EventTracker")
    tracker["status"] = "DELETE IN_PROGRESS"
    assert group("delete", tmp_path, "--yes", "--seconds", "0.01").exit_code == 0
    assert control.things == {}
