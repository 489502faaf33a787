"""Spotting: where a text may mention an entity."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.forms import FormText, tokens
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.native import entities as kernel
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


def spot(
    text: str,
    kb: KnowledgeBase,
    min_link_probability: float,
    tokenizer: Tokenizer | None = None,
    added: Any = None,
) -> list[Mention]:
    """Find the mentions in a text; none overlap, and they are in order.

    The longer of two overlapping forms wins, unless the shorter stands inside it and is far more
    often a link. A single word in lower case counts by how often it is a link in lower case.

    Args:
        text: Plain text.
        kb: The knowledge base.
        min_link_probability: Forms that are rarer as links are passed over.
        tokenizer: Mentions begin and end with its words, where it finds the letters of the text.
        added: Further forms for the kernels, with ids behind those of the knowledge base.
    """
    prepared = FormText.of(text)
    may_start, may_end = _edges(text, kb, tokenizer) if tokenizer else (kernel.NO_EDGES,) * 2
    spots = kernel.spot(
        kb.forms,
        added,
        prepared.utf8,
        kb.characters,
        min_link_probability=min_link_probability,
        shorter_wins=_SHORTER_WINS,
        may_start=may_start,
        may_end=may_end,
    )
    starts, ends = prepared.spans(spots.starts, spots.ends)
    columns = (starts, ends, spots.forms, spots.link_probability)
    return [Mention(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def _edges(
    text: str, kb: KnowledgeBase, tokenizer: Tokenizer
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Whether each token begins, and ends, a word, compared by the letters before it."""
    found = tokens(text, kb.language)
    lettered = ["".join(t.key for t in tokens(word, kb.language)) for word in tokenizer.words(text)]
    if "".join(lettered) != "".join(token.key for token in found):
        return kernel.NO_EDGES, kernel.NO_EDGES
    edges = set(accumulate(map(len, lettered), initial=0))
    ends = list(accumulate((len(token.key) for token in found), initial=0))
    may_start = [ends[i] in edges for i in range(len(found))]
    may_end = [ends[i + 1] in edges for i in range(len(found))]
    return np.array(may_start, np.uint8), np.array(may_end, np.uint8)
