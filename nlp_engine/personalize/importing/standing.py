"""What of a dataset group is at Personalize, and what of it costs as long as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nlp_engine.personalize.importing import kinds
from nlp_engine.personalize.importing.account import (
    Account,
    created_at,
    failure_reason,
    has_failed,
)
from nlp_engine.personalize.importing.kinds import Kind
from nlp_engine.personalize.importing.spec import ImportSpec

_IN_A_GROUP = (kinds.DATASET, kinds.EVENT_TRACKER, kinds.FILTER, kinds.SOLUTION, kinds.RECOMMENDER)
_WITHIN = {
    kinds.DATASET: (kinds.IMPORT_JOB,),
    kinds.SOLUTION: (kinds.SOLUTION_VERSION, kinds.CAMPAIGN),
}
_THE_LAST_COUNTS = (kinds.IMPORT_JOB, kinds.SOLUTION_VERSION)
_READY = ("ACTIVE", "INACTIVE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One thing that is there.

    Attributes:
        kind: What it is.
        name: Its name.
        arn: Its ARN.
        status: As AWS calls it.
        details: What it costs, why it failed, or nothing.
    """

    kind: Kind
    name: str
    arn: str
    status: str
    details: str = ""

    @property
    def is_being_made(self) -> bool:
        """Whether AWS is still at work on it."""
        return self.status.startswith(("CREATE", "UPDATE", "START", "STOP")) and (
            self.status.endswith(("PENDING", "IN_PROGRESS"))
        )

    def __str__(self) -> str:
        details = f", {self.details}" if self.details else ""
        return f"{self.kind.words} {self.name}: {self.status}{details}"


def standing(spec: ImportSpec, account: Account) -> list[Standing]:
    """The dataset group of a specification and all that is in it, whoever has made it.

    Of import jobs and solution versions those are there that are under way, and the last one.

    Raises:
        EngineError: AWS does not answer.
    """
    groups = account.list(kinds.DATASET_GROUP)
    group = next((g for g in groups if str(g["name"]).lower() == spec.group.name.lower()), None)
    if group is None:
        return []
    found = [_standing(account, kinds.DATASET_GROUP, group)]
    for kind in _IN_A_GROUP:
        for thing in account.list(kind, str(group[kinds.DATASET_GROUP.arn])):
            found.append(_standing(account, kind, thing))
            for inner in _WITHIN.get(kind, ()):
                found += _inner(account, inner, str(thing[kind.arn]))
    return found


def _inner(account: Account, kind: Kind, within: str) -> Iterator[Standing]:
    things = account.list(kind, within)
    last = max(things, key=created_at, default=None)
    for thing in things:
        made = _standing(account, kind, thing)
        if kind not in _THE_LAST_COUNTS or thing is last or made.is_being_made:
            yield made


def _standing(account: Account, kind: Kind, listed: Mapping[str, Any]) -> Standing:
    arn = str(listed[kind.arn])
    name = str(listed.get(kind.name) or arn.rpartition("/")[2])
    status = str(listed["status"])
    details = failure_reason(listed) if has_failed(listed) else _costs(account, kind, arn, status)
    return Standing(kind=kind, name=name, arn=arn, status=status, details=details)


def _costs(account: Account, kind: Kind, arn: str, status: str) -> str:
    if status not in _READY:
        return ""
    if kind is kinds.SOLUTION:
        config = account.describe(kind, arn)
        schedule = config.get("solutionConfig", {}).get("autoTrainingConfig", {})
        rate = schedule.get("schedulingExpression", "every few days")
        return f"costs: it trains by itself, {rate}" if config.get("performAutoTraining") else ""
    if kind is kinds.CAMPAIGN:
        return _serving(account.describe(kind, arn).get("minProvisionedTPS", 1))
    if kind is kinds.RECOMMENDER and status == "ACTIVE":
        config = account.describe(kind, arn).get("recommenderConfig", {})
        return _serving(config.get("minRecommendationRequestsPerSecond", 1))
    return ""


def _serving(least: int) -> str:
    what = "request per second is" if least == 1 else "requests per second are"
    return f"costs: at least {least} {what} billed day and night until it is deleted"
