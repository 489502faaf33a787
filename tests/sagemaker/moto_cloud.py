"""The machines that moto does not have: they do what its server was asked for.

moto keeps jobs and endpoints without doing anything. `Machines` reads what a client has created
there, by boto3, and does it: trains by the container's code on what lies in S3, puts the archive
where SageMaker would, hosts a model by our server, and answers the lines of a batch transform.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

from nlp_engine.sagemaker import container
from tests.sagemaker.moto_server import Proxy

_BATCH = 100  # lines; SageMaker fills the payload


def split(address: str) -> tuple[str, str]:
    """Bucket and key of an address on S3."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


class Machines:
    """What works for an account, in a folder for its disks."""

    def __init__(self, folder: Path, region: str) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sagemaker = boto3.client("sagemaker", region_name=region)
        self._s3 = boto3.client("s3", region_name=region)

    def train(self, name: str) -> None:
        """Do a training job."""
        job = self._sagemaker.describe_training_job(TrainingJobName=name)
        root = self.folder / name
        config = root / "input" / "config"
        config.mkdir(parents=True)
        (config / "hyperparameters.json").write_text(json.dumps(job["HyperParameters"]))
        (config / "inputdataconfig.json").write_text(json.dumps(_channels(job)))
        host = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "lo"}
        (config / "resourceconfig.json").write_text(json.dumps(host))
        for channel in job["InputDataConfig"]:
            source = channel["DataSource"]["S3DataSource"]["S3Uri"]
            self._download(source, root / "input" / "data" / channel["ChannelName"])
        assert container.train(root) == 0, (root / "output" / "failure").read_text()
        archive = root / "model.tar.gz"
        with tarfile.open(archive, "w:gz") as file:
            for path in sorted((root / "model").iterdir()):
                file.add(path, path.name)
        self._s3.upload_file(str(archive), *split(job["ModelArtifacts"]["S3ModelArtifacts"]))

    @contextlib.contextmanager
    def at_work_for(self, proxy: Proxy, port: int) -> Iterator[None]:
        """Do all that is asked for as it is asked for, with one endpoint at a time on a port."""
        with contextlib.ExitStack() as hosted:
            proxy.after |= {
                "CreateTrainingJob": lambda asked: self.train(asked["TrainingJobName"]),
                "CreateTransformJob": lambda asked: self.transform(asked["TransformJobName"]),
                "CreateEndpoint": lambda asked: hosted.enter_context(
                    self.host(asked["EndpointName"], port)
                ),
                "DeleteEndpoint": lambda asked: hosted.close(),
            }
            yield

    @contextlib.contextmanager
    def host(self, endpoint: str, port: int | None = None) -> Iterator[str]:
        """Run what an endpoint stands for; give the address of the server."""
        found = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        config = self._sagemaker.describe_endpoint_config(
            EndpointConfigName=found["EndpointConfigName"]
        )
        with self._served(config["ProductionVariants"][0]["ModelName"], port) as url:
            yield url

    def transform(self, name: str) -> None:
        """Do a transform job: batches of lines in, `NAME.out` out."""
        job = self._sagemaker.describe_transform_job(TransformJobName=name)
        wanted = job["TransformInput"]
        assert (wanted["SplitType"], job["BatchStrategy"]) == ("Line", "MultiRecord")
        inputs = self.folder / name / "input"
        self._download(wanted["DataSource"]["S3DataSource"]["S3Uri"], inputs)
        bucket, prefix = split(job["TransformOutput"]["S3OutputPath"])
        with self._served(job["ModelName"]) as url:
            for path in sorted(inputs.iterdir()):
                lines = path.read_bytes().splitlines()
                answers = [
                    _post(f"{url}/invocations", b"\n".join(lines[i : i + _BATCH]), wanted)
                    for i in range(0, len(lines), _BATCH)
                ]
                body = b"".join(answer.rstrip(b"\n") + b"\n" for answer in answers)
                self._s3.put_object(Bucket=bucket, Key=f"{prefix}/{path.name}.out", Body=body)

    @contextlib.contextmanager
    def _served(self, model: str, port: int | None = None) -> Iterator[str]:
        """Run the serving container's code on the archive of a model."""
        found = self._sagemaker.describe_model(ModelName=model)
        archive = self.folder / f"{model}.tar.gz"
        self._s3.download_file(*split(found["PrimaryContainer"]["ModelDataUrl"]), str(archive))
        with served(archive, port) as url:
            yield url

    def _download(self, address: str, folder: Path) -> None:
        """Download all objects whose keys begin so."""
        folder.mkdir(parents=True)
        bucket, prefix = split(address)
        for item in self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
            target = folder / Path(item["Key"]).name
            self._s3.download_file(bucket, item["Key"], str(target))


@contextlib.contextmanager
def served(model: Path, port: int | None = None) -> Iterator[str]:
    """Our server with a model, as a process; the address of it."""
    port = port or free_port()
    command = [sys.executable, "-m", "nlp_engine", "serve", str(model), "--port", str(port), "-q"]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}/ping", process)
        yield url
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server has ended"
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(url) as answer:
            assert answer.status == 200
            return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def _post(url: str, body: bytes, wanted: dict[str, Any]) -> bytes:
    headers = {"Content-Type": wanted["ContentType"]}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
        content: bytes = answer.read()
    return content


def _channels(job: dict[str, Any]) -> dict[str, Any]:
    return {
        channel["ChannelName"]: {
            "ContentType": channel.get("ContentType", ""),
            "TrainingInputMode": channel.get("InputMode", "File"),
            "S3DistributionType": channel["DataSource"]["S3DataSource"]["S3DataDistributionType"],
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
        for channel in job["InputDataConfig"]
    }
