"""The demo's page: what was made, a map of words, linked text, the first items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.links import EntityLink
from nlp_engine.personalize.table import read_rows
from nlp_engine.reports.links import segments
from nlp_engine.reports.page import write_page
from nlp_engine.reports.word_map import word_map_svg

_SHOWN_ITEMS = 8
_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the demo.

    Attributes:
        name: The command.
        made: What came out, in a few words.
        place: The folder, relative to the demo's.
        seconds: How long it took.
    """

    name: str
    made: str
    place: str
    seconds: float


def write_demo_report(
    path: Path,
    *,
    source: str,
    steps: Sequence[Step],
    counts: Mapping[str, Mapping[str, int | float]],
    vectors: WordVectors,
    text: str,
    links: Sequence[EntityLink],
    items: Path,
) -> None:
    """Write the demo's `report.html`.

    Args:
        path: The file.
        source: What the demo ran on.
        steps: What was done.
        counts: Figures by heading and name.
        vectors: For the map of words.
        text: The text that was linked.
        links: Its links.
        items: The `items.csv`.

    Raises:
        MissingExtraError: The extra `reports` is not installed.
    """
    rows = [row for (_, row), _ in zip(read_rows(items), range(_SHOWN_ITEMS + 1), strict=False)]
    shortened = [[_shorten(cell) for cell in row] for row in rows]
    write_page(
        path,
        "demo.html",
        source=source,
        steps=steps,
        counts=counts,
        word_map=word_map_svg(vectors),
        segments=segments(text, links),
        links=links,
        header=shortened[0],
        rows=shortened[1:],
    )


def _shorten(cell: str) -> str:
    return cell if len(cell) <= _SHOWN_CHARACTERS else cell[:_SHOWN_CHARACTERS].rstrip() + " …"
