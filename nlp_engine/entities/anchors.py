"""What the pages of a wiki call each other: one row per link, title, name and alias."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nlp_engine.corpus.counts import ANCHOR_SCHEMA, EXCLUDED_SCHEMA
from nlp_engine.entities.arrays import strings_of
from nlp_engine.entities.characters import characters
from nlp_engine.entities.forms import form_keys, title_form
from nlp_engine.languages import Language, language
from nlp_engine.manifest import Manifest
from nlp_engine.native import entities as kernel
from nlp_engine.progress import Progress, Report
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import shard_files
from nlp_engine.wiki.tables import wiki_facts

PAGE_SCHEMA = pa.schema(
    [
        ("title", pa.string()),
        ("page_id", pa.int64()),
        ("kind", pa.string()),
        ("redirect_to", pa.string()),
        ("categories", pa.list_(pa.string())),
    ]
)
_COLUMNS = [
    "page_id", "title", "kind", "redirect_to", "text", "links", "outside_links", "categories",
]  # fmt: skip
_PAGES_PER_BATCH = 1000


@dataclass(frozen=True, slots=True)
class PageBatch:
    """Some pages of a shard, as columns."""

    table: pa.RecordBatch

    def column(self, name: str) -> Any:
        """A column."""
        return self.table.column(name)

    def of_kind(self, kind: PageKind) -> PageBatch:
        """The pages of one kind."""
        return PageBatch(self.table.filter(pc.equal(self.column("kind"), kind.value)))


@dataclass
class Shards:
    """The pages to read: extracted folders, of which later ones replace pages of earlier ones.

    Attributes:
        folders: Extracted folders.
        manifests: Theirs.
        fold: The links and texts of this fold of ten of the articles do not count, as if they were
            not written yet; None: all count.
    """

    folders: Sequence[Path]
    manifests: Sequence[Manifest]
    fold: int | None = None
    _replaced: list[frozenset[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        later: frozenset[str] = frozenset()
        for folder in reversed(self.folders):
            self._replaced.insert(0, later)
            if folder is not self.folders[0]:
                later |= frozenset(_titles(folder))

    @property
    def language(self) -> Language:
        """The wiki's language."""
        return language(self.manifests[0].language)

    def total(self, *kinds: str) -> int:
        """Pages of the given kinds, replaced ones included."""
        return sum(m.counts.get(kind, 0) for m in self.manifests for kind in kinds)

    def batches(self, columns: Sequence[str] = _COLUMNS) -> Iterator[PageBatch]:
        """All pages that are not replaced."""
        for folder, replaced in zip(self.folders, self._replaced, strict=True):
            titles = pa.array(sorted(replaced), pa.string())
            for path in shard_files(folder):
                for batch in pq.ParquetFile(path).iter_batches(_PAGES_PER_BATCH, columns=columns):
                    if replaced:
                        keep = pc.invert(pc.is_in(batch.column("title"), value_set=titles))
                        batch = batch.filter(keep)
                    yield PageBatch(batch)

    def counted(self, batch: PageBatch) -> PageBatch:
        """The pages of a batch that are not held out."""
        if self.fold is None:
            return batch
        kept = [not is_held_out(title, self.fold) for title in batch.column("title").to_pylist()]
        return PageBatch(batch.table.filter(pa.array(kept, pa.bool_())))


def is_held_out(title: str, fold: int) -> bool:
    """Whether an article belongs to a fold of ten, by a hash of its title."""
    return zlib.crc32(title.encode()) % 10 == fold


def _titles(folder: Path) -> Iterator[str]:
    for path in shard_files(folder):
        for batch in pq.ParquetFile(path).iter_batches(columns=["title"]):
            yield from batch.column("title").to_pylist()


def write_anchors(
    shards: Shards, folder: Path, *, max_words: int, report: Report
) -> tuple[Path, Path, Path]:
    """Write what the pages say about names.

    Returns:
        Parquet files: anchors (`ANCHOR_SCHEMA`), pages (`PAGE_SCHEMA`), and titles that are no
        entities (`EXCLUDED_SCHEMA`).
    """
    paths = folder / "anchors.parquet", folder / "pages.parquet", folder / "excluded.parquet"
    total = shards.total("articles", "redirects", "disambiguations")
    facts = wiki_facts(shards.language.code)
    rows = _Rows(shards.language, max_words, people=facts.people)
    done = 0
    with (
        pq.ParquetWriter(paths[0], ANCHOR_SCHEMA) as anchors,
        pq.ParquetWriter(paths[1], PAGE_SCHEMA) as pages,
        pq.ParquetWriter(paths[2], EXCLUDED_SCHEMA) as excluded,
    ):
        for batch in shards.batches():
            facts_of_pages = batch.table.select(PAGE_SCHEMA.names)
            pages.write_table(pa.Table.from_batches([facts_of_pages]).cast(PAGE_SCHEMA))
            _write_titles(excluded, batch.of_kind(PageKind.DISAMBIGUATION).column("title"))
            for table in rows.of(batch, shards.counted(batch)):
                anchors.write_table(table)
                if facts.list_title:
                    _write_titles(excluded, _lists(table["target"], facts.list_title))
            done += batch.table.num_rows
            report(Progress("reading links", done, total, "pages"))
    return paths


