"""Extracted shards: a wiki's pages as Parquet files, the format that every later step reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.wikitext import Link

SCHEMA = pa.schema(
    [
        pa.field("page_id", pa.int64(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("redirect_to", pa.string()),
        pa.field("text", pa.string(), nullable=False),
        pa.field(
            "links",
            pa.list_(
                pa.struct([("start", pa.int32()), ("end", pa.int32()), ("target", pa.string())])
            ),
            nullable=False,
        ),
        pa.field("categories", pa.list_(pa.string()), nullable=False),
    ]
)

_PAGES_PER_BATCH = 1000
_SHARD_CHARACTERS = 256 << 20


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """One page of a shard; redirects have no text, links or categories."""

    page_id: int
    title: str
    kind: PageKind
    redirect_to: str | None
    text: str
    links: Sequence[Link]
    categories: Sequence[str]


class ShardWriter:
    """Writes pages to `part-00000.parquet`, `part-00001.parquet`, … of a folder.

    Use it as a context manager; memory holds one batch of pages.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._batch: list[dict[str, Any]] = []
        self._writer: pq.ParquetWriter | None = None
        self._shards = 0
        self._characters = 0

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._flush()
        self._close()

    def write(self, page: ExtractedPage) -> None:
        """Append a page."""
        self._batch.append(
            {
                "page_id": page.page_id,
                "title": page.title,
                "kind": page.kind.value,
                "redirect_to": page.redirect_to,
                "text": page.text,
                "links": [
                    {"start": link.start, "end": link.end, "target": link.target}
                    for link in page.links
                ],
                "categories": list(page.categories),
            }
        )
        self._characters += len(page.text)
        if len(self._batch) >= _PAGES_PER_BATCH:
            self._flush()
        if self._characters >= _SHARD_CHARACTERS:
            self._flush()
            self._close()

    def _flush(self) -> None:
        if not self._batch:
            return
        if self._writer is None:
            path = self._folder / f"part-{self._shards:05d}.parquet"
            self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
            self._shards += 1
        self._writer.write_table(pa.Table.from_pylist(self._batch, SCHEMA))
        self._batch = []

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._characters = None, 0


def shard_files(folder: Path) -> list[Path]:
    """The shards of an extracted folder, in order."""
    return sorted(folder.glob("part-*.parquet"))


def read_pages(folder: Path, kind: PageKind | None = None) -> Iterator[ExtractedPage]:
    """Stream the pages of an extracted folder.

    Args:
        folder: The folder; its manifest is not checked here.
        kind: Keep only pages of this kind.
    """
    for path in shard_files(folder):
        for batch in pq.ParquetFile(path).iter_batches(_PAGES_PER_BATCH):
            for row in batch.to_pylist():
                if kind is None or row["kind"] == kind:
                    yield ExtractedPage(
                        page_id=row["page_id"],
                        title=row["title"],
                        kind=PageKind(row["kind"]),
                        redirect_to=row["redirect_to"],
                        text=row["text"],
                        links=[Link(**link) for link in row["links"]],
                        categories=row["categories"],
                    )
