"""Bringing models and answers back from SageMaker, into the folders that a local run makes."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.errors import EngineError, FormatError, SettingError
from nlp_engine.files import new_file, new_folder
from nlp_engine.manifest import FILE_NAME, write_manifest
from nlp_engine.sagemaker import aws, s3
from nlp_engine.sagemaker.endpoint.archives import unpack
from nlp_engine.sagemaker.requests.transform import answers_address, transform_options
from nlp_engine.sagemaker.spec import JobSpec, on_s3


def download_model(spec: JobSpec, job: str, out: Path, *, overwrite: bool = False) -> None:
    """Download and unpack the model of a training job that is done.

    Args:
        spec: Names the region.
        job: The training job.
        out: The folder to make.
        overwrite: Replace an existing folder.

    Raises:
        EngineError: The job is not done, or S3 does not give its model.
        InputError: The archive is damaged.
        FormatError: A path in it leads out of the folder.
        OutputError: The folder exists or cannot be written.
    """
    client = aws.client("sagemaker", spec.on_aws.region)
    with aws.clear_errors(f"cannot look at training job {job}"):
        found = client.describe_training_job(TrainingJobName=job)
    address = found.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    if not address or found["TrainingJobStatus"] not in ("Completed", "Stopped"):
        raise EngineError(f"training job {job} is {found['TrainingJobStatus']}; it has no model")
    started = time.monotonic()
    with new_folder(out, overwrite=overwrite) as folder, tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "model.tar.gz"
        s3.download(aws.client("s3", spec.on_aws.region), str(address), archive)
        unpack(archive, folder)
        _complete(folder, found.get("HyperParameters", {}), started)


def download_answers(spec: JobSpec) -> list[Path]:
    """Download what a batch transform has answered, into the local folder of `[transform]`.

    Returns:
        The files that were made; none if the answers shall stay on S3.

    Raises:
        SettingError: The specification has no `[transform]`.
        EngineError: S3 does not give them.
        FormatError: A name leads out of the folder.
        OutputError: The folder cannot be written.
    """
    out = transform_options(spec).output
    if on_s3(out):
        return []
    client = aws.client("s3", spec.on_aws.region)
    prefix = f"{answers_address(spec)}/"
    made = []
    for address in s3.listed(client, prefix):
        name = PurePosixPath(address.removeprefix(prefix))
        if ".." in name.parts:
            raise FormatError(f"{address} is refused: its name leads out of {out}")
        with new_file(Path(out, name), overwrite=True) as path:
            s3.download(client, address, path)
        made.append(Path(out, name))
    return made


def _complete(folder: Path, hyperparameters: Mapping[str, str], started: float) -> None:
    """Describe a model of AWS's own image, which brings no manifest, as a local run would."""
    if (folder / FILE_NAME).exists():
        return
    if (folder / "model.bin").exists():
        cls: Any = ClassifierSettings
    elif (folder / "vectors.bin").exists():
        cls = Word2VecSettings
    else:
        return  # a model without a .bin, as several GPUs leave it, has vectors.txt alone
    names = {field.name for field in dataclasses.fields(cls)}
    given = {name: value for name, value in hyperparameters.items() if name in names}
    try:
        recorded = settings.to_mapping(settings.from_mapping(cls, given))
    except SettingError:
        recorded = given
    format = "classifier" if cls is ClassifierSettings else "vectors"
    write_manifest(folder, format=format, language="en", started=started, settings=recorded)
