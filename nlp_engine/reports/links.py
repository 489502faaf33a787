"""A page with a text whose mentions are marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlp_engine.entities.links import EntityLink, Explanation
from nlp_engine.reports.page import render_page

_PARTS = (
    ("link", "link"),
    ("cocitation", "co-citation"),
    ("title_words", "title words"),
    ("same", "same entity"),
    ("relatedness", "relatedness"),
)  # of a vote, and their headings


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a linked text; plain text has no link."""

    text: str
    link: EntityLink | None


def segments(text: str, links: Sequence[EntityLink]) -> list[Segment]:
    """Cut a text at its links, in order, without losing a character."""
    pieces, position = [], 0
    for link in links:
        pieces.append(Segment(text[position : link.start], None))
        pieces.append(Segment(link.mention, link))
        position = link.end
    pieces.append(Segment(text[position:], None))
    return [piece for piece in pieces if piece.text]


def links_page(text: str, explanations: Sequence[Explanation]) -> str:
    """An HTML page of a text with its links, and of what decided about each.

    Raises:
        MissingExtraError: The extra `reports` is not installed.
    """
    links = [explanation.link for explanation in explanations]
    votes = [vote for explanation in explanations for vote in explanation.votes]
    return render_page(
        "links.html",
        segments=segments(text, links),
        explanations=explanations,
        parts=[part for part in _PARTS if any(getattr(vote, part[0]) for vote in votes)],
    )
