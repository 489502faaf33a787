"""What AWS's BlazingText notebooks do, with an unmodified boto3 as their client.

Source: the notebooks `blazingtext_word2vec_text8`, `…_word2vec_subwords_text8`,
`…_text_classification_dbpedia` and `…_hosting_pretrained_fasttext` of amazon-sagemaker-examples;
their settings, requests and ways to read the answers, on smaller data.
"""

from __future__ import annotations

import csv
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import fasttext
import nltk
import numpy as np
import pytest
from botocore.exceptions import ClientError

from nlp_engine.demo import DemoResult
from nlp_engine.sagemaker.images import blazingtext_image
from tests.fasttext_library import train_with_library
from tests.sagemaker.job_specs import REGION, ROLE
from tests.sagemaker.moto_cloud import Machines
from tests.sagemaker.moto_server import moto_server

BUCKET, PREFIX = "sagemaker-us-east-1-123456789012", "blazingtext"
CONTAINER = blazingtext_image(REGION)


class Notebook:
    """A notebook's session: boto3, and the machines that work for it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.machines = Machines(folder / "machines", REGION)
        self._monkeypatch = monkeypatch
        self.sagemaker = boto3.client("sagemaker", region_name=REGION)
        self.s3 = boto3.client("s3", region_name=REGION)
        self.s3.create_bucket(Bucket=BUCKET)

    def upload(self, path: Path, prefix: str) -> str:
        """Upload a file, as `Session.upload_data` does."""
        self.s3.upload_file(str(path), BUCKET, f"{prefix}/{path.name}")
        return f"s3://{BUCKET}/{prefix}"

    def fit(
        self, name: str, hyperparameters: dict[str, Any], channels: dict[str, str], count: int = 1
    ) -> str:
        """Train as `Estimator.fit` does, and wait; where the model is."""
        self.sagemaker.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": CONTAINER, "TrainingInputMode": "File"},
            RoleArn=ROLE,
            HyperParameters={key: str(value) for key, value in hyperparameters.items()},
            InputDataConfig=[
                {
                    "ChannelName": channel,
                    "ContentType": "text/plain",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": uri,
                            "S3DataDistributionType": "FullyReplicated",
                        }
                    },
                }
                for channel, uri in channels.items()
            ],
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/{PREFIX}/output"},
            ResourceConfig={
                "InstanceType": "ml.c4.2xlarge",
                "InstanceCount": count,
                "VolumeSizeInGB": 5,
            },
            StoppingCondition={"MaxRuntimeInSeconds": 360000},
        )
        self.machines.train(name)
        self.sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name)
        job = self.sagemaker.describe_training_job(TrainingJobName=name)
        return str(job["ModelArtifacts"]["S3ModelArtifacts"])

    def deploy(self, name: str, model_data: str) -> None:
        """Deploy as `Model.deploy` does, and wait."""
        self.create_model(name, model_data)
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "ModelName": name,
                    "InitialInstanceCount": 1,
                    "InstanceType": "ml.m4.xlarge",
                }
            ],
        )
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name)

    def create_model(self, name: str, model_data: str) -> None:
        self.sagemaker.create_model(
            ModelName=name,
            PrimaryContainer={"Image": CONTAINER, "ModelDataUrl": model_data},
            ExecutionRoleArn=ROLE,
        )

    def predictor(self, name: str, url: str) -> Callable[..., Any]:
        """What `Predictor.predict` does, with JSON."""
        self._monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", url)
        runtime = boto3.client("sagemaker-runtime", region_name=REGION)

        def predict(payload: Any, content_type: str = "application/json") -> Any:
            response = runtime.invoke_endpoint(
                EndpointName=name,
                Body=payload if isinstance(payload, bytes) else json.dumps(payload),
                ContentType=content_type,
                Accept=content_type,
            )
            return json.loads(response["Body"].read())

        return predict

    def download(self, model_data: str) -> Path:
        """Download and unpack a model, as `tar -xvzf model.tar.gz` does."""
        archive, folder = self.folder / "model.tar.gz", self.folder / "model"
        key = model_data.split(BUCKET + "/")[1]
        self.s3.download_file(BUCKET, key, str(archive))
        with tarfile.open(archive) as file:
            file.extractall(folder, filter="data")
        return folder


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with moto_server() as (started, _):
        yield started


@pytest.fixture
def notebook(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    for name, value in (
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_CONFIG_FILE", "/nonexistent"),
    ):
        monkeypatch.setenv(name, value)
    return Notebook(tmp_path, monkeypatch)


@pytest.fixture
def text8(notebook: Notebook, demo: DemoResult, tmp_path: Path) -> str:
    """A smaller text8 on S3, of the first words of the sample's."""
    words = (demo.folder / "text8" / "text8").read_text()[:600_000]
    (tmp_path / "text8").write_text(words)
    return notebook.upload(tmp_path / "text8", f"{PREFIX}/train")


WORD2VEC = {
    "mode": "batch_skipgram", "epochs": 5, "min_count": 5, "sampling_threshold": 0.0001,
    "learning_rate": 0.05, "window_size": 5, "vector_dim": 100, "negative_samples": 5,
    "batch_size": 11, "evaluation": True, "subwords": False,
}  # fmt: skip


