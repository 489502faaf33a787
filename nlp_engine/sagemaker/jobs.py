"""Running a training job: here in a temporary `/opt/ml`, or on SageMaker."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from nlp_engine.errors import EngineError, require
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.sagemaker import container
from nlp_engine.sagemaker.requests import TrainingSpec, training_job


def run_local(spec: TrainingSpec, out: Path, *, overwrite: bool = False) -> None:
    """Run the container's code on this machine and keep its model folder.

    Args:
        spec: The job; its data are local files.
        out: The folder to make.
        overwrite: Replace an existing folder.

    Raises:
        InputError: A data file is missing.
        OutputError: The folder exists or cannot be written.
        EngineError: Training failed; the message is the container's failure file.
    """
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for channel, source in (("train", spec.train), ("validation", spec.validation)):
            if source:
                folder = root / "input" / "data" / channel
                folder.mkdir(parents=True)
                path = check_input_file(Path(source)).resolve()
                (folder / path.name).symlink_to(path)
        config = root / "input" / "config"
        config.mkdir(parents=True)
        strings = {name: str(value) for name, value in spec.hyperparameters.items()}
        (config / "hyperparameters.json").write_text(json.dumps(strings), encoding="utf-8")
        with new_folder(out, overwrite=overwrite) as folder:
            if container.train(root) != 0:
                raise EngineError((root / "output" / "failure").read_text(encoding="utf-8"))
            shutil.copytree(root / "model", folder, dirs_exist_ok=True)


def run_sagemaker(spec: TrainingSpec) -> str:
    """Send the job to SageMaker; return its ARN.

    Raises:
        SettingError: The specification lacks what SageMaker needs.
        MissingExtraError: boto3 is not installed.
    """
    request = training_job(spec)
    client = require("boto3", "aws").client("sagemaker")
    return str(client.create_training_job(**request)["TrainingJobArn"])
