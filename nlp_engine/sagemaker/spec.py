"""A job's specification: what is trained from which data, where, and what becomes of the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nlp_engine import settings
from nlp_engine.classification.hyperparameters import ClassifierSettings
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.errors import SettingError
from nlp_engine.sagemaker.hyperparameters import SUPERVISED, Hyperparameters, check_hyperparameters
from nlp_engine.settings import setting

BLAZINGTEXT = "blazingtext"
"""What stands for AWS's own image where an image is named."""


S3 = "s3://"
"""What addresses on S3 begin with."""


def on_s3(place: str) -> bool:
    """Whether a place that the specification names is on S3; else it is on this machine."""
    return place.startswith(S3)


@dataclass(frozen=True, kw_only=True)
class Channel:
    """The data of one channel."""

    source: str = setting(help="local file or folder, or S3 address")
    input_mode: str = setting(
        "File",
        choices=("File", "FastFile", "Pipe"),
        help="how SageMaker hands the data over; a local run reads the file",
    )
    attributes: tuple[str, ...] = setting(
        (), help="of an augmented manifest: the names of the text and of the label, in this order"
    )
    content_type: str | None = setting(None, help="content type; by default that of the format")

    def __post_init__(self) -> None:
        settings.check(self)

    @property
    def on_s3(self) -> bool:
        """Whether the data are on S3."""
        return on_s3(self.source)


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the job is on AWS: image, rights, place of the results."""

    image: str = setting(BLAZINGTEXT, help="blazingtext, or the URI of an image of your own")
    role: str = setting(help="ARN of the execution role")
    output: str = setting(help="S3 prefix for models")
    region: str | None = setting(None, help="AWS region; by default that of the environment")
    upload: str | None = setting(None, help="S3 prefix to which the job's local files are sent")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """The machines of a training job."""

    type: str = setting("ml.c5.2xlarge", help="instance type")
    count: int = setting(1, minimum=1, help="instances")
    volume_gb: int = setting(30, minimum=1, help="disk of each in GB")
    max_seconds: int = setting(3600, minimum=1, maximum=2_419_200, help="longest run")

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Managed spot training: spare machines, which may be taken away."""

    max_wait_seconds: int = setting(
        3600, minimum=1, help="longest time, waiting for machines included"
    )
    checkpoints: str | None = setting(
        None, help="S3 prefix for checkpoints, from which an interrupted training goes on"
    )

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class Range:
    """The values of a number that tuning tries."""

    min: float = setting(help="smallest value")
    max: float = setting(help="largest value")
    scaling: str = setting(
        "Auto",
        choices=("Auto", "Linear", "Logarithmic"),
        help="how values are spread; Auto is linear in a local run",
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.min >= self.max:
            raise SettingError(f"min is {self.min:g}; it must be less than max, {self.max:g}")
        if self.scaling == "Logarithmic" and self.min <= 0:
            raise SettingError(f"min is {self.min:g}; with scaling Logarithmic it must be above 0")


@dataclass(frozen=True, kw_only=True)
class TuningOptions:
    """How settings are searched."""

    objective: str = setting(
        choices=("train:mean_rho", "train:accuracy", "validation:accuracy"),
        help="the metric that shall be largest",
    )
    max_jobs: int = setting(20, minimum=1, maximum=750, help="training jobs in all")
    max_parallel_jobs: int = setting(
        3,
        minimum=1,
        maximum=100,
        help="training jobs at a time; a local run has no more than there are processors",
    )
    strategy: str = setting("Bayesian", choices=("Bayesian", "Random"), help="how to search")
    early_stopping: bool = setting(False, help="stop jobs that do not promise to be the best")
    seed: int | None = setting(None, minimum=0, help="start of the search's random numbers")
    warm_start: tuple[str, ...] = setting(
        (), help="earlier tuning jobs to learn from; in a local run folders beside its own"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.max_parallel_jobs > self.max_jobs:
            raise SettingError(
                f"max_parallel_jobs is {self.max_parallel_jobs}, above max_jobs {self.max_jobs}"
            )


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """A search for settings.

    Attributes:
        options: How to search.
        ranges: What to try, by hyperparameter: a range of numbers, or the values themselves.
    """

    options: TuningOptions
    ranges: Mapping[str, Range | tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """The endpoint of a model."""

    name: str | None = setting(None, help="name of the endpoint; by default that of the job")
    model: str | None = setting(
        None, help="a model.tar.gz (on S3, or here), or a folder; by default what the job makes"
    )
    instance_type: str = setting("ml.m5.large", help="instance type")
    instance_count: int = setting(1, minimum=1, help="instances")

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class Transform:
    """Predictions for a whole file of JSON Lines."""

    input: str = setting(help="file of JSON Lines, or S3 prefix of such")
    output: str = setting(help="folder or S3 prefix for the answers")
    instance_type: str = setting("ml.m5.large", help="instance type")
    instance_count: int = setting(1, minimum=1, help="instances")
    strategy: str = setting(
        "MultiRecord", choices=("MultiRecord", "SingleRecord"), help="lines per request"
    )
    max_payload_mb: int = setting(6, minimum=1, maximum=100, help="longest request in MB")
    join_input: bool = setting(False, help="answers stand beside the fields of their lines")
    output_filter: str | None = setting(
        None, help="JSONPath that chooses fields of the joined answers"
    )

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One job, wherever it runs.

    Attributes:
        name: Name of the training job, and by default of its model and endpoint.
        channels: `train`, and perhaps `validation`, or for word vectors `evaluation`.
        hyperparameters: BlazingText's, and those that our image has beside them; checked.
        out: The local folder for the model, if the file names one.
        account: What it is on AWS; a local run needs none.
        instance: Its machines on AWS.
        spot: Managed spot training, if wanted.
        tuning: What `tune` searches.
        hosting: The endpoint.
        transform: What `transform` does.
    """

    name: str
    channels: Mapping[str, Channel]
    hyperparameters: Mapping[str, Any]
    out: str | None = None
    account: Account | None = None
    instance: Instance = field(default_factory=Instance)
    spot: Spot | None = None
    tuning: Tuning | None = None
    hosting: Hosting = field(default_factory=Hosting)
    transform: Transform | None = None

    @property
    def modes(self) -> tuple[str, ...]:
        """The training architecture, or several that tuning chooses from."""
        tried = self.tuning.ranges.get("mode") if self.tuning else None
        if isinstance(tried, tuple):
            return tried
        return (str(self.hyperparameters.get("mode", "")),)

    @property
    def supervised(self) -> bool:
        """Whether a classifier is trained."""
        return self.modes == (SUPERVISED,)

    @property
    def checked(self) -> Hyperparameters:
        """The hyperparameters as the container sees them; those of the first mode that is tried.

        Raises:
            SettingError: A name that does not exist, a value out of its range, or no mode.
        """
        tried = self.tuning.ranges.get("mode") if self.tuning else None
        return check_hyperparameters(
            {**self.hyperparameters, "mode": self.modes[0]} if tried else self.hyperparameters
        )

    @property
    def evaluates(self) -> bool:
        """Whether word vectors are evaluated when they are trained."""
        training = self.checked.training
        return isinstance(training, Word2VecSettings) and training.evaluation

    @property
    def stops_early(self) -> bool:
        """Whether a classifier's training stops when validation no longer gets better."""
        training = self.checked.training
        return isinstance(training, ClassifierSettings) and training.early_stopping

    @property
    def settings_class(self) -> type[ClassifierSettings] | type[Word2VecSettings]:
        """What the hyperparameters are settings of."""
        return ClassifierSettings if self.supervised else Word2VecSettings

    @property
    def on_aws(self) -> Account:
        """The section `[sagemaker]`.

        Raises:
            SettingError: There is none.
        """
        if self.account is None:
            raise SettingError(
                "the job has no [sagemaker] section; SageMaker needs role and output"
            )
        return self.account

    @property
    def is_blazingtext(self) -> bool:
        """Whether the image is AWS's own."""
        image = self.on_aws.image
        return image == BLAZINGTEXT or "/blazingtext:" in image

    @property
    def endpoint_name(self) -> str:
        """The name of the endpoint."""
        return self.hosting.name or self.name

    @property
    def model_data(self) -> str:
        """The S3 address of the model: where SageMaker puts a job's, or what the file names."""
        made = f"{self.on_aws.output.rstrip('/')}/{self.name}/output/model.tar.gz"
        return self.hosting.model or made

    def named(self, name: str) -> JobSpec:
        """The same job under another name."""
        return dataclasses.replace(self, name=name)

    def in_region(self, region: str) -> JobSpec:
        """The same job in a region."""
        return dataclasses.replace(self, account=dataclasses.replace(self.on_aws, region=region))

    def strings(self) -> dict[str, str]:
        """The hyperparameters as a container gets them."""
        return {name: str(value) for name, value in self.hyperparameters.items()}