def test_word2vec_on_text8(notebook: Notebook, text8: str) -> None:
    model_data = notebook.fit("text8", WORD2VEC, {"train": text8})
    notebook.deploy("text8", model_data)
    folder = notebook.download(model_data)
    words, rows = read_vectors(folder / "vectors.txt", 400)
    assert words[0] == "the"  # in descending order of frequency
    with notebook.machines.host("text8") as url:
        predict = notebook.predictor("text8", url)
        vecs = predict({"instances": [words[7], "blazing-not-there"]})
    assert [vec["word"] for vec in vecs] == [words[7], "blazing-not-there"]
    np.testing.assert_allclose(vecs[0]["vector"], rows[7], rtol=1e-5, atol=1e-7)
    assert len(vecs[0]["vector"]) == 100 and np.linalg.norm(vecs[0]["vector"]) > 0.1
    assert vecs[1]["vector"] == [0.0] * 100
    assert -1 <= json.loads((folder / "eval.json").read_text())["mean_rho"] <= 1
    notebook.sagemaker.delete_endpoint(EndpointName="text8")
    with pytest.raises(ClientError, match="Could not find endpoint"):
        notebook.sagemaker.describe_endpoint(EndpointName="text8")


def read_vectors(path: Path, num_points: int) -> tuple[list[str], np.ndarray]:
    """The most frequent words and their vectors, read as the notebook does."""
    index_to_word: list[str] = []
    with path.open() as f:
        dim = int(f.readline().strip().split()[1])
        word_vecs = np.zeros((num_points, dim), dtype=float)
        for line_num, line in zip(range(num_points), f, strict=False):
            word, *numbers = line.strip().split()
            word_vecs[line_num] = [float(number) for number in numbers]
            index_to_word.append(word)
    return index_to_word, word_vecs


def test_subwords_on_text8(notebook: Notebook, text8: str) -> None:
    settings = WORD2VEC | {"mode": "skipgram", "subwords": True, "epochs": 2}
    model_data = notebook.fit("subwords", settings | {"buckets": 20000}, {"train": text8})
    notebook.deploy("subwords", model_data)
    with notebook.machines.host("subwords") as url:
        predict = notebook.predictor("subwords", url)
        known, typed = predict({"instances": ["history", "hisstory"]})
        query_words = [f"historical{i}" for i in range(1200)]
        vectors = fetch(predict, query_words)
    assert len(typed["vector"]) == 100
    assert similarity(known["vector"], typed["vector"]) > 0.3
    assert set(vectors) == set(query_words)  # none is all zeros


def fetch(predict: Callable[..., Any], query_words: Sequence[str]) -> dict[str, np.ndarray]:
    """Vectors in batches of 500 words, as the notebook fetches those of the Rare Words."""
    vectors: dict[str, np.ndarray] = {}
    for start in range(0, len(query_words), 500):
        for i in predict({"instances": query_words[start : start + 500]}):
            arr = np.array(i["vector"], dtype=float)
            if np.linalg.norm(arr) != 0:
                vectors[i["word"]] = arr
    return vectors


def similarity(v1: Sequence[float], v2: Sequence[float]) -> float:
    return float(np.dot(v1, v2) / np.linalg.norm(v1) / np.linalg.norm(v2))


def write_dbpedia(demo: DemoResult, folder: Path) -> dict[str, str]:
    """The labelled sample in DBpedia's layout: label index, title and abstract as CSV."""
    labels = sorted(read_labels(demo.folder / "labelled" / "train.txt"))
    for fold, name in (("train", "train"), ("validation", "test")):
        lines = (demo.folder / "labelled" / f"{fold}.txt").read_text().splitlines()
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
            for line in lines:
                label, *words = line.split()
                title, abstract = " ".join(words[:3]), " ".join(words[3:])
                writer.writerow([labels.index(label) + 1, title, f'"{abstract}," it says.'])
    return {str(i + 1): label.removeprefix("__label__") for i, label in enumerate(labels)}


def read_labels(path: Path) -> set[str]:
    return {line.split()[0] for line in path.read_text().splitlines()}


def preprocess(input_file: Path, output_file: Path, index_to_label: dict[str, str]) -> None:
    """Tokenise as the notebook does; tokens with quotes come out in quotes of CSV."""

    def transform_instance(row: list[str]) -> list[str]:
        cur_row = ["__label__" + index_to_label[row[0]]]
        for text in row[1:]:
            cur_row.extend(nltk.word_tokenize(text.lower(), preserve_line=True))
        return cur_row

    with input_file.open(newline="") as csvinfile:
        rows = [transform_instance(row) for row in csv.reader(csvinfile, delimiter=",")]
    with output_file.open("w") as csvoutfile:
        csv.writer(csvoutfile, delimiter=" ", lineterminator="\n").writerows(rows)


