"""The kinds of things that Personalize makes: how each is listed, described and named."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing.

    Attributes:
        words: What people call it.
        api: What operations call it: `Create…`, `Describe…`, `List…s`.
        arn: The field with its ARN.
        answer: The field of `Describe…` that has it.
        listed: The field of `List…s` that has them.
        within: The parameter of `List…s` that names what it belongs to; empty if nothing does.
        name: The field with its name.
        path: What its ARN has before its name.
        waits: Whether it is made while others wait; schemas are there at once.
    """

    words: str
    api: str
    arn: str
    answer: str
    listed: str
    within: str = "datasetGroupArn"
    name: str = "name"
    path: str = ""
    waits: bool = True


SCHEMA = Kind(
    words="schema", api="Schema", arn="schemaArn", answer="schema", listed="schemas", within="",
    path="schema", waits=False,
)  # fmt: skip
DATASET_GROUP = Kind(
    words="dataset group", api="DatasetGroup", arn="datasetGroupArn", answer="datasetGroup",
    listed="datasetGroups", within="", path="dataset-group",
)  # fmt: skip
DATASET = Kind(
    words="dataset", api="Dataset", arn="datasetArn", answer="dataset", listed="datasets",
    name="datasetType", path="dataset",
)  # fmt: skip
IMPORT_JOB = Kind(
    words="import job", api="DatasetImportJob", arn="datasetImportJobArn",
    answer="datasetImportJob", listed="datasetImportJobs", within="datasetArn", name="jobName",
    path="dataset-import-job",
)  # fmt: skip
EVENT_TRACKER = Kind(
    words="event tracker", api="EventTracker", arn="eventTrackerArn", answer="eventTracker",
    listed="eventTrackers", path="event-tracker",
)  # fmt: skip
FILTER = Kind(
    words="filter", api="Filter", arn="filterArn", answer="filter", listed="Filters", path="filter"
)
SOLUTION = Kind(
    words="solution", api="Solution", arn="solutionArn", answer="solution", listed="solutions",
    path="solution",
)  # fmt: skip
SOLUTION_VERSION = Kind(
    words="solution version", api="SolutionVersion", arn="solutionVersionArn",
    answer="solutionVersion", listed="solutionVersions", within="solutionArn", path="solution",
)  # fmt: skip
CAMPAIGN = Kind(
    words="campaign", api="Campaign", arn="campaignArn", answer="campaign", listed="campaigns",
    within="solutionArn", path="campaign",
)  # fmt: skip
RECOMMENDER = Kind(
    words="recommender", api="Recommender", arn="recommenderArn", answer="recommender",
    listed="recommenders", path="recommender",
)  # fmt: skip
