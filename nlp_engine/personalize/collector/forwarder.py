"""Takes events from the spool to Personalize, for as long as it takes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from nlp_engine.errors import EngineError
from nlp_engine.personalize import limits
from nlp_engine.personalize.collector import metrics as counts
from nlp_engine.personalize.collector.metrics import Metrics
from nlp_engine.personalize.collector.settings import CollectorSettings
from nlp_engine.personalize.collector.spool import Spool
from nlp_engine.personalize.sending.deliver import Caller, Send, Stopped, deliver_all
from nlp_engine.personalize.sending.event_file import event_batches
from nlp_engine.personalize.sending.events import BadEvent, Numbered, read_event
from nlp_engine.personalize.sending.rate import TokenBucket

_WINDOW = 1000  # events that are delivered before the next are looked at
_PATIENCE_SECONDS = 0.5  # between looks whether it is to stop
_SECONDS_BETWEEN_LINES = 5.0  # of the log


class Forwarder(threading.Thread):
    """Delivers what the spool holds until it is finished.

    A window of events counts as delivered when AWS has acknowledged or refused each of them. After
    a kill the last window is sent again, with the same event ids.

    Args:
        spool: What holds the events.
        tracking_id: Of the event tracker.
        send: Makes one call, once.
        settings: How fast, and how many calls at a time.
        metrics: What it counts.
        log: Takes lines about what goes wrong.
    """

    def __init__(
        self,
        spool: Spool,
        tracking_id: str,
        send: Send,
        settings: CollectorSettings,
        metrics: Metrics,
        log: Callable[[str], None],
    ) -> None:
        super().__init__(name="forwarder", daemon=True)
        self._spool, self._tracking_id, self._settings = spool, tracking_id, settings
        self._metrics, self._log, self._logged_at = metrics, log, 0.0
        rate = settings.calls_per_second or float(limits.MAX_EVENT_PUTS_PER_SECOND)
        self._caller = Caller(
            send,
            TokenBucket(rate),
            attempts=None,
            longest_pause=settings.longest_pause,
            patient=True,
            failed=self._failed,
        )
        self._finishing = threading.Event()

    def run(self) -> None:
        """Deliver until `finish` is called."""
        with contextlib.suppress(Stopped):
            while not self._caller.stopped.is_set():
                if not self._spool.wait(_PATIENCE_SECONDS):
                    if self._finishing.is_set():
                        return
                    continue
                self._finishing.wait(self._settings.linger_seconds)
                try:
                    self._deliver_window()
                except Stopped:
                    raise
                except Exception as error:  # whatever it is, events must go on to be delivered
                    self._tell(f"cannot deliver events, and will try again: {error}")
                    self._caller.stopped.wait(_PATIENCE_SECONDS)

    def finish(self, seconds: float) -> None:
        """Deliver what waits, but for no longer than so many seconds."""
        self._finishing.set()
        self.join(seconds)
        self._caller.stopped.set()
        self.join()

    def _deliver_window(self) -> None:
        lines, end = self._spool.read(_WINDOW)
        batches = event_batches(self._events(lines), self._tracking_id)
        refused: list[bytes] = []
        with contextlib.closing(
            deliver_all(batches, self._caller, self._settings.connections)
        ) as delivered:
            for parts in delivered:
                for part in parts:
                    self._metrics.add(counts.FORWARDED, sum(map(len, part.acknowledged)))
                    for number, words in part.refused:
                        refused.append(lines[number])
                        self._tell(f"an event is refused, see refused.jsonl: {words}")
        if refused:
            self._spool.refuse(refused)
            self._metrics.add(counts.REFUSED, len(refused))
        self._spool.advance(end)

    def _events(self, lines: list[bytes]) -> Iterator[Numbered]:
        for number, line in enumerate(lines):
            with contextlib.suppress(BadEvent):  # the spool holds checked events only
                yield number, read_event(line)

    def _failed(self, error: EngineError) -> None:
        self._metrics.add(counts.FAILED)
        self._tell(f"{error}; it is tried again")

    def _tell(self, message: str) -> None:
        now = time.monotonic()
        if now - self._logged_at >= _SECONDS_BETWEEN_LINES:
            self._logged_at = now
            self._log(message)
