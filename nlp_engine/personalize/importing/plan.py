"""What is made, in its order: stages of which each waits for the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.files import sha256
from nlp_engine.personalize.coding import codebook_of, schema_name
from nlp_engine.personalize.importing import kinds, requests
from nlp_engine.personalize.importing.kinds import Kind
from nlp_engine.personalize.importing.spec import Dataset, ImportSpec
from nlp_engine.personalize.schema import DatasetType
from nlp_engine.personalize.sending.requests import Request

Arns = MutableMapping[tuple[Kind, str], str]
"""ARNs of what is made, by kind and name."""

_HASH = 16  # hexadecimal digits of a hash in a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that goes to S3.

    Attributes:
        path: The file.
        bucket: Where to.
        key: As what.
        sha256: Of its bytes.
    """

    path: Path
    bucket: str
    key: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to make, unless it is there.

    Attributes:
        kind: What it is.
        name: Its name.
        create: The parameters of its creation, given the ARNs of what was made before.
        within: What it belongs to.
    """

    kind: Kind
    name: str
    create: Callable[[Mapping[tuple[Kind, str], str]], dict[str, Any]]
    within: tuple[Kind, str] | None = None

    def request(self, arns: Mapping[tuple[Kind, str], str]) -> Request:
        """The call that makes it."""
        return Request(f"Create{self.kind.api}", self.create(arns))


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is to be done.

    Attributes:
        uploads: Files for S3.
        stages: Things to make; those of a stage do not need each other.
    """

    uploads: Sequence[Upload]
    stages: Sequence[Sequence[Step]]


def make_plan(spec: ImportSpec) -> Plan:
    """What is to be done for a specification.

    Raises:
        InputError: A folder lacks a file.
    """
    group = (kinds.DATASET_GROUP, spec.group.name)
    data = [_Data.of(spec, kind, dataset) for kind, dataset in spec.datasets.items()]
    tracker = spec.group.event_tracker
    stages = [
        [
            *(part.schema_step() for part in data),
            Step(
                kind=group[0], name=group[1], create=lambda _: requests.create_dataset_group(spec)
            ),
        ],
        [part.dataset_step(group) for part in data],
        [
            *(part.import_step() for part in data),
            *([_tracker_step(tracker, group)] if tracker else []),
            *(_filter_step(name, text, group) for name, text in spec.filters.items()),
        ],
        list(_solution_steps(spec, group)),
        [
            *_version_steps(spec),
            *_recommender_steps(spec, group),
        ],
        list(_campaign_steps(spec)),
    ]
    uploads = [upload for part in data for upload in part.uploads()]
    return Plan(uploads, [stage for stage in stages if stage])


def dry_run(spec: ImportSpec) -> list[Request]:
    """The calls for a specification of which nothing is there yet, with the ARNs as AWS forms them.

    Raises:
        InputError: A folder lacks a file.
        SettingError: No region is known.
    """
    plan = make_plan(spec)
    found = [
        Request("PutObject", {"Bucket": up.bucket, "Key": up.key, "Body": str(up.path)})
        for up in plan.uploads
    ]
    arns: Arns = {}
    for stage in plan.stages:
        for step in stage:
            found.append(step.request(arns))
            arns[step.kind, step.name] = _expected_arn(spec, step)
    return found


