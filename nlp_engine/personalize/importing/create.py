"""Making what a plan says, as far as it is not there: safe to repeat at any point."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nlp_engine.errors import EngineError, InputError, Interrupted
from nlp_engine.personalize.check import check_changes
from nlp_engine.personalize.client import Exists
from nlp_engine.personalize.coding import codebook_of_schema, codebook_words
from nlp_engine.personalize.importing import kinds
from nlp_engine.personalize.importing.account import (
    SECONDS_BETWEEN_LOOKS,
    Account,
    created_at,
    failure_reason,
    has_failed,
)
from nlp_engine.personalize.importing.kinds import Kind
from nlp_engine.personalize.importing.plan import Arns, Plan, Step
from nlp_engine.personalize.importing.spec import ImportSpec
from nlp_engine.personalize.importing.upload import upload
from nlp_engine.personalize.sending.requests import Request
from nlp_engine.progress import Report, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One thing of a dataset group.

    Attributes:
        kind: What people call it.
        name: Its name.
        arn: Its ARN.
        is_new: Whether it was made now.
        tracking_id: Of an event tracker.
    """

    kind: str
    name: str
    arn: str
    is_new: bool
    tracking_id: str | None = None


def create(
    spec: ImportSpec,
    plan: Plan,
    *,
    update_schemas: bool = False,
    report: Report = silent,
    log: Callable[[str], None] = lambda _: None,
    seconds: float = SECONDS_BETWEEN_LOOKS,
) -> list[Made]:
    """Upload the data and make everything, waiting where one thing needs another.

    What is there already is taken as it is, if it is what the specification says. Data count as
    imported if the dataset's last import job had the same content.

    Args:
        spec: The specification, checked.
        plan: What to do for it.
        update_schemas: Whether an existing dataset may be pointed to a new schema.
        report: Told of the bytes that were uploaded.
        log: Takes a line for each thing.
        seconds: Between two looks at what is being made.

    Returns:
        All things, in the order in which they were made or found.

    Raises:
        InputError: A thing is there, but another than the specification says.
        EngineError: AWS refuses a call, or cannot make something; its own words.
        Interrupted: Ctrl-C; what was begun goes on at AWS.
    """
    try:
        upload(plan.uploads, spec.region, report)
        return _Creation(spec, update_schemas, log, seconds).run(plan.stages)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; what was begun goes on at Personalize, and the same command goes on from "
            "there"
        ) from None


