"""The last step of the wikitext reference: white space and empty parentheses.

The text is built character by character. Each knows the link that it belongs to, so that taking
characters back never takes one from a link that has ended, and links have their place in the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

WHITE = "\x00-\x20\x7f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space as Unicode has it, and ASCII's control characters, as the body of a regex class."""

_INVISIBLE = "\xad\ufeff\u200e\u200f\u202a-\u202e\u2060-\u2069"
_PIECE = re.compile(
    f"(?P<white>[{WHITE}])|(?P<invisible>[{_INVISIBLE}])|[(),;:（）]|[^{WHITE}{_INVISIBLE}(),;:（）]+"
)


def tidy(text: str, links: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int] | None]]:
    """Clean text, and the places of links in it.

    White space becomes one space, or one line break where it holds two or more; there is none at
    either end, nor after an opening or before a closing parenthesis. Parentheses without content
    go, as do separators that have nothing before or after them in parentheses.

    Args:
        text: Untidy text.
        links: Begins and ends of links in it; they ascend and do not overlap.

    Returns:
        The text, and for each link its begin and end, or None if nothing of it is left.
    """
    out: list[str] = []
    owners: list[int | None] = []  # the link of each character
    white, breaks = False, 0

    def take_back(characters: str, owner: int | None) -> bool:
        """Remove the last character if it is one of these and may go."""
        if not out or out[-1] not in characters or owners[-1] not in (None, owner):
            return False
        out.pop()
        owners.pop()
        return True

    for piece, kind, owner in _pieces(text, links):
        if kind == "white":
            white, breaks = True, breaks + (piece == "\n")
            continue
        if kind == "invisible":
            continue
        same_line = breaks < 2
        opened = bool(out) and out[-1] in "(（"
        if same_line and opened and piece in ",;:":
            white, breaks = False, 0
            continue
        if same_line and piece in ")）":
            white, breaks = False, 0
            while take_back(",;", owner):
                take_back(" ", owner)
            if take_back("(（", owner):
                take_back(" ", owner)
                continue
        if white and out and out[-1] != "\n" and (not same_line or not opened):
            owners.append(owner if owners[-1] == owner else None)
            out.append(" " if same_line else "\n")
        white, breaks = False, 0
        out.extend(piece)
        owners.extend([owner] * len(piece))
    while out and out[-1] == "\n":
        out.pop()
        owners.pop()
    places: dict[int | None, tuple[int, int]] = {}
    for position, owner in enumerate(owners):
        if out[position] == "\n" and owners[position + 1] != owner:
            continue  # a line break before parentheses that went is not part of the anchor
        places[owner] = places.get(owner, (position, 0))[0], position + 1
    return "".join(out), [places.get(number) for number in range(len(links))]


def _pieces(text: str, links: Sequence[tuple[int, int]]):
    """The text's pieces, each with its kind and link."""
    at = 0
    for number, (begin, end) in enumerate(links):
        for match in _PIECE.finditer(text, at, begin):
            yield match.group(), match.lastgroup, None
        for match in _PIECE.finditer(text, begin, end):
            yield match.group(), match.lastgroup, number
        at = end
    for match in _PIECE.finditer(text, at):
        yield match.group(), match.lastgroup, None