def _write_titles(file: pq.ParquetWriter, titles: Any) -> None:
    file.write_table(pa.Table.from_arrays([titles.cast(pa.string())], schema=EXCLUDED_SCHEMA))


def _lists(targets: Any, pattern: str) -> Any:
    """The targets that are lists, whether the dump has them or not."""
    return pc.unique(targets.filter(pc.match_substring_regex(pc.utf8_lower(targets), pattern)))


class _Rows:
    """Makes rows of `ANCHOR_SCHEMA` of pages."""

    def __init__(self, language: Language, max_words: int, *, people: str) -> None:
        self._language = language
        self._max_words = max_words
        self._people = re.compile(people) if people else None

    def of(self, batch: PageBatch, counted: PageBatch) -> Iterator[pa.Table]:
        """The rows of a batch of pages; only the links of `counted` ones count."""
        articles = batch.of_kind(PageKind.ARTICLE)
        titles = articles.column("title")
        yield self._titles(titles, titles, "title")
        yield self._names(articles)
        redirects = batch.of_kind(PageKind.REDIRECT)
        yield self._titles(redirects.column("title"), redirects.column("redirect_to"), "redirect")
        yield self._aliases(batch.of_kind(PageKind.DISAMBIGUATION))
        for kind in (PageKind.ARTICLE, PageKind.DISAMBIGUATION):
            linking = counted.of_kind(kind)
            yield self._links(linking)
            yield self._outside_links(linking)

    def _titles(self, titles: Any, targets: Any, origin: str) -> pa.Table:
        """Titles with and without a final part in brackets."""
        whole = titles.to_pylist()
        short = [title_form(title) for title in whole]
        differs = [i for i, (a, b) in enumerate(zip(whole, short, strict=True)) if a != b]
        rows = pa.array([*range(len(whole)), *differs], pa.int64())
        forms = [*short, *(whole[i] for i in differs)]
        return self._table(titles.take(rows), forms, targets.take(rows), origin)

    def _names(self, articles: PageBatch) -> pa.Table:
        """Surnames of the people that articles are about: the last word of the title."""
        rows, names = [], []
        if self._people:
            titles = articles.column("title").to_pylist()
            for number, categories in enumerate(articles.column("categories").to_pylist()):
                words = title_form(titles[number]).split()
                if len(words) > 1 and any(self._people.search(c.lower()) for c in categories):
                    rows.append(number)
                    names.append(words[-1])
        titles = articles.column("title").take(pa.array(rows, pa.int64()))
        return self._table(titles, names, titles, "name")

    def _aliases(self, disambiguations: PageBatch) -> pa.Table:
        """The title of a disambiguation page with every page that it links to."""
        pages, targets = _flat(disambiguations.column("links"), "target")
        titles = disambiguations.column("title").take(pages)
        forms = [title_form(title) for title in titles.to_pylist()]
        return self._table(titles, forms, targets, "alias")

    def _links(self, pages: PageBatch) -> pa.Table:
        links = pages.column("links")
        numbers, targets = _flat(links, "target")
        flat = links.flatten()
        starts, ends = (_numbers(flat.field(name)) for name in ("start", "end"))
        offsets = _numbers(links.offsets).astype(np.int64)
        texts = strings_of(pages.column("text"))
        if unicodedata.is_normalized("NFC", texts.data.tobytes().decode()):
            keys = kernel.form_keys_of_spans(
                texts,
                offsets - offsets[0],
                starts,
                ends,
                characters(self._language),
                self._max_words,
            )
        else:
            whole = pages.column("text").to_pylist()
            anchors = [
                whole[page][start:end]
                for page, start, end in zip(
                    numbers.to_pylist(), starts.tolist(), ends.tolist(), strict=True
                )
            ]
            keys = form_keys(anchors, self._language, self._max_words)
        return _anchor_table(pages.column("title").take(numbers), keys, targets, "anchor")

    def _outside_links(self, pages: PageBatch) -> pa.Table:
        numbers, targets = _flat(pages.column("outside_links"), "target")
        _, anchors = _flat(pages.column("outside_links"), "anchor")
        titles = pages.column("title").take(numbers)
        return self._table(titles, anchors.to_pylist(), targets, "outside")

    def _table(self, sources: Any, forms: list[str], targets: Any, origin: str) -> pa.Table:
        return _anchor_table(
            sources, form_keys(forms, self._language, self._max_words), targets, origin
        )


def _anchor_table(sources: Any, keys: kernel.KeyColumn, targets: Any, origin: str) -> pa.Table:
    count = len(keys.lower)
    forms = pa.StringArray.from_buffers(count, pa.py_buffer(keys.offsets), pa.py_buffer(keys.data))
    origins = pa.repeat(pa.scalar(origin, pa.string()), count)
    lower = pa.array(keys.lower.astype(bool))
    return pa.Table.from_arrays([sources, forms, targets, origins, lower], schema=ANCHOR_SCHEMA)


def _flat(lists: Any, name: str) -> tuple[Any, Any]:
    """A field of all structs in a column of lists, and the number of the row of each."""
    return pc.list_parent_indices(lists), lists.flatten().field(name)


def _numbers(array: Any) -> NDArray[Any]:
    return np.ascontiguousarray(array.to_numpy(zero_copy_only=False))
