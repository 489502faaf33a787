"""The rows of an Items or Users dataset, to be sent one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError, SettingError
from nlp_engine.personalize import limits
from nlp_engine.personalize.check import check_changes, check_dataset, raise_on_errors
from nlp_engine.personalize.client import region_of
from nlp_engine.personalize.coding import codebook_of, codebook_of_schema, codebook_words
from nlp_engine.personalize.records import read_records
from nlp_engine.personalize.schema import read_columns, schema_path
from nlp_engine.personalize.sending import requests
from nlp_engine.personalize.sending.deliver import Batch, Send
from nlp_engine.personalize.sending.requests import Request


@dataclass(frozen=True, slots=True)
class _Kind:
    """What differs between items and users."""

    most: int
    record: Callable[[Mapping[str, Any]], dict[str, Any]]
    request: Callable[[str, Sequence[Mapping[str, Any]]], Request]


_KINDS = {
    "items": _Kind(limits.MAX_ITEMS_PER_PUT, requests.item, requests.put_items),
    "users": _Kind(limits.MAX_USERS_PER_PUT, requests.user, requests.put_users),
}


class DatasetRecords:
    """A folder with `schema.json` and CSV files, for PutItems or PutUsers.

    Args:
        unit: `items` or `users`.
        folder: The folder.
        dataset_arn: The dataset that they go to.
        domain: The dataset group's domain, if not what the folder says.
        other_codebook: Whether the rows may be coded by another codebook than what was imported.

    Raises:
        InputError: A file is missing, or the ARN is that of no such dataset.
    """

    calls_per_second = float(limits.MAX_PUTS_PER_SECOND)

    def __init__(
        self,
        unit: str,
        folder: Path | str,
        dataset_arn: str,
        *,
        domain: str | None = None,
        other_codebook: bool = False,
    ) -> None:
        if unit not in _KINDS:
            raise SettingError(f"unit is {unit!r}; it must be one of {', '.join(_KINDS)}")
        self.unit, self._kind = unit, _KINDS[unit]
        self.path, self.target = Path(folder), dataset_arn
        self._other_codebook = other_codebook
        self._check_options: dict[str, Any] = {"domain": domain} if domain else {}
        self._schema = schema_path(self.path)
        self._tables = sorted(self.path.glob("*.csv"))
        self.files = [self._schema, *self._tables]
        self.region = region_of(dataset_arn)
        if not dataset_arn.upper().endswith(f"/{unit.upper()}"):
            raise InputError(
                f"{dataset_arn} is no dataset of {unit}: it must end in /{unit.upper()}"
            )

    @property
    def warnings(self) -> list[str]:
        """What may go wrong all the same: names that Personalize may not recognise."""
        names = (column.name for column in read_columns(self._schema_text()))
        return [
            f"column {name} is sent as {requests.property_name(name)}; how Personalize reads "
            "digits beside an underscore is not documented: use letters, or import in bulk"
            for name in requests.doubtful_names(names)
        ]

    def check(self) -> int:
        """Check the dataset's rules and those of single records; gives the number of rows.

        Raises:
            InputError: The first rule that is broken, with row and column.
        """
        raise_on_errors(check_dataset(self.path, **self._check_options), self.path)
        row = 0
        for row, _ in self._records():  # noqa: B007
            pass
        return row

    def check_target(self, call: Send) -> None:
        """Compare the folder's columns and codebook with those of the dataset at AWS.

        Raises:
            InputError: They differ, or the dataset is not active; the message says what to do.
            EngineError: AWS does not tell.
        """
        dataset = call(Request("DescribeDataset", {"datasetArn": self.target}))["dataset"]
        if dataset["status"] != "ACTIVE":
            raise InputError(f"{self.target} is {dataset['status']}; wait until it is ACTIVE")
        schema = call(Request("DescribeSchema", {"schemaArn": dataset["schemaArn"]}))["schema"]
        raise_on_errors(check_changes(schema["schema"], self._schema_text()), self._schema)
        self._compare_codebook(codebook_of_schema(schema["name"]))

    def batches(self, skip: Callable[[int], bool]) -> Iterator[Batch]:
        """The rows in calls, but for those that `skip` is true for."""
        make = partial(self._kind.request, self.target)
        wanted = (found for found in self._records() if not skip(found[0]))
        for batch in requests.batches(wanted, self._kind.most):
            rows, records = zip(*batch, strict=True)
            yield Batch(rows, records, make)

    def _compare_codebook(self, imported: str | None) -> None:
        own = codebook_of(self.path)
        if imported and imported != own and not self._other_codebook:
            raise InputError(
                f"{self.path} is coded by {codebook_words(own)}, {self.target} was imported with "
                f"{codebook_words(imported)}, and their codes mean different topics: make the "
                "folder again like the imported one (items build --like), or import all items by "
                "the new codes; --other-codebook sends it all the same"
            )

    def _schema_text(self) -> str:
        return self._schema.read_text(encoding="utf-8")

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """All rows of all files, numbered from 1."""
        number = 0
        for table in self._tables:
            for record in read_records(self.path, table.name):
                number += 1
                try:
                    yield number, self._kind.record(record.values)
                except ValueError as error:
                    raise InputError(f"{table}, row {record.row}: {error}") from error
