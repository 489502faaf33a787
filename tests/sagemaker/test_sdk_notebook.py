"""AWS's BlazingText notebooks by the SageMaker SDK, version 3, which `make test-full` installs.

The SDK speaks to moto's server, behind which machines do what it asks for, and to our server as the
runtime; nothing of it is replaced.
"""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from nlp_engine.classification.train import train_classifier
from tests.sagemaker.job_specs import REGION
from tests.sagemaker.moto_cloud import Machines, free_port
from tests.sagemaker.moto_server import moto_server

PYTHON = os.environ.get("NLP_ENGINE_SDK_PYTHON", "")
PROGRAM = Path(__file__).with_name("sdk_notebook.py")
LABELLED = "__label__fruit apples and pears\n__label__metal iron and copper\n"


def write_data(folder: Path) -> None:
    """What the notebooks download and prepare, small."""
    (folder / "text8").write_text("apples and pears are fruit iron and copper are metal " * 200)
    (folder / "labelled.train").write_text(LABELLED * 50)
    (folder / "labelled.validation").write_text(LABELLED * 5)
    lines = [{"source": "apples"}, {"source": "copper", "k": 2}] * 60
    (folder / "batch.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    options = {"epochs": 20, "learning_rate": 0.5, "buckets": 100, "min_count": 1}
    train_classifier(folder / "labelled.train", folder / "pretrained", **options)
    with tarfile.open(folder / "langid.tar.gz", "w:gz") as archive:
        archive.add(folder / "pretrained" / "model.bin", "model.bin")


@pytest.mark.full
def test_the_notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path(PYTHON).is_file():
        pytest.skip("NLP_ENGINE_SDK_PYTHON names no interpreter with the SageMaker SDK")
    write_data(tmp_path)
    port = free_port()
    with moto_server() as (url, proxy):
        environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAGEMAKER_VALIDATE_ROLE": "false",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        proxy.reset()
        with Machines(tmp_path / "machines", REGION).at_work_for(proxy, port):
            done = subprocess.run(
                [PYTHON, str(PROGRAM), str(tmp_path)],
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    known, unknown = results["word2vec"]
    assert known["word"] == "apples" and len(known["vector"]) == 100 and any(known["vector"])
    assert unknown == {"word": "appples", "vector": [0.0] * 100}
    assert all(any(found["vector"]) for found in results["subwords"])
    one, two = results["dbpedia"]
    assert [found["label"] for found in one] == [["__label__fruit"], ["__label__metal"]]
    assert [len(found["prob"]) for found in one + two] == [1, 1, 2, 2]
    assert [found["label"] for found in results["hosting"]] == [
        ["__label__fruit"],
        ["__label__metal"],
    ]
    answers = results["transform"]
    assert len(answers) == 120 and answers[:2] == answers[2:4]
    assert answers[0]["label"] == ["__label__fruit"]
    assert answers[1]["label"] == ["__label__metal", "__label__fruit"]
    assert len(proxy.sent("DeleteEndpoint")) == 4
