"""Forms of entities, spotting them in texts, and ranking what they mean.

F forms, C candidates of all forms, E entities. Texts are given as UTF-8 in normal form C. Strings
are a uint8 array of their bytes and int64 (N + 1) offsets into it; `Strings` holds both.

Objects of the kernel (`sorted_strings`, `forms`, `candidates`, `number_lists`, `entity_graph`,
`factors`) point into the arrays that they are made from and keep them alive; arrays may be mapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import _native  # type: ignore[attr-defined]

TOKEN: int = _native.CHARACTER_TOKEN
SINGLE: int = _native.CHARACTER_SINGLE
MARK: int = _native.CHARACTER_MARK
LETTER: int = _native.CHARACTER_LETTER
UPPER: int = _native.CHARACTER_UPPER
LOWER: int = _native.CHARACTER_LOWER
"""Bits of an entry of a table of characters (form_text.h, `Characters`)."""

Characters = NDArray[np.uint32]
"""By code point: what it is folded to, and the bits above; 0 separates tokens."""


class Strings(NamedTuple):
    """N strings: string i is `data[offsets[i]:offsets[i + 1]]`."""

    data: NDArray[np.uint8]
    offsets: NDArray[Any]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Strings:
        """The given texts."""
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def decoded(self) -> list[str]:
        """The strings as Python has them; what is no UTF-8 is marked."""
        raw, ends = self.data.tobytes(), self.offsets.tolist()
        return [raw[ends[i] : ends[i + 1]].decode("utf-8", "replace") for i in range(len(ends) - 1)]


class KeyColumn(NamedTuple):
    """Keys as Arrow lays strings out; "" for texts that are no forms.

    Attributes:
        data: uint8.
        offsets: int32 (N + 1).
        lower: uint8 (N), 1 for a single word that is written in lower case.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int32]
    lower: NDArray[np.uint8]


class FormTokens(NamedTuple):
    """The T tokens of a text.

    Attributes:
        keys: Their folded spellings, joined by spaces.
        starts: int32 (T), in code points of the text.
        ends: int32 (T), after the last code point.
        lower: uint8 (T), 1 if written in lower case.
    """

    keys: bytes
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    lower: NDArray[np.uint8]


class CompressedStrings(NamedTuple):
    """Sorted strings in blocks of 32 (sorted_strings.h).

    Attributes:
        data: uint8.
        sizes: int64 (blocks), bytes of each.
        heads: uint64 (blocks), the first eight bytes of each block's first string.
    """

    data: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    heads: NDArray[np.uint64]


class Spots(NamedTuple):
    """M mentions in the order of the text.

    Attributes:
        starts: int32 (M), in code points.
        ends: int32 (M).
        forms: int64 (M), ids; those of added forms stand behind the knowledge base's own.
        link_probability: float64 (M).
    """

    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    forms: NDArray[np.int64]
    link_probability: NDArray[np.float64]


STRINGS_PER_BLOCK = 32
NO_EDGES = np.empty(0, np.uint8)


def form_tokens(text: bytes, characters: Characters) -> FormTokens:
    """The tokens of a text."""
    return FormTokens(*_native.form_tokens(text, characters))


def form_keys(texts: Strings, characters: Characters, max_words: int) -> KeyColumn:
    """The keys of (N) whole texts."""
    return KeyColumn(*_native.form_keys(*texts, characters, max_words))


def form_keys_of_spans(
    texts: Strings,
    span_offsets: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
    characters: Characters,
    max_words: int,
) -> KeyColumn:
    """The keys of spans of texts.

    Args:
        texts: (N) texts.
        span_offsets: int64 (N + 1), where the spans of each text begin.
        starts: int32 (S), in code points of the text.
        ends: int32 (S).
        characters: The table of characters.
        max_words: Spans with more tokens are no forms.
    """
    return KeyColumn(
        *_native.form_keys_of_spans(*texts, span_offsets, starts, ends, characters, max_words)
    )