def _expected_arn(spec: ImportSpec, step: Step) -> str:
    partition, account = spec.group.role.split(":")[1], spec.group.role.split(":")[4]
    name = step.name
    if step.kind is kinds.DATASET:
        name = f"{spec.group.name}/{name.upper()}"
    return f"arn:{partition}:personalize:{spec.region}:{account}:{step.kind.path}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """A dataset with its files, read once."""

    spec: ImportSpec
    kind: DatasetType
    dataset: Dataset
    schema: str
    tables: Mapping[Path, str]

    @classmethod
    def of(cls, spec: ImportSpec, kind: DatasetType, dataset: Dataset) -> _Data:
        schema = (dataset.path / "schema.json").read_text(encoding="utf-8")
        tables = {path: sha256(path) for path in sorted(dataset.path.glob("*.csv"))}
        return cls(spec=spec, kind=kind, dataset=dataset, schema=schema, tables=tables)

    @property
    def schema_name(self) -> str:
        """Schemas are for the whole account: equal ones are shared, whatever group they are for."""
        digest = _hash(self.schema, self.spec.group.domain)
        return schema_name(self.kind.lower(), digest, codebook_of(self.dataset.path))

    @property
    def content(self) -> str:
        """A name for the data."""
        names = [path.name for path in self.tables]
        return _hash(self.schema, *names, *self.tables.values())

    @property
    def prefix(self) -> str:
        return f"{self.spec.group.s3.rstrip('/')}/{self.kind.lower()}/{self.content}/"

    @property
    def key(self) -> tuple[Kind, str]:
        return kinds.DATASET, str(self.kind)

    def uploads(self) -> Iterator[Upload]:
        bucket, _, prefix = self.prefix.removeprefix("s3://").partition("/")
        for path, digest in self.tables.items():
            yield Upload(path=path, bucket=bucket, key=f"{prefix}{path.name}", sha256=digest)

    def schema_step(self) -> Step:
        name = self.schema_name
        return Step(
            kind=kinds.SCHEMA,
            name=name,
            create=lambda _: requests.create_schema(self.spec, name, self.schema),
        )

    def dataset_step(self, group: tuple[Kind, str]) -> Step:
        return Step(
            kind=kinds.DATASET,
            name=str(self.kind),
            within=group,
            create=lambda arns: requests.create_dataset(
                self.kind,
                self.dataset,
                group_arn=arns[group],
                schema_arn=arns[kinds.SCHEMA, self.schema_name],
            ),
        )

    def import_step(self) -> Step:
        # Jobs are named for the whole account, too, but each is of one dataset alone.
        name = f"{self.kind.lower()}-{_hash(self.spec.group.name, self.content)}"
        return Step(
            kind=kinds.IMPORT_JOB,
            name=name,
            within=self.key,
            create=lambda arns: requests.create_dataset_import_job(
                self.spec, self.dataset, name, dataset_arn=arns[self.key], location=self.prefix
            ),
        )


def _tracker_step(name: str, group: tuple[Kind, str]) -> Step:
    return Step(
        kind=kinds.EVENT_TRACKER,
        name=name,
        within=group,
        create=lambda arns: requests.create_event_tracker(name, group_arn=arns[group]),
    )


def _filter_step(name: str, expression: str, group: tuple[Kind, str]) -> Step:
    return Step(
        kind=kinds.FILTER,
        name=name,
        within=group,
        create=lambda arns: requests.create_filter(name, expression, group_arn=arns[group]),
    )


def _solution_steps(spec: ImportSpec, group: tuple[Kind, str]) -> Iterator[Step]:
    for solution in spec.solutions:
        yield Step(
            kind=kinds.SOLUTION,
            name=solution.name,
            within=group,
            create=lambda arns, s=solution: requests.create_solution(  # type: ignore[misc]
                s, group_arn=arns[group]
            ),
        )


def _version_steps(spec: ImportSpec) -> Iterator[Step]:
    for solution in spec.solutions:
        key = (kinds.SOLUTION, solution.name)
        yield Step(
            kind=kinds.SOLUTION_VERSION,
            name=f"{solution.name}/…",
            within=key,
            create=lambda arns, key=key: requests.create_solution_version(  # type: ignore[misc]
                solution_arn=arns[key]
            ),
        )


def _campaign_steps(spec: ImportSpec) -> Iterator[Step]:
    for solution in spec.solutions:
        if solution.campaign:
            key, campaign = (kinds.SOLUTION, solution.name), solution.campaign
            yield Step(
                kind=kinds.CAMPAIGN,
                name=campaign.options.name or solution.name,
                within=key,
                create=lambda arns, s=solution.name, c=campaign, k=key: (  # type: ignore[misc]
                    requests.create_campaign(s, c, solution_arn=arns[k])
                ),
            )


def _recommender_steps(spec: ImportSpec, group: tuple[Kind, str]) -> Iterator[Step]:
    for recommender in spec.recommenders:
        yield Step(
            kind=kinds.RECOMMENDER,
            name=recommender.serving.options.name or recommender.name,
            within=group,
            create=lambda arns, r=recommender: requests.create_recommender(  # type: ignore[misc]
                r, group_arn=arns[group]
            ),
        )


def _hash(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode())
    return digest.hexdigest()[:_HASH]
