"""What AWS's BlazingText notebooks do, as version 3 of the SageMaker SDK wants it.

    sdk_notebook.py FOLDER

A program for the interpreter that has the SDK; it knows nothing of this project. The folder has
the data; `results.json` gets what the notebooks' cells show.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.image_uris import retrieve
from sagemaker.core.shapes import OutputDataConfig
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, StoppingCondition

REGION, BUCKET, PREFIX = "us-east-1", "sagemaker-us-east-1-123456789012", "blazingtext"
ROLE = "arn:aws:iam::123456789012:role/SageMaker"
INSTANCE = "ml.m4.xlarge"
WORD2VEC = {
    "epochs": 5, "min_count": 1, "sampling_threshold": 0.0001, "learning_rate": 0.05,
    "window_size": 5, "vector_dim": 100, "negative_samples": 5, "buckets": 1000,
}  # fmt: skip


class Notebook:
    """The cells that the notebooks share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        boto_session = boto3.Session(region_name=REGION)
        boto_session.client("s3").create_bucket(Bucket=BUCKET)
        self.session = Session(boto_session=boto_session, default_bucket=BUCKET)
        self.image = retrieve("blazingtext", region=REGION, version="1")

    def upload(self, name: str, prefix: str) -> str:
        path = str(self.folder / name)
        uri: str = self.session.upload_data(
            path=path, bucket=BUCKET, key_prefix=f"{PREFIX}/{prefix}"
        )
        return uri

    def fit(self, name: str, hyperparameters: dict[str, Any], **channels: str) -> str:
        """Train, and wait; where the model is."""
        trainer = ModelTrainer(
            sagemaker_session=self.session,
            role=ROLE,
            base_job_name=name,  # the SDK adds the second, in which another may start
            training_image=self.image,
            training_input_mode="File",
            compute=Compute(instance_type="ml.c4.2xlarge", instance_count=1, volume_size_in_gb=5),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
            output_data_config=OutputDataConfig(s3_output_path=f"s3://{BUCKET}/{PREFIX}/output"),
            hyperparameters=hyperparameters,
        )
        data = [
            InputData(channel_name=name, data_source=uri, content_type="text/plain")
            for name, uri in channels.items()
        ]
        trainer.train(input_data_config=data, wait=True, logs=False)
        job = trainer._latest_training_job
        job.refresh()
        model: str = job.model_artifacts.s3_model_artifacts
        return model

    def builder(self, name: str, model_data: str) -> Any:
        builder = ModelBuilder(
            image_uri=self.image,
            s3_model_data_url=model_data,
            role_arn=ROLE,
            sagemaker_session=self.session,
            instance_type=INSTANCE,
        )
        builder.build(model_name=name)
        return builder

    def ask(self, builder: Any, name: str, *payloads: dict[str, Any]) -> list[Any]:
        """Deploy, predict, delete the endpoint."""
        endpoint = builder.deploy(
            endpoint_name=name, instance_type=INSTANCE, initial_instance_count=1, wait=True
        )
        answers = [
            endpoint.invoke(body=json.dumps(payload), content_type="application/json")
            for payload in payloads
        ]
        found = [json.loads(answer.body.read()) for answer in answers]
        endpoint.delete()
        return found

    def transform(self, builder: Any, source: str) -> list[Any]:
        """Answer a file of JSON Lines, and wait."""
        transformer = builder.transformer(
            instance_count=1,
            instance_type="ml.c5.xlarge",
            strategy="MultiRecord",
            assemble_with="Line",
            accept="application/jsonlines",
            output_path=f"s3://{BUCKET}/{PREFIX}/answers",
        )
        content_type = "application/jsonlines"
        transformer.transform(
            data=source, content_type=content_type, split_type="Line", wait=True, logs=False
        )
        key = f"{PREFIX}/answers/{Path(source).name}.out"
        body = self.session.boto_session.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"]
        return [json.loads(line) for line in body.read().splitlines()]


def main() -> None:
    folder = Path(sys.argv[1])
    notebook = Notebook(folder)
    words = {"instances": ["apples", "appples"]}
    train = notebook.upload("text8", "text8")
    settings = WORD2VEC | {"mode": "batch_skipgram", "batch_size": 11, "evaluation": "True"}
    vectors = notebook.builder("text8", notebook.fit("text8", settings, train=train))
    settings = WORD2VEC | {"mode": "skipgram", "subwords": "True", "evaluation": "False"}
    subwords = notebook.builder("subwords", notebook.fit("subwords", settings, train=train))
    settings = {
        "mode": "supervised", "epochs": 20, "min_count": 1, "learning_rate": 0.5, "vector_dim": 10,
        "early_stopping": "True", "patience": 4, "min_epochs": 5, "word_ngrams": 2, "buckets": 1000,
    }  # fmt: skip
    channels = {
        name: notebook.upload(f"labelled.{name}", f"supervised/{name}")
        for name in ("train", "validation")
    }
    classifier = notebook.builder("dbpedia", notebook.fit("dbpedia", settings, **channels))
    pretrained = notebook.builder("langid", notebook.upload("langid.tar.gz", "pretrained"))
    texts = {"instances": ["apples and pears", "iron and copper"]}
    results = {
        "word2vec": notebook.ask(vectors, "text8", words)[0],
        "subwords": notebook.ask(subwords, "subwords", words)[0],
        "dbpedia": notebook.ask(
            classifier, "dbpedia", texts, texts | {"configuration": {"k": 2}}
        ),
        "hosting": notebook.ask(pretrained, "langid", texts)[0],
        "transform": notebook.transform(classifier, notebook.upload("batch.jsonl", "batch")),
    }  # fmt: skip
    (folder / "results.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main()
