"""Extracted shards: a wiki's pages as Parquet files, the format that every later step reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nlp_engine.native.wikitext import REDIRECT, Extraction, Strings
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.wikitext import Link, OutsideLink

_LINK = pa.struct(
    [
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
    ]
)
_OUTSIDE_LINK = pa.struct(
    [
        pa.field("anchor", pa.string(), nullable=False),
        pa.field("target", pa.string(), nullable=False),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("page_id", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("redirect_to", pa.string()),
        pa.field("text", pa.string(), nullable=False),
        pa.field("links", pa.list_(_LINK), nullable=False),
        pa.field("outside_links", pa.list_(_OUTSIDE_LINK), nullable=False),
        pa.field("categories", pa.list_(pa.string()), nullable=False),
    ]
)

_KINDS = pa.array([kind.value for kind in PageKind], pa.string())  # in the scanner's order
_ARTICLE_COLUMNS = ["kind", "page_id", "title", "text", "categories"]
_PAGES_PER_BATCH = 1000
_SHARD_BYTES = 512 << 20  # in memory; on disk about a third


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """One page of a shard; redirects have no text, links or categories."""

    page_id: int
    title: str
    kind: PageKind
    redirect_to: str | None
    text: str
    links: Sequence[Link]
    outside_links: Sequence[OutsideLink]
    categories: Sequence[str]


@dataclass(frozen=True, slots=True)
class Article:
    """What an article says, and what it is filed under."""

    page_id: int
    title: str
    text: str
    categories: Sequence[str]


def record_batch(extraction: Extraction) -> pa.RecordBatch:
    """The scanner's columns as rows of `SCHEMA`; no text is copied."""
    kinds = extraction.kinds
    links = pa.StructArray.from_arrays(
        [
            pa.array(extraction.link_starts),
            pa.array(extraction.link_ends),
            _strings(extraction.link_targets),
        ],
        fields=list(_LINK),
    )
    outside = pa.StructArray.from_arrays(
        [_strings(extraction.outside_anchors), _strings(extraction.outside_targets)],
        fields=list(_OUTSIDE_LINK),
    )
    columns = [
        pa.array(extraction.ids),
        _strings(extraction.titles),
        _KINDS.take(pa.array(kinds)),
        pc.if_else(pa.array(kinds == REDIRECT), _strings(extraction.redirects), None),
        _strings(extraction.texts),
        pa.ListArray.from_arrays(pa.array(extraction.link_offsets), links),
        pa.ListArray.from_arrays(pa.array(extraction.outside_offsets), outside),
        pa.ListArray.from_arrays(
            pa.array(extraction.category_offsets), _strings(extraction.categories)
        ),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _strings(strings: Strings) -> pa.StringArray:
    buffers = (pa.py_buffer(strings.offsets), pa.py_buffer(strings.data))
    return pa.StringArray.from_buffers(len(strings.offsets) - 1, *buffers)


class ShardWriter:
    """Writes batches to `<name>-000.parquet`, `<name>-001.parquet`, … of a folder.

    Use it as a context manager; a shard is opened when there is something to write.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._writer: pq.ParquetWriter | None = None
        self._shards = 0
        self._bytes = 0

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch of `SCHEMA`."""
        if batch.num_rows == 0:
            return
        if self._writer is None:
            path = self._folder / f"{self._name}-{self._shards:03d}.parquet"
            self._writer = pq.ParquetWriter(
                path, SCHEMA, compression="zstd", use_dictionary=["kind"], write_statistics=False
            )
            self._shards += 1
        self._writer.write_batch(batch)
        self._bytes += batch.nbytes
        if self._bytes >= _SHARD_BYTES:
            self._close()

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._bytes = None, 0


def shard_files(folder: Path) -> list[Path]:
    """The shards of an extracted folder, in order."""
    return sorted(folder.glob("part-*.parquet"))


def read_articles(folder: Path) -> Iterator[Article]:
    """Stream the articles of an extracted folder without their links, which takes less time."""
    for path in shard_files(folder):
        for batch in pq.ParquetFile(path).iter_batches(_PAGES_PER_BATCH, columns=_ARTICLE_COLUMNS):
            yield from articles_of(batch)


def articles_of(batch: pa.RecordBatch) -> Iterator[Article]:
    """The articles of a batch."""
    found = batch.filter(pc.equal(batch["kind"], PageKind.ARTICLE.value))
    for row in found.select(_ARTICLE_COLUMNS[1:]).to_pylist():
        yield Article(**row)


def read_pages(folder: Path, kind: PageKind | None = None) -> Iterator[ExtractedPage]:
    """Stream the pages of an extracted folder.

    Args:
        folder: The folder; its manifest is not checked here.
        kind: Keep only pages of this kind.
    """
    for path in shard_files(folder):
        for batch in pq.ParquetFile(path).iter_batches(_PAGES_PER_BATCH):
            yield from pages_of(batch, kind)


def pages_of(batch: pa.RecordBatch, kind: PageKind | None = None) -> Iterator[ExtractedPage]:
    """The rows of a batch, of one kind or all."""
    for row in batch.to_pylist():
        if kind is None or row["kind"] == kind:
            yield ExtractedPage(
                page_id=row["page_id"],
                title=row["title"],
                kind=PageKind(row["kind"]),
                redirect_to=row["redirect_to"],
                text=row["text"],
                links=[Link(**link) for link in row["links"]],
                outside_links=[OutsideLink(**link) for link in row["outside_links"]],
                categories=row["categories"],
            )
