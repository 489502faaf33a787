"""A file of events, one JSON object per line, to be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, open_input
from nlp_engine.personalize import limits
from nlp_engine.personalize.sending.deliver import Batch, Send
from nlp_engine.personalize.sending.events import BadEvent, Event, Numbered, read_event, sessions
from nlp_engine.personalize.sending.requests import Request, put_events

_LONGEST_LINE = 1 << 20  # bytes; no event has so many


class EventFile:
    """Events for PutEvents, from JSON Lines that may be compressed.

    Args:
        path: The file.
        tracking_id: Of the event tracker.
        region: AWS region; by default that of the environment.

    Raises:
        InputError: There is no such file, or the tracking id cannot be one.
    """

    unit = "events"
    warnings: Sequence[str] = ()
    calls_per_second = float(limits.MAX_EVENT_PUTS_PER_SECOND)

    def __init__(self, path: Path | str, tracking_id: str, region: str | None = None) -> None:
        check_tracking_id(tracking_id)
        self.path = check_input_file(Path(path))
        self.files = [self.path]
        self.target, self.region = tracking_id, region

    def check(self) -> int:
        """Check every event; gives their number.

        Raises:
            InputError: The first event that breaks a rule, with its line.
        """
        first, bad, good = "", 0, 0
        for number, line in self._lines():
            try:
                read_event(line)
                good += 1
            except BadEvent as error:
                first = first or f"{self.path}, line {number}: {error}"
                bad += 1
        if bad:
            more = f" ({bad - 1} more lines with errors)" if bad > 1 else ""
            raise InputError(f"{first}{more}; nothing is sent")
        if good == 0:
            raise InputError(f"{self.path} has no events")
        return good

    def check_target(self, call: Send) -> None:
        """Nothing: an event tracker cannot be found by its tracking id."""

    def batches(self, skip: Callable[[int], bool]) -> Iterator[Batch]:
        """The events in calls of one session each, but for the lines that `skip` is true for."""
        yield from event_batches(self._events(skip), self.target)

    def _events(self, skip: Callable[[int], bool]) -> Iterator[Numbered]:
        for number, line in self._lines():
            if not skip(number):
                yield number, read_event(line)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines that are not empty, with their numbers."""
        with open_input(self.path) as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST_LINE), b""), 1):
                if line.strip():
                    yield number, line


def check_tracking_id(tracking_id: str) -> None:
    """Check what an event tracker's id is like, such as the one that `items import` prints.

    Raises:
        InputError: It cannot be one.
    """
    if not 1 <= len(tracking_id) <= limits.MAX_ID_CHARACTERS:
        raise InputError(
            f"the tracking id has {len(tracking_id)} characters; 1 to {limits.MAX_ID_CHARACTERS} "
            "are allowed"
        )


def event_batches(events: Iterator[Numbered], tracking_id: str) -> Iterator[Batch]:
    """Numbered events in calls of one session each."""

    def request(records: Sequence[Event]) -> Request:
        first = records[0]
        bodies: list[Any] = [event.body for event in records]
        return put_events(tracking_id, first.user_id, first.session_id, bodies)

    for group in sessions(events):
        yield Batch([number for number, _ in group], [event for _, event in group], request)
