"""Which input files an instance of a processing job works on.

With `ShardedByS3Key` an instance finds only its own files in the input folder; with
`FullyReplicated` it finds all of them, and the instances divide them among themselves. What was
chosen stands in `config/processingjobconfig.json`, the instances in `config/resourceconfig.json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.manifest import FILE_NAME
from nlp_engine.sagemaker.container import ML_ROOT
from nlp_engine.sagemaker.container.configuration import read_object

_SHARDED = "ShardedByS3Key"


def share_of_files(
    folder: Path, host: str, hosts: Sequence[str], *, shard: str = "auto", root: Path = ML_ROOT
) -> list[Path]:
    """The input files that this instance works on: together the instances take each one once.

    Args:
        folder: The input folder; hidden files and manifests are no input.
        host: This instance, one of `hosts`.
        hosts: All instances, in the same order everywhere.
        shard: `none` to take every file that is there.
        root: What stands for `/opt/ml`.

    Raises:
        InputError: There is no such folder, or nothing says whether the files are replicated.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; check the job's input or pass --input")
    found = sorted(path for path in folder.rglob("*") if _is_input(path, folder))
    if shard == "none" or len(hosts) == 1:
        return found
    distribution = _read_distribution(root)
    own = {path for path in found if _distribution_of(path, distribution) == _SHARDED}
    replicated = [path for path in found if path not in own]
    return sorted(own.union(replicated[hosts.index(host) :: len(hosts)]))


def _is_input(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden and path.name != FILE_NAME


def _read_distribution(root: Path) -> dict[Path, str]:
    """How the files of each input folder are distributed."""
    path = root / "config" / "processingjobconfig.json"
    if not path.exists():
        raise InputError(
            f"{path} is missing, so nothing says whether every instance has the same files; "
            "if each has its own, pass --shard none"
        )
    distribution = {}
    for entry in read_object(path).get("ProcessingInputs") or ():
        source = entry.get("S3Input") or {}
        if source.get("LocalPath"):
            chosen = source.get("S3DataDistributionType") or "FullyReplicated"
            distribution[Path(source["LocalPath"])] = chosen
    return distribution


def _distribution_of(path: Path, distribution: Mapping[Path, str]) -> str:
    """That of the nearest input folder above a file."""
    for folder in path.absolute().parents:
        if folder in distribution:
            return distribution[folder]
    raise InputError(
        f"{path} is in none of the job's input folders ({', '.join(map(str, distribution))}); "
        "check --input, or pass --shard none if every instance has files of its own"
    )
