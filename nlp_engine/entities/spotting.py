"""Spotting: where a text may mention an entity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from nlp_engine.entities.forms import Token, tokens
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.text.tokenizers import Tokenizer

_SHORTER_WINS = 5.0
"""A form inside a longer one wins if it is this many times more often a link (TAGME's
released code, `Segmentation.isSuperior`: "indianapolis" against "in indianapolis")."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A part of a text, `text[start:end]`, that is a known form."""

    start: int
    end: int
    form: int
    link_probability: float


@dataclass(frozen=True, slots=True)
class _Spot:
    first: int  # token
    last: int  # token, inclusive
    form: int
    link_probability: float


def spot(
    text: str, kb: KnowledgeBase, min_link_probability: float, tokenizer: Tokenizer | None = None
) -> list[Mention]:
    """Find the mentions in a text; none overlap, and they are in order.

    The longer of two overlapping forms wins, unless the shorter stands inside it and is far more
    often a link.

    Args:
        text: Plain text.
        kb: The knowledge base.
        min_link_probability: Forms that are rarer as links are passed over.
        tokenizer: Mentions begin and end with its words, where it finds the letters of the text.
    """
    words = tokens(text, kb.language)
    spots = _spots(words, kb, min_link_probability)
    if tokenizer:
        spots = _at_edges(spots, words, tokenizer.words(text), kb)
    chosen = _without_overlaps(spots)
    return [
        Mention(words[s.first].start, words[s.last].end, s.form, s.link_probability)
        for s in sorted(chosen, key=lambda s: s.first)
    ]


def _spots(words: Sequence[Token], kb: KnowledgeBase, least: float) -> list[_Spot]:
    spots = []
    for start in range(len(words)):
        for count, form in kb.forms.starting_at(words, start):
            probability = kb.link_probability(form)
            if probability >= least:
                spots.append(_Spot(start, start + count - 1, form, probability))
    return spots


def _at_edges(
    spots: list[_Spot], tokens_of_text: Sequence[Token], words: Sequence[str], kb: KnowledgeBase
) -> list[_Spot]:
    """The spots that begin and end with words, compared by the letters before them."""
    lettered = ["".join(t.key for t in tokens(word, kb.language)) for word in words]
    if "".join(lettered) != "".join(token.key for token in tokens_of_text):
        return spots
    edges = set(accumulate(map(len, lettered), initial=0))
    ends = list(accumulate((len(token.key) for token in tokens_of_text), initial=0))
    return [s for s in spots if ends[s.first] in edges and ends[s.last + 1] in edges]


def _without_overlaps(spots: Sequence[_Spot]) -> list[_Spot]:
    starting: dict[int, list[_Spot]] = defaultdict(list)
    for s in spots:
        starting[s.first].append(s)
    chosen: list[_Spot] = []
    taken: set[int] = set()
    for s in sorted(spots, key=lambda s: (s.first - s.last, s.first)):  # longest first
        covered = range(s.first, s.last + 1)
        inside = (t for token in covered for t in starting[token] if t.last <= s.last)
        if taken.isdisjoint(covered) and not any(
            t.link_probability >= _SHORTER_WINS * s.link_probability for t in inside
        ):
            chosen.append(s)
            taken.update(covered)
    return chosen
