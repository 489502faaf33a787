"""Making many calls: several at a time, at AWS's pace, each until it is acknowledged."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from nlp_engine.errors import EngineError
from nlp_engine.personalize.client import Refused, Unavailable
from nlp_engine.personalize.sending.rate import TokenBucket, pause_seconds
from nlp_engine.personalize.sending.requests import Request

Send = Callable[[Request], Any]
"""Makes one call, once."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records for one call.

    Attributes:
        rows: Their numbers.
        records: The records themselves.
        request: Makes the call of some of the records.
    """

    rows: Sequence[int]
    records: Sequence[Any]
    request: Callable[[Sequence[Any]], Request]

    def singles(self) -> list[Batch]:
        """Its records one by one."""
        pairs = zip(self.rows, self.records, strict=True)
        return [Batch((row,), (record,), self.request) for row, record in pairs]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a batch.

    Attributes:
        acknowledged: Rows of each call that AWS has acknowledged.
        refused: Rows that AWS refuses, with its words.
    """

    acknowledged: list[Sequence[int]] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)


class Stopped(Exception):
    """The work was stopped before a call was made."""


class Caller:
    """Makes calls until they are acknowledged, no faster than the bucket allows.

    Args:
        send: Makes one call, once.
        bucket: The pace, shared by all threads.
        attempts: Tries of a call before giving up; None: for ever.
        longest_pause: Seconds between two tries at most.
        patient: Whether other errors than `Refused` are tried again, too, such as rights that are
            missing now.
        failed: Told of every try that failed.
    """

    def __init__(
        self,
        send: Send,
        bucket: TokenBucket,
        attempts: int | None,
        *,
        longest_pause: float,
        patient: bool = False,
        failed: Callable[[EngineError], None] = lambda _: None,
    ) -> None:
        self._send, self._bucket, self._attempts = send, bucket, attempts
        self._patient, self._failed = patient, failed
        self._longest_pause, self._random = longest_pause, random.Random()
        self.stopped = threading.Event()

    def call(self, request: Request) -> Any:
        """Make a call; gives the answer.

        Raises:
            Refused: AWS refuses what it says.
            EngineError: It cannot be made, or not after all tries.
            Stopped: `stopped` was set.
        """
        tries = 0
        while True:
            self._rest(self._bucket.take())
            try:
                return self._send(request)
            except Refused:
                raise
            except EngineError as error:
                tries += 1
                self._failed(error)
                self._give_up(error, tries)
                pause = pause_seconds(tries, self._longest_pause, self._random)
                if isinstance(error, Unavailable):
                    pause = max(pause, error.seconds)
                    if error.throttled:
                        self._bucket.pause(pause)
            self._rest(pause)

    def deliver(self, batch: Batch) -> Delivered:
        """Send a batch; if AWS refuses it, its records one by one.

        Raises:
            EngineError: As `call`; AWS does not say which record of a call it refuses, so each is
                asked for.
            Stopped: As `call`.
        """
        try:
            self.call(batch.request(batch.records))
        except Refused as error:
            if len(batch.rows) == 1:
                return Delivered(refused=[(batch.rows[0], str(error))])
        else:
            return Delivered(acknowledged=[batch.rows])
        done = Delivered()
        for single in batch.singles():
            part = self.deliver(single)
            done.acknowledged.extend(part.acknowledged)
            done.refused.extend(part.refused)
        return done

    def _give_up(self, error: EngineError, tries: int) -> None:
        if not isinstance(error, Unavailable) and not self._patient:
            raise error
        if self._attempts is not None and tries >= self._attempts:
            raise EngineError(f"given up after {tries} tries: {error}") from error

    def _rest(self, seconds: float) -> None:
        if self.stopped.wait(seconds) if seconds else self.stopped.is_set():
            raise Stopped


def deliver_all(
    batches: Iterable[Batch], caller: Caller, connections: int
) -> Generator[list[Delivered], None, None]:
    """Deliver batches, several at a time.

    Args:
        batches: Read as they are needed, a few ahead.
        caller: Makes the calls.
        connections: Calls at a time.

    Yields:
        What has been delivered meanwhile, in no order. When a call fails for good, what others have
        delivered comes first.

    Raises:
        EngineError: A call cannot be made.
    """
    waiting: set[Future[Delivered]] = set()
    with ThreadPoolExecutor(connections) as pool:
        try:
            for batch in batches:
                waiting.add(pool.submit(caller.deliver, batch))
                if len(waiting) >= 2 * connections:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from _results(done, waiting, caller)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from _results(done, waiting, caller)
        except BaseException:
            caller.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise


def _results(
    done: set[Future[Delivered]], waiting: set[Future[Delivered]], caller: Caller
) -> Iterator[list[Delivered]]:
    failures = [error for future in done if (error := future.exception())]
    if failures:
        caller.stopped.set()
        for future in waiting:
            future.cancel()
        done |= wait(waiting).done
    yield [future.result() for future in done if not future.cancelled() and not future.exception()]
    if failures:
        raise failures[0]