def compress_strings(strings: Strings) -> CompressedStrings:
    """Compress strings, sorted by bytes and different."""
    return CompressedStrings(*_native.compress_strings(*strings))


def varints(values: NDArray[np.uint32]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Numbers of seven bits a byte: the bytes, and uint8 (N) how many each number takes."""
    data, sizes = _native.varints(values)
    return data, sizes


def sorted_strings(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    heads: NDArray[np.uint64],
    count: int,
) -> Any:
    """What `compress_strings` made, `count` strings; offsets (blocks + 1) are where blocks begin.

    It has `find(key)`: (id of the first string that is not less, whether it is equal, whether a
    string begins with the key and a space); `between(begin, end)`: the `Strings` of ids.
    """
    return _native.sorted_strings(data, offsets, heads, count)


def forms(
    *,
    keys: Any,
    link_documents: NDArray[np.uint32],
    documents: NDArray[np.uint32],
    lower_forms: NDArray[np.int32],
    lower_link_documents: NDArray[np.uint32],
    lower_documents: NDArray[np.uint32],
    max_words: int,
) -> Any:
    """Forms with what is known of them.

    Args:
        keys: `sorted_strings` (F).
        link_documents: (F) pages where each is a link.
        documents: (F) pages where it occurs.
        lower_forms: (L) ids of the single words that occur in lower case, rising.
        lower_link_documents: (L) pages where they are links in lower case.
        lower_documents: (L) pages where they occur in lower case.
        max_words: Tokens of the longest form.
    """
    return _native.forms(
        keys=keys,
        link_documents=link_documents,
        documents=documents,
        lower_forms=lower_forms,
        lower_link_documents=lower_link_documents,
        lower_documents=lower_documents,
        max_words=max_words,
    )


def spot(
    base: Any,
    added: Any,
    text: bytes,
    characters: Characters,
    *,
    min_link_probability: float,
    shorter_wins: float,
    may_start: NDArray[np.uint8] = NO_EDGES,
    may_end: NDArray[np.uint8] = NO_EDGES,
) -> Spots:
    """The mentions of a text; no two overlap (spotter.h, `spot`).

    Args:
        base: `forms` of a knowledge base.
        added: More `forms`, which stand for those of `base` with the same key, or None.
        text: The text.
        characters: The table of characters.
        min_link_probability: Rarer links are passed over.
        shorter_wins: A form inside a longer one wins if it is so many times more often a link.
        may_start: uint8 (T), whether a mention may start with each token; empty: all may.
        may_end: uint8 (T), likewise.
    """
    return Spots(
        *_native.spot(
            base=base,
            added=added,
            text=text,
            characters=characters,
            min_link_probability=min_link_probability,
            shorter_wins=shorter_wins,
            may_start=may_start,
            may_end=may_end,
        )
    )


def document_counters(
    keys: Any,
    max_words: int,
    characters: Characters,
    documents: NDArray[np.uint32],
    lower_documents: NDArray[np.uint32],
    threads: int,
) -> Any:
    """Counts the documents with each form.

    `add(title data, title offsets, text data, text offsets)` adds documents, each a title and a
    text, to the (F) counts.
    """
    return _native.DocumentCounters(
        keys, max_words, characters, documents, lower_documents, threads
    )


def candidates(
    offsets: NDArray[Any], entities: NDArray[np.int32], counts: NDArray[np.uint32]
) -> Any:
    """Candidates of forms: (F + 1) offsets into (C) entities and links, most links first.

    Offsets, here and below, may be of any whole numbers; those of uint32 are taken as they are.
    """
    return _native.candidates(_short(offsets), entities, counts)


def number_lists(data: NDArray[np.uint8], offsets: NDArray[Any]) -> Any:
    """Rows of rising numbers (entity_graph.h, `NumberLists`); `row(i)` gives one, int32."""
    return _native.number_lists(data, _short(offsets))


def _short(offsets: NDArray[Any]) -> NDArray[np.uint32]:
    """Offsets as files have them."""
    if len(offsets) and (offsets[0] < 0 or offsets[-1] > np.iinfo(np.uint32).max):
        raise ValueError("offsets must lie between 0 and 4 GiB")
    return np.asarray(offsets, np.uint32)


def entity_graph(
    *,
    in_degrees: NDArray[np.uint32],
    pages: float,
    in_links: Any,
    out_links: Any,
    titles: Strings,
    added_titles: Strings,
    characters: Characters,
) -> Any:
    """Entities and who links to whom.

    Args:
        in_degrees: (E) how many pages link to each.
        pages: Pages of the wiki.
        in_links: `number_lists` (E).
        out_links: `number_lists` (E).
        titles: (E).
        added_titles: Of entities behind E, which have no links.
        characters: The table of characters.
    """
    return _native.entity_graph(
        in_degrees=in_degrees,
        pages=pages,
        in_links=in_links,
        out_links=out_links,
        titles=titles.data,
        title_offsets=_short(titles.offsets),
        added_titles=added_titles.data,
        added_title_offsets=added_titles.offsets,
        characters=characters,
    )


def factors(entities: NDArray[np.int32], values: NDArray[np.float64], others: float) -> Any:
    """What the priors of (N) entities, rising, and of all others are multiplied by."""
    return _native.factors(entities, values, others)


def ranking_rules(**rules: Any) -> Any:
    """Rules by their names in ranking.h, `RankingRules`; others keep their defaults."""
    made = _native.RankingRules()
    for name, value in rules.items():
        setattr(made, name, value)
    return made


def gather(
    *,
    base: Any,
    candidates: Any,
    added: Any,
    added_candidates: Any,
    graph: Any,
    mentions: NDArray[np.int64],
    rules: Any,
    factors: Any,
) -> tuple[Any, NDArray[np.int32]]:
    """The different forms of (M) mentions, given by form ids, and their candidates.

    Returns:
        The forms' nodes (ranking.h, `FormNodes`), with `keys`, `node_offsets`, `entities`,
        `counts`, `commonness` and `prior`; and int32 (M), the number of each mention's form.
    """
    nodes, form_of = _native.gather(
        base=base,
        candidates=candidates,
        added=added,
        added_candidates=added_candidates,
        graph=graph,
        mentions=mentions,
        rules=rules,
        factors=factors,
    )
    return nodes, form_of


def form_nodes(
    *,
    keys: Sequence[str],
    positions: Sequence[Sequence[int]],
    node_offsets: NDArray[np.int32],
    entities: NDArray[np.int32],
    counts: NDArray[np.uint32],
    graph: Any,
    rules: Any,
) -> Any:
    """Nodes of forms that are not in a knowledge base.

    Args:
        keys: (M) the forms' keys.
        positions: Of each, the numbers of the mentions that have it, rising.
        node_offsets: (M + 1) where each form's candidates begin.
        entities: (N) candidates.
        counts: (N) links; all 0 where only the entities' in-degrees are known.
        graph: The entities.
        rules: The rules.
    """
    return _native.form_nodes(
        keys=list(keys),
        positions=[list(p) for p in positions],
        node_offsets=node_offsets,
        entities=entities,
        counts=counts,
        graph=graph,
        rules=rules,
    )


def rank(graph: Any, nodes: Any, rules: Any) -> Any:
    """Rank the candidates of forms.

    Returns:
        An object with `chosen`: int32 (M), the node that each form means, or -1; `scores`:
        float64 (N), adding up to 1 within a form; `votes`: float64 (N); `coherence`: float64 (M);
        and `votes_for(node, most)`: (node, weight, link, cocitation, title_words, same, related)
        of the largest votes.
    """
    return _native.rank(graph, nodes, rules)
