"""Progress bars with a rate and the time left."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from nlp_engine.progress import Progress, Report

_SECONDS_BETWEEN_UPDATES = 0.1


@contextlib.contextmanager
def drawn() -> Iterator[Report]:
    """Give a report function that draws one bar per stage on standard error."""
    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f}%"),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
        console=Console(stderr=True),
        transient=True,
    )
    with bars:
        yield _Drawing(bars).show


class _Drawing:
    """The bars on the screen; the current one is the last stage that was reported."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._stage: str | None = None
        self._drawn_at = 0.0

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        finished = progress.done == progress.total
        same = progress.stage == self._stage
        if same and not finished and now - self._drawn_at < _SECONDS_BETWEEN_UPDATES:
            return
        self._drawn_at = now
        if not same:
            for task in self._bars.tasks:
                self._bars.remove_task(task.id)
            self._bars.add_task(progress.stage, total=progress.total, detail="", unit="")
            self._stage = progress.stage
        self._bars.update(
            self._bars.tasks[0].id,
            completed=progress.done,
            total=progress.total,
            detail=progress.detail,
            unit=progress.unit,
        )


class _Rate(ProgressColumn):
    """Units per second, bytes as MB."""

    def render(self, task: Task) -> Text:
        speed, unit = task.speed, task.fields["unit"]
        if not speed or unit == "seconds":
            return Text("")
        if unit == "bytes":
            return Text(f"{speed / 1e6:,.1f} MB/s")
        return Text(f"{speed:,.0f} {unit}/s")
