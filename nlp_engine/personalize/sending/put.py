"""Sending a whole dataset or a file of events, so that a kill loses nothing.

First everything is read and checked; only then is the first call made. What AWS acknowledges is
kept in a journal, and the same put goes on from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nlp_engine import settings
from nlp_engine.errors import EngineError, InputError, Interrupted
from nlp_engine.files import sha256
from nlp_engine.personalize.client import Client
from nlp_engine.personalize.sending.deliver import Batch, Caller, Delivered, Send, deliver_all
from nlp_engine.personalize.sending.journal import Journal
from nlp_engine.personalize.sending.rate import TokenBucket
from nlp_engine.personalize.sending.requests import Request
from nlp_engine.personalize.sending.settings import PutSettings
from nlp_engine.progress import Progress, Report, silent

_MOST_REFUSED = 100
_DESCRIPTIONS_PER_SECOND = 10.0


class Records(Protocol):
    """What is sent where."""

    @property
    def unit(self) -> str:
        """What the records are: `items`, `users` or `events`."""

    @property
    def path(self) -> Path:
        """The file or folder that has them."""

    @property
    def files(self) -> Sequence[Path]:
        """The files that decide what is sent."""

    @property
    def target(self) -> str:
        """The ARN of the dataset, or the tracking id."""

    @property
    def region(self) -> str | None:
        """AWS region; None: that of the environment."""

    @property
    def calls_per_second(self) -> float:
        """AWS's quota."""

    def check(self) -> int:
        """Read and check everything; gives the number of records.

        Raises:
            InputError: A record breaks a rule.
        """

    @property
    def warnings(self) -> Sequence[str]:
        """What may go wrong all the same, in sentences."""

    def check_target(self, call: Send) -> None:
        """Check that the records fit where they go to, by calls of `personalize`.

        Raises:
            InputError: They do not.
            EngineError: AWS does not tell.
        """

    def batches(self, skip: Callable[[int], bool]) -> Iterator[Batch]:
        """The records in calls, but for the rows that `skip` is true for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutResult:
    """What a put has done.

    Attributes:
        records: Records in all.
        acknowledged: Those that AWS has acknowledged, now or earlier.
        sent: Those that it has acknowledged now.
        calls: Calls that it has acknowledged now.
        seconds: How long that took.
        refused: Row and AWS's words of records that it refuses.
        journal: Where it is written down.
    """

    records: int
    acknowledged: int
    sent: int
    calls: int
    seconds: float
    refused: Sequence[tuple[int, str]]
    journal: Path


def put(
    records: Records,
    *,
    journal: Path | None = None,
    again: bool = False,
    compare: bool = True,
    report: Report = silent,
    **options: Any,
) -> PutResult:
    """Send records until AWS has acknowledged each.

    Args:
        records: What to send where.
        journal: Where to keep what is acknowledged; by default beside the records' file or folder,
            named after the content and the place it goes to.
        again: Send what was acknowledged earlier, too.
        compare: Compare the columns with those that the dataset has at AWS first.
        report: Told of what is acknowledged.
        **options: Fields of `PutSettings`.

    Raises:
        SettingError: An option that does not exist or is out of range.
        InputError: A record breaks a rule, or the columns are not those of the dataset (nothing is
            sent then), or the journal is another's.
        EngineError: AWS refuses a call, or does not answer after all tries.
        Interrupted: Ctrl-C; the same put goes on.
    """
    chosen = settings.from_mapping(PutSettings, options)
    key, stamps = _key(records), _stamps(records)
    total = records.check()
    if _stamps(records) != stamps:
        raise InputError(f"{records.path} has changed while it was being checked; nothing is sent")
    path = journal or records.path.with_name(f"{records.path.name}.put-{key[:12]}.journal")
    if compare:
        describe = _caller("personalize", records, chosen, _DESCRIPTIONS_PER_SECOND)
        records.check_target(describe.call)
    pace = chosen.calls_per_second or records.calls_per_second
    caller = _caller("personalize-events", records, chosen, pace)
    with Journal(path, key, total, again=again) as kept:
        return _Put(records, kept, total, report).run(caller, chosen.connections)


def requests(records: Records) -> Iterator[Request]:
    """The calls that a put makes, for a dry run: everything is checked first.

    Raises:
        InputError: A record breaks a rule.
    """
    records.check()
    for batch in records.batches(skip=lambda _: False):
        yield batch.request(batch.records)


def _caller(service: str, records: Records, chosen: PutSettings, pace: float) -> Caller:
    client = Client(
        service,
        records.region,
        timeout_seconds=chosen.timeout_seconds,
        connections=chosen.connections,
    )
    return Caller(
        lambda request: client.call(request.operation, request.parameters),
        TokenBucket(pace),
        chosen.attempts,
        longest_pause=chosen.longest_pause,
    )


class _Put:
    def __init__(self, records: Records, journal: Journal, total: int, report: Report) -> None:
        self._records, self._journal, self._total = records, journal, total
        self._report = report
        self._before = journal.acknowledged
        self._calls = 0
        self._refused: list[tuple[int, str]] = []

    def run(self, caller: Caller, connections: int) -> PutResult:
        started = time.monotonic()
        self._tell()
        batches = self._records.batches(skip=self._journal.__contains__)
        try:
            with contextlib.closing(deliver_all(batches, caller, connections)) as delivered:
                for parts in delivered:
                    self._keep(parts)
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted; {self._state()}: the same command goes on") from None
        except EngineError as error:
            raise EngineError(f"{error}; {self._state()}: the same command goes on") from error
        return PutResult(
            records=self._total,
            acknowledged=self._journal.acknowledged,
            sent=self._journal.acknowledged - self._before,
            calls=self._calls,
            seconds=time.monotonic() - started,
            refused=sorted(self._refused),
            journal=self._journal.path,
        )

    def _keep(self, parts: Sequence[Delivered]) -> None:
        calls = [rows for part in parts for rows in part.acknowledged]
        self._journal.add(calls)
        self._calls += len(calls)
        self._refused += [found for part in parts for found in part.refused]
        self._tell()
        if len(self._refused) >= _MOST_REFUSED:
            raise EngineError(
                f"{len(self._refused)} {self._records.unit} are refused, the first one with: "
                f"{self._refused[0][1]}"
            )

    def _tell(self) -> None:
        detail = f"{len(self._refused)} refused" if self._refused else ""
        done = self._journal.acknowledged
        self._report(
            Progress(f"sending {self._records.unit}", done, self._total, self._records.unit, detail)
        )

    def _state(self) -> str:
        return f"{self._journal.acknowledged} of {self._total} {self._records.unit} acknowledged"


def _key(records: Records) -> str:
    files = [sha256(path) for path in records.files]
    content = json.dumps([records.unit, records.target, files])
    return hashlib.sha256(content.encode()).hexdigest()


def _stamps(records: Records) -> list[tuple[int, int]]:
    return [(path.stat().st_size, path.stat().st_mtime_ns) for path in records.files]
