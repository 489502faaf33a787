"""Building a knowledge base from extracted shards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.corpus.counts import ANCHOR_SCHEMA, LinkCounts, check_engine, count_links
from nlp_engine.entities.forms import FormTrie, form_key, title_form, tokens
from nlp_engine.entities.knowledge_base import (
    FORMS_FILE,
    OUTSIDE_DUMP,
    TITLES_FILE,
    Arrays,
)
from nlp_engine.entities.settings import KnowledgeBaseSettings
from nlp_engine.errors import InputError
from nlp_engine.files import new_folder
from nlp_engine.languages import Language, language
from nlp_engine.manifest import Manifest, read_manifest, write_manifest
from nlp_engine.progress import Progress, Report, silent
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import ExtractedPage, read_articles, read_pages
from nlp_engine.wiki.titles import resolve_redirects

_ROWS_PER_BATCH = 100_000


def build_knowledge_base(
    extracted: Path | str,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Build a knowledge base from extracted shards.

    Forms are link anchors, redirect titles, and page titles without a final part in brackets.
    Redirects are resolved and disambiguation pages are no candidates. Targets without a page in
    the dump are kept: in an excerpt they are most of what the text links to.

    Args:
        extracted: An extracted folder.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told of documents read.
        **options: Fields of `KnowledgeBaseSettings`.

    Returns:
        The folder's manifest; `counts` has articles, entities, forms, candidates and in-links.

    Raises:
        EngineError: Spark was chosen and cannot be started.
        InputError: The folder cannot be read or its texts have no links.
        MissingExtraError: Spark was chosen and is not installed.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    started = time.monotonic()
    chosen = settings.from_mapping(KnowledgeBaseSettings, options)
    check_engine(chosen.engine)
    extracted = Path(extracted)
    parent = read_manifest(extracted, "extracted")
    with new_folder(Path(out), overwrite=overwrite) as folder:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            pages = _write_anchors(
                extracted, Path(scratch, "anchors.parquet"), parent, chosen, report
            )
            report(Progress("counting links", 0, None, "links"))
            counted = count_links(
                Path(scratch, "anchors.parquet"),
                pages.redirects,
                pages.disambiguations,
                engine=chosen.engine,
                memory=chosen.memory,
                spill=Path(scratch),
            )
        if counted.in_links.num_rows == 0:
            raise InputError(f"{extracted}: no page links to another; there is nothing to learn")
        counts = _write(folder, extracted, counted, pages, parent, chosen, report)
        return write_manifest(
            folder,
            format="knowledge base",
            language=parent.language,
            started=started,
            parents=[parent],
            settings=settings.to_mapping(chosen),
            counts=counts,
        )


@dataclass(frozen=True, slots=True)
class _Pages:
    page_ids: dict[str, int]  # of articles, by title
    redirects: dict[str, str]
    disambiguations: list[str]


def _write_anchors(
    extracted: Path, path: Path, parent: Manifest, chosen: KnowledgeBaseSettings, report: Report
) -> _Pages:
    """Write every link, title and redirect as a row of `ANCHOR_SCHEMA`."""
    pages = _Pages({}, {}, [])
    total = sum(parent.counts.get(kind, 0) for kind in ("articles", "redirects", "disambiguations"))
    its_language = language(parent.language)
    batch: list[tuple[str, str, str, str]] = []
    with pq.ParquetWriter(path, ANCHOR_SCHEMA) as writer:
        for number, page in enumerate(read_pages(extracted), 1):
            if page.kind is PageKind.ARTICLE:
                pages.page_ids[page.title] = page.page_id
            elif page.redirect_to:
                pages.redirects[page.title] = page.redirect_to
            else:
                pages.disambiguations.append(page.title)
            batch += _anchors(page, its_language, chosen.max_form_words)
            if len(batch) >= _ROWS_PER_BATCH:
                writer.write_table(_anchor_table(batch))
                batch = []
            report(Progress("reading links", number, total, "pages"))
        writer.write_table(_anchor_table(batch))
    return _Pages(pages.page_ids, resolve_redirects(pages.redirects), pages.disambiguations)


def _anchors(
    page: ExtractedPage, language: Language, max_words: int
) -> Iterator[tuple[str, str, str, str]]:
    def key(text: str) -> str:
        form = form_key(text, language)
        return form if form.count(" ") < max_words else ""

    if page.kind is PageKind.ARTICLE:
        yield page.title, key(title_form(page.title)), page.title, "title"
    elif page.redirect_to:
        yield page.title, key(title_form(page.title)), page.redirect_to, "redirect"
        return
    for link in page.links:
        yield page.title, key(page.text[link.start : link.end]), link.target, "anchor"
    for outside in page.outside_links:
        yield page.title, key(outside.anchor), outside.target, "outside"


def _anchor_table(rows: list[tuple[str, str, str, str]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    return pa.Table.from_arrays(
        [pa.array(column, pa.string()) for column in columns], schema=ANCHOR_SCHEMA
    )


def _write(
    folder: Path,
    extracted: Path,
    counted: LinkCounts,
    pages: _Pages,
    parent: Manifest,
    chosen: KnowledgeBaseSettings,
    report: Report,
) -> dict[str, int]:
    """Write the tries and arrays; return the counts of their entries."""
    targets = (counted.candidates["target"], counted.in_links["target"])
    titles = marisa_trie.Trie(set(pages.page_ids).union(*(t.to_pylist() for t in targets)))
    titles.save(str(folder / TITLES_FILE))
    frequent = counted.forms.filter(pc.field("links") >= chosen.min_link_count)
    forms, statistics = _kept_forms(extracted, frequent, parent, chosen, report)
    forms.save(folder / FORMS_FILE)
    arrays = Arrays(
        **statistics,
        **_candidates(counted.candidates, forms, titles),
        **_in_links(counted.in_links, titles),
        page_ids=_page_ids(pages.page_ids, titles),
    )
    for field in fields(arrays):
        np.save(folder / f"{field.name}.npy", getattr(arrays, field.name))
    return {
        "articles": len(pages.page_ids),
        "entities": len(titles),
        "forms": len(forms),
        "candidates": len(arrays.candidate_entities),
        "in_links": len(arrays.in_link_sources),
    }


def _kept_forms(
    extracted: Path,
    counted: pa.Table,
    parent: Manifest,
    chosen: KnowledgeBaseSettings,
    report: Report,
) -> tuple[FormTrie, dict[str, NDArray[Any]]]:
    """The forms above the least link probability, and their statistics by form id."""
    keys = counted["form"].to_pylist()
    every_form = FormTrie.of(keys, chosen.max_form_words)
    order = _ids(every_form.id, keys)
    occurring = _form_documents(extracted, every_form, parent, report)[order]
    linked = counted["link_documents"].to_numpy()
    # A redirect is a page on which its title occurs and is a link.
    documents = np.maximum(occurring + counted["redirect_documents"].to_numpy(), linked)
    kept = linked >= chosen.min_link_probability * documents
    kept_keys = [key for key, keep in zip(keys, kept.tolist(), strict=True) if keep]
    forms = FormTrie.of(kept_keys, chosen.max_form_words)
    position = np.argsort(_ids(forms.id, kept_keys))
    columns = {
        "form_links": counted["links"].to_numpy(),
        "form_link_documents": linked,
        "form_documents": documents,
    }
    return forms, {
        name: column[kept][position].astype(np.uint32) for name, column in columns.items()
    }


def _form_documents(
    extracted: Path, forms: FormTrie, parent: Manifest, report: Report
) -> NDArray[np.int64]:
    """(F) in how many articles each form occurs, in the text or as the title."""
    documents = np.zeros(len(forms), np.int64)
    total = parent.counts.get("articles")
    its_language = language(parent.language)
    for number, page in enumerate(read_articles(extracted), 1):
        seen: set[int] = set()
        for text in (title_form(page.title), page.text):
            words = tokens(text, its_language)
            for start in range(len(words)):
                seen.update(form for _, form in forms.starting_at(words, start))
        documents[list(seen)] += 1
        report(Progress("counting forms", number, total, "documents"))
    return documents


def _candidates(counted: pa.Table, forms: FormTrie, titles: Any) -> dict[str, NDArray[Any]]:
    form = _ids(forms.id, counted["form"].to_pylist())
    entity = _ids(titles.get, counted["target"].to_pylist())
    links = counted["links"].to_numpy()
    order = np.lexsort((entity, -links, form))
    order = order[np.count_nonzero(form < 0) :]  # forms that were left out have id -1
    return {
        "candidate_offsets": _offsets(form[order], len(forms)),
        "candidate_entities": entity[order].astype(np.int32),
        "candidate_counts": links[order].astype(np.uint32),
    }


def _in_links(counted: pa.Table, titles: Any) -> dict[str, NDArray[Any]]:
    target = _ids(titles.get, counted["target"].to_pylist())
    source = _ids(titles.get, counted["source"].to_pylist())
    order = np.lexsort((source, target))
    return {
        "in_link_offsets": _offsets(target[order], len(titles)),
        "in_link_sources": source[order].astype(np.int32),
    }


def _page_ids(page_ids: dict[str, int], titles: Any) -> NDArray[np.int64]:
    by_entity = np.full(len(titles), OUTSIDE_DUMP, np.int64)
    by_entity[_ids(titles.get, list(page_ids))] = list(page_ids.values())
    return by_entity


def _ids(lookup: Callable[[str], int | None], keys: Sequence[str]) -> NDArray[np.int64]:
    """(N) the ids of N keys, -1 for those without one."""
    found = (lookup(key) for key in keys)
    return np.fromiter((-1 if i is None else i for i in found), np.int64, len(keys))


def _offsets(sorted_ids: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """(count + 1) where each id's run begins in an ascending array of ids."""
    return np.searchsorted(sorted_ids, np.arange(count + 1))