@pytest.fixture
def dbpedia(notebook: Notebook, demo: DemoResult, tmp_path: Path) -> str:
    """A classifier trained as in the notebook; where its model is."""
    index_to_label = write_dbpedia(demo, tmp_path)
    channels = {}
    for channel, name in (("train", "train"), ("validation", "test")):
        made = tmp_path / f"dbpedia.{channel}"
        preprocess(tmp_path / f"{name}.csv", made, index_to_label)
        channels[channel] = notebook.upload(made, f"{PREFIX}/supervised/{channel}")
    settings = {
        "mode": "supervised", "epochs": 20, "min_count": 2, "learning_rate": 0.2,
        "vector_dim": 10, "early_stopping": True, "patience": 4, "min_epochs": 5,
        "word_ngrams": 2, "buckets": 100_000,
    }  # fmt: skip
    return notebook.fit("dbpedia", settings, channels)


SENTENCES = [
    "Apollo was worshipped in temples of ancient Greece, with Artemis and Zeus.",
    "The general led the Continental Army across the river against the British troops.",
]


def test_classification_of_dbpedia(notebook: Notebook, dbpedia: str) -> None:
    notebook.deploy("dbpedia", dbpedia)
    tokenized = [" ".join(nltk.word_tokenize(s.lower(), preserve_line=True)) for s in SENTENCES]
    with notebook.machines.host("dbpedia") as url:
        predict = notebook.predictor("dbpedia", url)
        predictions = predict({"instances": tokenized})
        two = predict({"instances": tokenized, "configuration": {"k": 2}})
        with pytest.raises(ClientError) as refused:  # what the SDK sends by default since 2020
            predict(b"text", "application/octet-stream")
    assert [prediction["label"][0][9:] for prediction in predictions] == [
        "Apollo", "American_Revolutionary_War",
    ]  # fmt: skip
    for prediction, both in zip(predictions, two, strict=True):
        assert len(prediction["label"]) == len(prediction["prob"]) == 1
        assert len(both["label"]) == len(both["prob"]) == 2
        assert both["label"][0] == prediction["label"][0]
        assert 1.001 > both["prob"][0] > both["prob"][1] > 0
    assert refused.value.response["Error"]["Code"] == "ModelError"
    assert "content-type application/octet-stream not supported" in str(refused.value)
    assert "(415)" in str(refused.value)
    folder = notebook.download(dbpedia)
    labels, _ = fasttext.load_model(str(folder / "model.bin")).predict(tokenized[0])
    assert labels[0] == "__label__Apollo"


def test_batch_transform_with_json_lines(notebook: Notebook, dbpedia: str) -> None:
    lines = [{"source": sentence.lower(), "id": i} for i, sentence in enumerate(SENTENCES * 80)]
    lines[1]["k"] = 1_000_000  # as AWS's active learning asks for all classes
    source = notebook.folder / "batch.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    uri = notebook.upload(source, f"{PREFIX}/batch")
    notebook.create_model("dbpedia", dbpedia)
    notebook.sagemaker.create_transform_job(
        TransformJobName="batch",
        ModelName="dbpedia",
        BatchStrategy="MultiRecord",
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
            "ContentType": "application/jsonlines",
            "SplitType": "Line",
        },
        TransformOutput={
            "S3OutputPath": f"s3://{BUCKET}/{PREFIX}/answers",
            "Accept": "application/jsonlines",
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
    )
    notebook.machines.transform("batch")
    notebook.sagemaker.get_waiter("transform_job_completed_or_stopped").wait(
        TransformJobName="batch"
    )
    out = notebook.s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}/answers/batch.jsonl.out")
    answers = [json.loads(line) for line in out["Body"].read().splitlines()]
    assert len(answers) == len(lines)
    assert len(answers[0]["label"]) == 1 and answers[0]["label"] == ["__label__Apollo"]
    assert len(answers[1]["label"]) == len(answers[1]["prob"]) == 12
    assert answers[2::2] == answers[:-2:2]


def test_hosting_a_pretrained_model_of_fasttext(notebook: Notebook, tmp_path: Path) -> None:
    texts = {"en": "which language is this hi", "fr": "mon nom est pierre", "de": "dem jungen ball"}
    corpus = tmp_path / "corpus"
    corpus.write_text("".join(f"__label__{tag} {text}\n" for tag, text in texts.items()) * 50)
    options = {"epoch": 50, "dim": 8, "minn": 2, "maxn": 3, "bucket": 1000, "thread": 1}
    pretrained = train_with_library(
        "supervised", tmp_path / "model.bin", input=str(corpus), **options
    )
    with tarfile.open(tmp_path / "langid.tar.gz", "w:gz") as file:
        file.add(tmp_path / "model.bin", "model.bin")
    location = notebook.upload(tmp_path / "langid.tar.gz", PREFIX) + "/langid.tar.gz"
    notebook.deploy("langid", location)
    with notebook.machines.host("langid") as url:
        predictions = notebook.predictor("langid", url)({"instances": list(texts.values())})
    for output in predictions:
        output["label"] = output["label"][0][9:].upper()  # __label__ has length of 9
    assert [output["label"] for output in predictions] == ["EN", "FR", "DE"]
    expected = [pretrained.predict(text)[1][0] for text in texts.values()]
    found = [output["prob"][0] for output in predictions]
    np.testing.assert_allclose(found, expected, atol=1e-4)