class _Creation:
    def __init__(
        self, spec: ImportSpec, update_schemas: bool, log: Callable[[str], None], seconds: float
    ) -> None:
        self._account = Account(spec.region)
        self._update_schemas, self._log, self._seconds = update_schemas, log, seconds
        self._arns: Arns = {}
        self._imported_at = 0.0
        self._recoded: list[tuple[Made, str]] = []

    def run(self, stages: Sequence[Sequence[Step]]) -> list[Made]:
        made = []
        for stage in stages:
            parts = [(step, self._ensure(step)) for step in stage]
            for step, part in parts:
                if step.kind.waits:
                    self._wait(step.kind, part)
            if any(step.kind is kinds.IMPORT_JOB for step in stage):
                self._tell_codebooks()
            made += [part for _, part in parts]
        return made

    def _ensure(self, step: Step) -> Made:
        """Find or make a thing."""
        name, found = self._find(step)
        if found is None:
            request = step.request(self._arns)
            if step.kind is kinds.IMPORT_JOB:
                request = Request(request.operation, {**request.parameters, "jobName": name})
            try:
                answer = self._account.call(request)
            except Exists:
                name, found = self._find(step)
                if found is None:
                    raise InputError(
                        f"{step.kind.words} {name} is in another dataset group of the account; "
                        "give this one another name"
                    ) from None
            else:
                return self._take(step, name, answer, is_new=True)
        made = self._take(step, name, found, is_new=False)
        self._compare(step, made, self._account.describe(step.kind, made.arn))
        return made

    def _take(self, step: Step, name: str, answer: Mapping[str, Any], *, is_new: bool) -> Made:
        arn = str(answer[step.kind.arn])
        self._arns[step.kind, step.name] = arn
        tracking_id = None
        if step.kind is kinds.EVENT_TRACKER:
            tracking_id = self._account.describe(step.kind, arn).get("trackingId")
        if step.kind is kinds.IMPORT_JOB:
            described = self._account.describe(step.kind, arn)
            self._imported_at = max(self._imported_at, created_at(described))
        verb = "is being made" if is_new else "is there"
        self._log(f"{step.kind.words} {name} {verb}: {arn}")
        return Made(
            kind=step.kind.words, name=name, arn=arn, is_new=is_new, tracking_id=tracking_id
        )

    def _find(self, step: Step) -> tuple[str, Mapping[str, Any] | None]:
        """What is there, and the name that it has or would get."""
        kind = step.kind
        listed = self._account.list(kind, self._arns[step.within] if step.within else None)
        if kind is kinds.IMPORT_JOB:
            return _last_import(step.name, listed)
        if kind is kinds.SOLUTION_VERSION:
            usable = [v for v in listed if not has_failed(v) and self._is_later(v)]
            newest = max(usable, key=created_at, default=None)
            return step.name.removesuffix("/…"), newest
        same = [found for found in listed if _name(found, kind) == step.name.lower()]
        return step.name, same[0] if same else None

    def _is_later(self, version: Mapping[str, Any]) -> bool:
        return created_at(version) >= self._imported_at

    def _compare(self, step: Step, made: Made, found: Mapping[str, Any]) -> None:
        """Check that what is there is what the specification says."""
        if step.kind in (kinds.IMPORT_JOB, kinds.SOLUTION_VERSION):
            return
        wanted = step.request(self._arns).parameters
        if step.kind is kinds.DATASET:
            self._compare_schema(made, found, str(wanted["schemaArn"]))
            return
        ignored = ("name", "datasetGroupArn", "solutionVersionArn")
        wanted = {key: value for key, value in wanted.items() if key not in ignored}
        if step.kind is kinds.DATASET_GROUP:
            wanted.setdefault("domain", None)
        if differences := _differences(wanted, found):
            raise InputError(
                f"{made.kind} {made.name} is there, but {'; '.join(differences)}: change it at "
                "AWS, or give it another name"
            )

    def _compare_schema(self, made: Made, found: Mapping[str, Any], schema_arn: str) -> None:
        if found["schemaArn"] == schema_arn:
            return
        old, new = (
            self._account.describe(kinds.SCHEMA, arn)
            for arn in (str(found["schemaArn"]), schema_arn)
        )
        changes = check_changes(str(old["schema"]), str(new["schema"]))
        before, now = codebook_of_schema(str(old["name"])), codebook_of_schema(str(new["name"]))
        if changes and not self._update_schemas:
            first = changes[0]
            place = f"column {first.column}: " if first.column else ""
            more = f" ({len(changes) - 1} more changes)" if len(changes) > 1 else ""
            raise InputError(f"{made.arn}: {place}{first.message} with --update-schemas{more}")
        if before and before != now and not self._update_schemas:
            raise InputError(
                f"{made.arn} was imported with {codebook_words(before)}, the folder is coded by "
                f"{codebook_words(now)}, whose codes mean other topics: make it again like the "
                "first (items build --like), or import all items by the new codes with "
                "--update-schemas"
            )
        if changes:
            self._point(made, schema_arn)
        elif before != now:
            self._recoded.append((made, schema_arn))

    def _tell_codebooks(self) -> None:
        """Give datasets the schema that names their codebook, now that it has coded them."""
        for made, schema_arn in self._recoded:
            self._point(made, schema_arn)
            self._wait(kinds.DATASET, made)

    def _point(self, made: Made, schema_arn: str) -> None:
        self._log(f"{made.kind} {made.name} gets the schema {schema_arn}")
        parameters = {"datasetArn": made.arn, "schemaArn": schema_arn}
        self._account.call(Request("UpdateDataset", parameters))

    def _wait(self, kind: Kind, made: Made) -> None:
        while True:
            found = self._account.describe(kind, made.arn)
            if found["status"] == "ACTIVE":
                update = found.get("latestDatasetUpdate", {}).get("status", "ACTIVE")
                if update == "ACTIVE":
                    return
                found = found["latestDatasetUpdate"]
            if has_failed(found):
                words = f"{made.kind} {made.name}: {found['status']}"
                raise EngineError(f"{words}: {failure_reason(found)}")
            self._log(f"{made.kind} {made.name}: {found['status']}")
            time.sleep(self._seconds)


def _last_import(
    name: str, jobs: Sequence[Mapping[str, Any]]
) -> tuple[str, Mapping[str, Any] | None]:
    """The dataset's last import job if it is of this content; else a name that no job has."""
    names = {str(job["jobName"]) for job in jobs}
    last = max(jobs, key=created_at, default=None)
    if last and str(last["jobName"]).startswith(name) and not has_failed(last):
        return str(last["jobName"]), last
    number, free = 1, name
    while free in names:
        number += 1
        free = f"{name}-{number}"
    return free, None


def _name(found: Mapping[str, Any], kind: Kind) -> str:
    return str(found.get(kind.name, "")).lower()


def _differences(wanted: Mapping[str, Any], found: Mapping[str, Any], place: str = "") -> list[str]:
    """Where what is there is not what is wanted; what is not asked for may be anything."""
    differences = []
    for key, value in wanted.items():
        is_there = found.get(key)
        if isinstance(value, Mapping):
            nested = is_there if isinstance(is_there, Mapping) else {}
            differences += _differences(value, nested, f"{place}{key}.")
        elif not _is_same(value, is_there):
            differences.append(f"its {place}{key} is {is_there!r} and not {value!r}")
    return differences


def _is_same(wanted: Any, found: Any) -> bool:
    if wanted is False and found is None:
        return True
    if isinstance(wanted, str) and isinstance(found, str) and wanted.lstrip().startswith("{"):
        return bool(json.loads(wanted) == json.loads(found))
    return bool(wanted == found)
