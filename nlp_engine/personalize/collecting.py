"""The first pass over items: their words, entities and categories, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from nlp_engine.corpus.sources import Row, Source
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.entities.workers import map_in_workers
from nlp_engine.personalize.mapping import Field, categories
from nlp_engine.personalize.number_lists import NumberLists
from nlp_engine.personalize.values import ValueCollector, ValueColumn
from nlp_engine.personalize.words import WordCollector
from nlp_engine.progress import Report
from nlp_engine.text.tokenizers import Tokenizer

T = TypeVar("T")

ENTITIES = "ENTITIES"
"""The column of all entities."""

BLOCK = 4096
"""Rows that are worked on at a time."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a pass collects.

    Attributes:
        text_of: An item's text.
        categories: Columns whose most frequent values stay.
        ranker: Gives entities.
        entity_titles: For each column of a type its entities' titles.
        tokenizer: Gives words.
        vectors: Their words are the vocabulary.
        kept: By column, values that stay whatever their frequency.
        timestamp: The source's column with the time of creation.
        workers: Processes that link entities.
    """

    text_of: Callable[[Row], str]
    categories: Sequence[Field]
    ranker: EntityRanker | None
    entity_titles: dict[str, set[str]]
    tokenizer: Tokenizer | None
    vectors: WordVectors | None
    kept: dict[str, list[str]]
    timestamp: str | None
    workers: int


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What a pass has collected of N items.

    Attributes:
        items: N.
        texts: (N) their words as positions in `words`; None without a tokenizer.
        words: (V).
        entities: The column ENTITIES and those of types, in order.
        categories: The columns of categories.
        is_time_missing: Whether some item has no time of creation.
    """

    items: int
    texts: NumberLists | None
    words: Sequence[str]
    entities: dict[str, ValueColumn]
    categories: dict[str, ValueColumn]
    is_time_missing: bool


def collect(source: Source, wanted: Wanted, scratch: Path, report: Report) -> Collected:
    """Pass over a source once.

    Args:
        source: The items.
        wanted: What to collect.
        scratch: A folder for what does not stay in memory; it must outlive the result.
        report: Told of what was read.
    """
    collector = _Collector(wanted, scratch)
    texts = collector.texts(source, report)
    if wanted.ranker is None:
        for _ in texts:
            pass
    else:
        found = map_in_workers(wanted.ranker, _titles, texts, wanted.workers)
        for block in blocks(found):
            collector.add_entities(block)
    return collector.finish()


def blocks(rows: Iterable[T]) -> Iterator[list[T]]:
    """Rows in lists of `BLOCK`."""
    remaining = iter(rows)
    while block := list(islice(remaining, BLOCK)):
        yield block


def _titles(ranker: EntityRanker, text: str) -> list[str]:
    """The titles of a text's entities, the highest rho first."""
    links = sorted(ranker.link(text), key=lambda link: -link.rho)
    return list(dict.fromkeys(link.title for link in links))


class _Collector:
    def __init__(self, wanted: Wanted, scratch: Path) -> None:
        self._wanted = wanted
        self._count, self._is_time_missing = 0, False
        self._words = (
            WordCollector(wanted.tokenizer, wanted.vectors, scratch / "words")
            if wanted.tokenizer
            else None
        )
        names = [ENTITIES, *wanted.entity_titles] if wanted.ranker else []
        self._entities = {name: ValueCollector(scratch / f"entities-{name}") for name in names}
        self._categories = {
            field.column.name: ValueCollector(scratch / f"categories-{field.column.name}")
            for field in wanted.categories
        }

    def texts(self, source: Source, report: Report) -> Iterator[str]:
        """The items' texts; what else is wanted is collected on the way."""
        wanted = self._wanted
        for rows in blocks(source.rows(report)):
            texts = [wanted.text_of(row) for row in rows]
            self._count += len(rows)
            if self._words:
                self._words.add(texts)
            for field in wanted.categories:
                values = [categories(row[field.source]) for row in rows]
                self._categories[field.column.name].add(values)
            if wanted.timestamp and not self._is_time_missing:
                self._is_time_missing = any(row[wanted.timestamp] in (None, "") for row in rows)
            yield from texts

    def add_entities(self, rows: list[list[str]]) -> None:
        """Add items' entities, by falling rho."""
        self._entities[ENTITIES].add(rows)
        for name, titles in self._wanted.entity_titles.items():
            self._entities[name].add([[t for t in row if t in titles] for row in rows])

    def finish(self) -> Collected:
        texts, words = self._words.finish() if self._words else (None, [])
        kept = self._wanted.kept
        return Collected(
            items=self._count,
            texts=texts,
            words=words,
            entities={n: c.finish(kept.get(n, ())) for n, c in self._entities.items()},
            categories={n: c.finish(kept.get(n, ())) for n, c in self._categories.items()},
            is_time_missing=self._is_time_missing,
        )
