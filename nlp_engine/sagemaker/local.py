"""A job on this machine: the container's own code in a temporary `/opt/ml`, without Docker."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.errors import EngineError, InputError
from nlp_engine.files import new_folder
from nlp_engine.sagemaker import container
from nlp_engine.sagemaker.spec import Channel, JobSpec

_HOST = "algo-1"  # as SageMaker calls the first instance


def train(spec: JobSpec, out: Path, *, overwrite: bool = False) -> None:
    """Run the training container's code here, and keep its model folder.

    The job runs on one machine, whatever its instances; an augmented manifest is read as a file.

    Args:
        spec: The job; its data are local files.
        out: The folder to make.
        overwrite: Replace an existing folder.

    Raises:
        OutputError: The folder exists or cannot be written.
        EngineError: Training failed; the message is the container's failure file.
    """
    with new_folder(out, overwrite=overwrite) as folder, tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        provide(root, spec, spec.strings())
        if container.train(root) != 0:
            raise EngineError((root / "output" / "failure").read_text(encoding="utf-8"))
        shutil.copytree(root / "model", folder, dirs_exist_ok=True)


def provide(root: Path, spec: JobSpec, hyperparameters: Mapping[str, str]) -> None:
    """Give a container what SageMaker would.

    Args:
        root: What stands for `/opt/ml`; it is made.
        spec: The job.
        hyperparameters: Its own, or those of a trial.

    Raises:
        InputError: The records of an augmented manifest lack an attribute.
    """
    _write_config(root, spec, hyperparameters)
    for name, channel in spec.channels.items():
        _provide_channel(channel, root / "input" / "data" / name)


def _write_config(root: Path, spec: JobSpec, hyperparameters: Mapping[str, str]) -> None:
    config = root / "input" / "config"
    config.mkdir(parents=True)
    contents: Mapping[str, Any] = {
        "hyperparameters": hyperparameters,
        "inputdataconfig": {
            name: {
                "ContentType": channel.content_type or "text/plain",
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
            for name, channel in spec.channels.items()
        },
        "resourceconfig": {
            "current_host": _HOST,
            "hosts": [_HOST],
            "network_interface_name": "lo",
        },
    }
    for name, content in contents.items():
        (config / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def _provide_channel(channel: Channel, folder: Path) -> None:
    source = Path(channel.source).resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        folder.symlink_to(source)
        return
    folder.mkdir()
    if not channel.attributes:
        (folder / source.name).symlink_to(source)
        return
    with (
        source.open(encoding="utf-8") as lines,
        (folder / source.name).open("w", encoding="utf-8") as chosen,
    ):
        for number, line in enumerate(lines, 1):
            if line.strip():
                chosen.write(_choose(line, channel, f"{source}, line {number}") + "\n")


def _choose(line: str, channel: Channel, place: str) -> str:
    """A record of an augmented manifest with the attributes alone that the channel names."""
    try:
        record = json.loads(line)
        return json.dumps({name: record[name] for name in channel.attributes})
    except (ValueError, TypeError, KeyError) as error:
        names = ", ".join(channel.attributes)
        raise InputError(f"{place}: expected an object with {names} ({error})") from error
