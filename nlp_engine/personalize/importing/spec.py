"""A dataset group's specification: its datasets, and what is made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.personalize.profiles import Domain
from nlp_engine.personalize.schema import DatasetType
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class Group:
    """The dataset group itself, and what it may use."""

    name: str = setting(help="name of the dataset group")
    role: str = setting(help="ARN of the role by which Personalize reads the bucket")
    s3: str = setting(help="S3 prefix for the data")
    region: str | None = setting(None, help="AWS region; by default that of the environment")
    domain: str = setting(Domain.CUSTOM, choices=tuple(Domain), help="the group's domain")
    event_tracker: str | None = setting(None, help="name of an event tracker")

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The data of one dataset."""

    folder: str = setting(help="folder with schema.json and CSV files")
    name: str | None = setting(None, help="name of the dataset; by default its type")
    import_mode: str = setting(
        "FULL", choices=("FULL", "INCREMENTAL"), help="whether the data replace earlier ones"
    )

    def __post_init__(self) -> None:
        settings.check(self)

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.folder)


@dataclass(frozen=True, kw_only=True)
class ServingOptions:
    """How a campaign or a recommender answers; both cost until they are deleted."""

    name: str | None = setting(None, help="its name; by default that of the section")
    min_tps: int = setting(1, minimum=1, help="requests per second that are always paid for")
    with_metadata: bool = setting(False, help="answer with columns of the items, too")
    follow_latest: bool = setting(True, help="a campaign takes each new version by itself")

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A campaign, or the serving half of a recommender.

    Attributes:
        options: Its settings.
        exploration: `itemExplorationConfig`: how much new items are tried.
        ranking_influence: `rankingInfluence`, of Semantic-Similarity.
    """

    options: ServingOptions = field(default_factory=ServingOptions)
    exploration: Mapping[str, str] = field(default_factory=dict)
    ranking_influence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SolutionOptions:
    """How a recipe is trained."""

    recipe: str = setting(help="recipe, such as aws-similar-items, or its ARN")
    event_type: str | None = setting(None, help="the events that count; by default all")
    event_value_threshold: float | None = setting(None, help="events of a lower value do not count")
    hpo: bool = setting(False, help="search for the best hyperparameters, which costs")
    auto_training_days: int | None = setting(
        None, minimum=1, maximum=30, help="train again every so many days, which costs"
    )

    def __post_init__(self) -> None:
        settings.check(self)


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A recipe that is trained on the data.

    Attributes:
        name: Its name.
        options: Its settings.
        hyperparameters: Of the recipe.
        excluded_columns: Columns that training leaves out, by dataset type.
        campaign: What answers with it, if anything.
    """

    name: str
    options: SolutionOptions
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    excluded_columns: Mapping[DatasetType, Sequence[str]] = field(default_factory=dict)
    campaign: Serving | None = None


@dataclass(frozen=True, kw_only=True)
class Recommender:
    """A use case of a domain, trained and served by AWS.

    Attributes:
        name: Its name.
        recipe: The use case's recipe, or its ARN.
        serving: How it answers.
        excluded_columns: Columns that training leaves out, by dataset type.
    """

    name: str
    recipe: str
    serving: Serving = field(default_factory=Serving)
    excluded_columns: Mapping[DatasetType, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ImportSpec:
    """Everything that is made at Personalize.

    Attributes:
        group: The dataset group.
        datasets: What is imported.
        filters: Filter expressions by name.
        solutions: What is trained.
        recommenders: The same for domains.
    """

    group: Group
    datasets: Mapping[DatasetType, Dataset]
    filters: Mapping[str, str] = field(default_factory=dict)
    solutions: Sequence[Solution] = ()
    recommenders: Sequence[Recommender] = ()

    @property
    def region(self) -> str:
        """The group's region.

        Raises:
            SettingError: None is known.
        """
        if self.group.region is None:
            raise SettingError("no region is known; set region in the file, or AWS_DEFAULT_REGION")
        return self.group.region

    def in_region(self, region: str | None) -> ImportSpec:
        """The same in a region, unless it has one."""
        if self.group.region or region is None:
            return self
        return dataclasses.replace(self, group=dataclasses.replace(self.group, region=region))


def recipe_arn(recipe: str) -> str:
    """The ARN of a recipe that may be given by its name."""
    return recipe if recipe.startswith("arn:") else f"arn:aws:personalize:::recipe/{recipe}"
