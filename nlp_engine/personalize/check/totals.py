"""The rules that only a whole dataset shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from nlp_engine.personalize import limits
from nlp_engine.personalize.check.findings import Finding, Findings, Level
from nlp_engine.personalize.check.keys import Keys
from nlp_engine.personalize.profiles import Domain, Profile, profile, reserved_words
from nlp_engine.personalize.schema import EVENT_TYPE, USER_ID, Column, DatasetType


@dataclass(frozen=True, kw_only=True)
class TableRules:
    """What a table is checked by.

    Attributes:
        dataset: The dataset's type.
        domain: The kind of dataset group that it is for.
        columns: (C) of its schema.
        language: Language code of the texts.
    """

    dataset: DatasetType
    domain: Domain
    columns: Sequence[Column]
    language: str

    @property
    def profile(self) -> Profile:
        """The rules of the dataset type."""
        return profile(self.dataset, self.domain)

    @property
    def key(self) -> str:
        """The column whose values are counted: the key, or the users of interactions."""
        return self.profile.key or USER_ID

    @cached_property
    def reserved(self) -> frozenset[str]:
        """Words that may not be values."""
        return reserved_words(self.dataset, self.domain)


@dataclass(slots=True)
class ColumnTotals:
    """What a pass learns of a column.

    Attributes:
        filled: Cells with a value.
        values: The different values, as long as they are few; of categorical columns and of
            EVENT_TYPE.
    """

    filled: int = 0
    values: set[str] = field(default_factory=set)

    @property
    def has_too_many(self) -> bool:
        """Whether there are more values than recommended."""
        return len(self.values) > limits.MAX_DISTINCT_VALUES

    def add_values(self, values: pa.StringArray) -> None:
        """Note values, as long as there are not too many."""
        if not self.has_too_many:
            self.values.update(pc.unique(values.drop_null()).to_pylist())


class Totals:
    """What a pass learns of a dataset.

    Args:
        columns: (C) of its schema.

    Attributes:
        rows: How many there are.
        whole: How many of them could be read.
        columns: (C) in their order.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self.rows = self.whole = 0
        self.columns = [ColumnTotals() for _ in columns]


def check_totals(
    rules: TableRules, totals: Totals, keys: Keys, names: Sequence[str], findings: Findings
) -> None:
    """Check what a pass over all files has learned.

    Args:
        rules: What to check by.
        totals: What the pass learned.
        keys: The ids that it met.
        names: The files' names.
        findings: Gets what is found.
    """
    if totals.rows == 0:
        findings.error("no-rows", "there is no row")
        return
    if rules.dataset is DatasetType.INTERACTIONS:
        _check_interactions(rules, totals, keys, findings)
    else:
        _check_repeated(rules.key, keys, names, findings)
        _check_completeness(rules, totals, findings)
    if rules.dataset is DatasetType.ITEMS and totals.rows > limits.MAX_ITEMS_V2_RECIPES:
        findings.warning(
            "items-in-training",
            f"{totals.rows:,} items; training considers {limits.MAX_ITEMS_V2_RECIPES:,}, that of "
            f"Semantic-Similarity {limits.MAX_ITEMS_SEMANTIC_SIMILARITY:,}",
        )
    for column, total in zip(rules.columns, totals.columns, strict=True):
        if column.categorical and total.has_too_many:
            findings.warning(
                "distinct-values",
                f"more than {limits.MAX_DISTINCT_VALUES:,} values; AWS recommends at most so many: "
                "keep the most frequent ones",
                column.name,
            )


def _check_repeated(key: str, keys: Keys, names: Sequence[str], findings: Findings) -> None:
    for id, file, row, first_file, first_row in keys.repeated():
        place = f"row {first_row}" + (f" of {names[first_file]}" if file != first_file else "")
        message = f"{id!r} again; it is in {place}, too"
        findings.add(Finding(Level.ERROR, "duplicate-id", message, row, key, names[file]))


def _check_completeness(rules: TableRules, totals: Totals, findings: Findings) -> None:
    for column, total in zip(rules.columns, totals.columns, strict=True):
        # Where a value is required, each row without one is an error already.
        if column.nullable and total.filled < limits.MIN_COMPLETENESS * totals.whole:
            findings.warning(
                "completeness",
                f"{total.filled:,} of {totals.whole:,} rows have a value; AWS recommends "
                f"{limits.MIN_COMPLETENESS:.0%}: fill it, or leave the column out",
                column.name,
            )


def _check_interactions(rules: TableRules, totals: Totals, keys: Keys, findings: Findings) -> None:
    if totals.rows < limits.MIN_INTERACTIONS:
        findings.error(
            "too-few-interactions",
            f"{totals.rows:,} interactions; an import needs {limits.MIN_INTERACTIONS:,}",
        )
    users, active = keys.active()
    share = math.ceil(users * limits.MIN_SHARE_OF_USERS)
    enough = max(limits.MIN_USERS_WITH_INTERACTIONS, share)
    if active < enough:
        findings.warning(
            "too-few-users",
            f"{active:,} of {users:,} users have {limits.MIN_INTERACTIONS_PER_USER} interactions; "
            f"training needs {enough:,} such users",
            USER_ID,
        )
    types = {
        column.name: total
        for column, total in zip(rules.columns, totals.columns, strict=True)
        if column.name == EVENT_TYPE
    }
    for total in types.values():
        _check_event_types(rules, total, findings)


def _check_event_types(rules: TableRules, types: ColumnTotals, findings: Findings) -> None:
    optional = [
        column.name
        for column in rules.columns
        if column.name in (EVENT_TYPE, "EVENT_VALUE") or rules.profile.is_metadata(column.name)
    ]
    most = limits.MAX_EVENT_TYPES_AND_COLUMNS
    if len(types.values) + len(optional) > most:
        findings.error(
            "event-types",
            f"{len(types.values):,} event types and {len(optional)} optional columns; {most} are "
            "allowed together",
            EVENT_TYPE,
        )
    absent = [name for name in rules.profile.event_types if name not in types.values]
    if absent:
        findings.warning(
            "event-type",
            f"no event {' nor '.join(absent)}, which recommenders of {rules.domain} are made for; "
            "rename your event types",
            EVENT_TYPE,
        )
