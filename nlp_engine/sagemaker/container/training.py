"""A training job, from `/opt/ml/input` to `/opt/ml/model`."""

from __future__ import annotations

import contextlib
import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.classification.train import train_classifier
from nlp_engine.corpus.build import corpus_file
from nlp_engine.embeddings.evaluation import WORDSIM353, bundled_sets, by_name
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.errors import InputError, MissingExtraError, SettingError
from nlp_engine.files import clear_output_errors
from nlp_engine.sagemaker.container import mpi
from nlp_engine.sagemaker.container.channels import (
    EVALUATION,
    TRAIN,
    VALIDATION,
    Channel,
    check_channels,
    read_channels,
)
from nlp_engine.sagemaker.container.configuration import read_hyperparameters
from nlp_engine.sagemaker.container.failures import report_failure
from nlp_engine.sagemaker.container.hosts import Hosts, read_hosts
from nlp_engine.sagemaker.container.texts import channel_copy, channel_files, channel_text
from nlp_engine.sagemaker.hyperparameters import Hyperparameters
from nlp_engine.sagemaker.training_log import TrainingLog, log_accuracies, log_evaluation

ML_ROOT = Path("/opt/ml")

_DISTRIBUTED_MODE = "batch_skipgram"

_log = logging.getLogger(__name__)


def train(root: Path = ML_ROOT) -> int:
    """Run one training job.

    Reads `input/config` and `input/data`; writes the artifacts to `model`, or the reason of a
    failure to `output/failure`. Where there is a folder `checkpoints`, a training that Ctrl-C
    interrupts saves a checkpoint there, and goes on from it when it is called again with the same
    data and settings.

    Args:
        root: What stands for `/opt/ml`.

    Returns:
        The exit code: 0; 1 where the job's data or settings are to blame; 2 after an internal
        error.
    """
    with contextlib.suppress(OSError):
        (root / "output" / "failure").unlink()  # of an earlier run
    try:
        job = _read_job(root)
        if job.hosts.several and not mpi.started_by_mpirun():
            return mpi.run_on_hosts(job.hosts, root)
        _run(job)
    except Exception as error:
        return report_failure(root, error)
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """What a training job is asked for, checked as far as it can be without its data."""

    root: Path
    hyperparameters: Hyperparameters
    hosts: Hosts
    channels: dict[str, Channel]

    @property
    def checkpoints(self) -> Path | None:
        """Where checkpoints go, if SageMaker has made a folder for them."""
        folder = self.root / "checkpoints"
        return folder if folder.is_dir() else None

    def text(self, name: str, scratch: Path) -> tuple[Path, Path]:
        """The file of a channel, and where it comes from."""
        chosen = self.hyperparameters
        with clear_output_errors(scratch / name):
            return channel_text(
                self.channels[name],
                scratch,
                supervised=chosen.supervised,
                several_files=chosen.container.several_files,
            )

    @contextlib.contextmanager
    def naming_channels(self, scratch: Path) -> Iterator[None]:
        """Have errors about the copy of a channel name the channel's pipe or folder."""
        try:
            yield
        except InputError as error:
            message = str(error)
            for channel in self.channels.values():
                message = message.replace(str(channel_copy(channel, scratch)), str(channel.path))
            raise InputError(message) from error


def _read_job(root: Path) -> _Job:
    hyperparameters = read_hyperparameters(root)
    hosts = read_hosts(root / "input" / "config" / "resourceconfig.json")
    mode, channels = hyperparameters.mode, read_channels(root)
    if hosts.several and mode != _DISTRIBUTED_MODE:
        raise SettingError(
            f"Only {_DISTRIBUTED_MODE} is available when training on multiple CPU instances; mode "
            f"is {mode} and there are {len(hosts.hosts)} instances"
        )
    check_channels(channels, mode, supervised=hyperparameters.supervised)
    if hosts.several and channels[TRAIN].sharded:
        raise InputError(
            f"the channel {TRAIN} is ShardedByS3Key, but every instance needs all data; set its "
            "S3DataDistributionType to FullyReplicated"
        )
    return _Job(root=root, hyperparameters=hyperparameters, hosts=hosts, channels=channels)


def _run(job: _Job) -> None:
    hosts, mode = job.hosts, job.hyperparameters.mode
    if hosts.several:
        where = f"distributed CPU BlazingText training using {mode} on {len(hosts.hosts)} hosts"
    else:
        where = f"single machine CPU BlazingText training using {mode} mode"
    _log.info("Running %s.", where)
    if hosts.several:
        mpi.log_hosts(hosts)
    target = job.root / "model"
    target.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as scratch,
        tempfile.TemporaryDirectory(prefix=".training-", dir=target) as unfinished,
        job.naming_channels(Path(scratch)),
    ):
        corpus, source = job.text(TRAIN, Path(scratch))
        _log.info("Processing %s . File size: %s MB", source, corpus.stat().st_size / 2**20)
        made = Path(unfinished) / "model"
        if job.hyperparameters.supervised:
            _train_classifier(job, corpus, Path(scratch), made)
        else:
            _train_vectors(job, corpus, made)
        if made.exists():
            for path in made.iterdir():
                path.replace(target / path.name)


def _train_classifier(job: _Job, corpus: Path, scratch: Path, made: Path) -> None:
    held_out = source = None
    if VALIDATION in job.channels:
        held_out, source = job.text(VALIDATION, scratch)
    chosen = job.hyperparameters.training
    log = TrainingLog(chosen.epochs, chosen.threads, validation=source)
    train_classifier(
        corpus,
        made,
        validation=held_out,
        checkpoints=job.checkpoints,
        report=log.report,
        **job.hyperparameters.options,
    )
    log.finish(".")
    log_accuracies(_eval_json(made))


def _train_vectors(job: _Job, corpus: Path, made: Path) -> None:
    options = dict(job.hyperparameters.options)
    if job.hosts.several:
        options["distributed"] = True
    log = TrainingLog(job.hyperparameters.training.epochs, hosts=len(job.hosts.hosts))
    train_vectors(
        corpus,
        made,
        pairs=_evaluation_sets(job, corpus),
        report=log.report,
        checkpoints=job.checkpoints,
        **options,
    )
    if not made.exists():
        return  # another instance has the model
    log.finish("!")
    if results := _eval_json(made):
        log_evaluation(job.root / "model" / "vectors.txt", results)
        _log.info("#mean_rho: %s", results["mean_rho"])


def _evaluation_sets(job: _Job, corpus: Path) -> Mapping[str, Path]:
    """What word vectors are evaluated on: the job's channel, or WordSim353 as in BlazingText."""
    chosen = job.hyperparameters.training
    if not (isinstance(chosen, Word2VecSettings) and chosen.evaluation):
        return {}
    if (channel := job.channels.get(EVALUATION)) is not None:
        if channel.piped:
            raise InputError(f"the channel {EVALUATION} has files; set its input mode to File")
        return by_name(channel_files(channel))
    _, parent = corpus_file(corpus)
    with contextlib.suppress(MissingExtraError):  # the training says so
        sets = bundled_sets(parent.language if parent else "en")
        return {name: path for name, path in sets.items() if name == WORDSIM353}
    return {}


def _eval_json(made: Path) -> dict[str, Any]:
    """The evaluation; nothing if there was none."""
    path = made / "eval.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
