"""Writing a knowledge base's files from a wiki's counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.corpus.counts import LinkCounts, open_duckdb
from nlp_engine.entities import numbering
from nlp_engine.entities.arrays import (
    MappedFolder,
    read_sorted_strings,
    short_offsets,
    write_number_lists,
    write_sorted_strings,
    write_strings,
)
from nlp_engine.entities.settings import KnowledgeBaseSettings
from nlp_engine.errors import InputError
from nlp_engine.progress import Progress, Report

_DUCKDB_SHARE = 0.4  # of the memory; the rest is for arrays and for reading


@dataclass(frozen=True, slots=True)
class CountedPages:
    """A wiki, counted.

    Attributes:
        links: Its links.
        pages: Parquet file of the schema `anchors.PAGE_SCHEMA`.
        excluded: Parquet file of titles that are no entities.
    """

    links: LinkCounts
    pages: Path
    excluded: Path


class Writer:
    """Writes a knowledge base's files from counts, with tables in a scratch folder.

    Args:
        folder: Where the files go.
        scratch: For tables, and for what does not fit into memory.
        chosen: The settings.
        report: Told of rows written.
    """

    def __init__(
        self, folder: Path, scratch: Path, chosen: KnowledgeBaseSettings, report: Report
    ) -> None:
        self._folder, self.scratch = folder, scratch
        self.chosen = chosen
        self._report = report
        memory = settings.byte_size("memory", chosen.memory)
        self.duckdb_memory = max(int(memory * _DUCKDB_SHARE), min(memory, 64 << 20))

    def write(
        self,
        counted: CountedPages,
        count_documents: Callable[[Any, FormDocuments], None],
        *,
        articles: int,
        source: Path,
        wikidata_key: str | None = None,
    ) -> dict[str, int]:
        """Write all files.

        Args:
            counted: The wiki, counted.
            count_documents: Counts the documents of sorted forms.
            articles: How many there are.
            source: Where the wiki is, for errors.
            wikidata_key: Of the table that `numbering.read_wikidata` has made.

        Returns:
            How many of everything there are.
        """
        self._report(Progress("numbering entities", 0, None, "entities"))
        with self.connection() as connection:
            numbering.number(
                connection,
                counted.links,
                counted.pages,
                counted.excluded,
                min_links=self.chosen.min_link_count,
            )
            counts = {"articles": articles} | self._write_entities(connection, source, wikidata_key)
            counts["categories"] = self._write_categories(connection)
            documents = FormDocuments.read(connection)
            forms = self._write_all_forms(connection)
        count_documents(forms, documents)
        documents.settle()
        kept = documents.kept(self.chosen.min_link_probability)
        counts["forms"] = self._write_forms(forms, documents, kept)
        del documents, forms  # candidates take as much memory
        with self.connection() as connection:
            counts["candidates"] = self._write_candidates(connection, kept)
        return counts

    def connection(self) -> Any:
        """The tables."""
        return open_duckdb(self.duckdb_memory, self.scratch, self.scratch / "numbers.duckdb")

    def _write_entities(
        self, connection: Any, source: Path, wikidata_key: str | None
    ) -> dict[str, int]:
        entities = numbering.count(connection, "entities")
        links = numbering.count(connection, "links")
        if not links:
            raise InputError(f"{source}: no page links to another; there is nothing to learn")
        titles = numbering.read_column(connection, "SELECT title FROM entities ORDER BY entity")
        write_strings(self._folder, "titles", titles)
        columns = {
            "title_order": ("entity", np.int32, "title"),
            "in_degrees": ("in_degree", np.uint32, "entity"),
            "page_ids": ("page_id", np.int32, "entity"),
        }
        for name, (column, dtype, order) in columns.items():
            sql = f"SELECT {column} FROM entities ORDER BY {order}"
            self._save(name, numbering.filled(connection, sql, np.empty(entities, dtype)))
        if wikidata_key:
            numbering.add_wikidata(connection, wikidata_key)
            items = np.zeros(entities, np.uint32)
            for entity, item in numbering.read_numbers(connection, "SELECT * FROM wikidata"):
                items[entity] = item
            self._save("wikidata", items)
        for name, row, number in (
            ("in_links", "target", "source"),
            ("out_links", "source", "target"),
        ):
            sql = f"SELECT {row}, {number} FROM links ORDER BY 1, 2"
            pairs = self._told(numbering.read_numbers(connection, sql), f"writing {name}", links)
            write_number_lists(self._folder, name, entities, pairs)
        return {"entities": entities, "in_links": links}

    def _write_categories(self, connection: Any) -> int:
        numbering.add_categories(connection)
        names = numbering.read_column(connection, "SELECT name FROM category_names ORDER BY id")
        count = write_sorted_strings(self._folder, "category_names", names)
        pairs = numbering.read_numbers(
            connection, "SELECT category, entity FROM categories ORDER BY 1, 2"
        )
        write_number_lists(self._folder, "categories", count, pairs)
        return count

    def _write_all_forms(self, connection: Any) -> Any:
        keys = numbering.read_column(connection, "SELECT form FROM forms ORDER BY id")
        count = write_sorted_strings(self.scratch, "all_forms", keys)
        return MappedFolder(self.scratch).sorted_strings("all_forms", count)

    def _write_forms(self, forms: Any, documents: FormDocuments, kept: NDArray[np.bool_]) -> int:
        def kept_keys() -> Iterator[pa.Array]:
            at = 0
            for piece in read_sorted_strings(forms):
                yield piece.filter(pa.array(kept[at : at + len(piece)]))
                at += len(piece)

        count = write_sorted_strings(self._folder, "form_keys", kept_keys())
        self._save("form_link_documents", documents.link_documents[kept])
        self._save("form_documents", documents.documents[kept])
        lower_documents = documents.lower_documents[kept]
        lower = np.flatnonzero(lower_documents)
        self._save("lower_forms", lower.astype(np.int32))
        self._save("lower_link_documents", documents.lower_link_documents[kept][lower])
        self._save("lower_documents", lower_documents[lower])
        return count

    def _write_candidates(self, connection: Any, kept: NDArray[np.bool_]) -> int:
        new_ids = np.cumsum(kept, dtype=np.int32) - 1
        all_rows = numbering.count(connection, "numbered_candidates")
        entities, counts = np.empty(all_rows, np.int32), np.empty(all_rows, np.uint32)
        sizes = np.zeros(np.count_nonzero(kept) + 1, np.int64)
        rows = numbering.read_numbers(
            connection,
            "SELECT form, entity, links FROM numbered_candidates ORDER BY form, links DESC, entity",
        )
        at = 0
        for form, entity, links in self._told(rows, "writing candidates", all_rows):
            keep = kept[form]
            end = at + int(np.count_nonzero(keep))
            entities[at:end], counts[at:end] = entity[keep], links[keep]
            ids, of_each = np.unique(new_ids[form[keep]], return_counts=True)
            sizes[ids + 1] += of_each
            at = end
        self._save("candidate_offsets", short_offsets(np.cumsum(sizes), "candidates"))
        self._save("candidate_entities", entities[:at])
        self._save("candidate_counts", counts[:at])
        return at

    def _save(self, name: str, array: NDArray[Any]) -> None:
        np.save(self._folder / f"{name}.npy", array)

    def _told(self, pieces: Iterator[Any], stage: str, total: int) -> Iterator[Any]:
        done = 0
        for piece in pieces:
            yield piece
            done += len(piece[0])
            self._report(Progress(stage, done, total, "rows"))


class FormDocuments:
    """Documents by form, in the order of their ids: uint32 (F) each.

    Attributes:
        link_documents: Pages where the form is a link, or a title or name.
        lower_link_documents: Pages where it is a link in lower case.
        documents: Pages where it occurs; 0 until they are counted.
        lower_documents: Pages where it occurs as one word in lower case; likewise.
    """

    def __init__(
        self,
        link_documents: NDArray[np.uint32],
        redirect_documents: NDArray[np.uint32],
        lower_link_documents: NDArray[np.uint32],
    ) -> None:
        self.link_documents = link_documents
        self.lower_link_documents = lower_link_documents
        self._redirect_documents = redirect_documents
        self.documents = np.zeros_like(link_documents)
        self.lower_documents = np.zeros_like(link_documents)

    @classmethod
    def read(cls, connection: Any) -> FormDocuments:
        """What the table `forms` says."""
        forms = numbering.count(connection, "forms")
        names = ("link_documents", "redirect_documents", "lower_link_documents")
        return cls(
            *(
                numbering.filled(
                    connection, f"SELECT {name} FROM forms ORDER BY id", np.empty(forms, np.uint32)
                )
                for name in names
            )
        )

    def settle(self) -> None:
        """What the text does not show: a redirect is a page where its title is a link."""
        self.documents += self._redirect_documents
        np.maximum(self.documents, self.link_documents, out=self.documents)
        np.maximum(self.lower_documents, self.lower_link_documents, out=self.lower_documents)

    def kept(self, min_link_probability: float) -> NDArray[np.bool_]:
        """(F) the forms that are links often enough."""
        return np.asarray(self.link_documents >= min_link_probability * self.documents)
