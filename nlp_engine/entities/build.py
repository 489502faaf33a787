"""Building a knowledge base from extracted shards."""

from __future__ import annotations

import os
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nlp_engine import settings
from nlp_engine.corpus.counts import check_engine, count_links
from nlp_engine.entities import numbering
from nlp_engine.entities.anchors import Shards, write_anchors
from nlp_engine.entities.arrays import strings_of
from nlp_engine.entities.characters import characters
from nlp_engine.entities.forms import title_form
from nlp_engine.entities.settings import KnowledgeBaseSettings
from nlp_engine.entities.writer import CountedPages, FormDocuments, Writer
from nlp_engine.errors import InputError
from nlp_engine.files import new_folder
from nlp_engine.languages import Language
from nlp_engine.manifest import Manifest, read_manifest, write_manifest
from nlp_engine.native import entities as kernel
from nlp_engine.progress import Progress, Report, silent
from nlp_engine.wiki.kinds import PageKind


def build_knowledge_base(
    extracted: Path | str | Sequence[Path | str],
    out: Path | str,
    *,
    wikidata: Path | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Build a knowledge base from extracted shards.

    Forms are link anchors, the titles of pages and redirects with and without a final part in
    brackets, surnames of people, and titles of disambiguation pages for what these list. Redirects
    are resolved; disambiguation pages and lists are no candidates. Targets without a page in the
    dump are kept: in an excerpt they are most of what the text links to.

    Args:
        extracted: An extracted folder, or several of one wiki: pages of later ones replace those
            of earlier ones with the same title, as when an increment is merged.
        out: The folder to make.
        wikidata: CSV, TSV or Parquet with the columns `wikidata` and `title` or `page_id`.
        overwrite: Replace an existing folder.
        report: Told of pages, links and documents read.
        **options: Fields of `KnowledgeBaseSettings`.

    Returns:
        The folder's manifest; `counts` has articles, entities, forms, candidates and in-links.

    Raises:
        EngineError: Spark was chosen and cannot be started.
        InputError: A folder cannot be read, is of another language, or no page links to another.
        MissingExtraError: Spark was chosen and is not installed.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    folders = [extracted] if isinstance(extracted, str | Path) else list(extracted)
    return build_from_shards(
        open_shards([Path(folder) for folder in folders]),
        Path(out),
        settings.from_mapping(KnowledgeBaseSettings, options),
        wikidata=wikidata,
        overwrite=overwrite,
        report=report,
    )


def open_shards(folders: Sequence[Path], *, fold: int | None = None) -> Shards:
    """The pages of extracted folders, `fold` of ten held out.

    Raises:
        InputError: There is no folder, or they are of different languages.
    """
    if not folders:
        raise InputError("no extracted folder was given; `nlp-engine wiki extract` makes one")
    manifests = [read_manifest(folder, "extracted") for folder in folders]
    for folder, manifest in zip(folders, manifests, strict=True):
        if manifest.language != manifests[0].language:
            raise InputError(
                f"{folder} is of language {manifest.language!r}, {folders[0]} of "
                f"{manifests[0].language!r}; a knowledge base is of one wiki"
            )
    return Shards(folders, manifests, fold)


def build_from_shards(
    shards: Shards,
    out: Path,
    chosen: KnowledgeBaseSettings,
    *,
    wikidata: Path | None = None,
    overwrite: bool = False,
    report: Report = silent,
) -> Manifest:
    """`build_knowledge_base` for shards that are open."""
    started = time.monotonic()
    check_engine(chosen.engine)
    max_words = _max_words(shards.language, chosen)
    with new_folder(out, overwrite=overwrite) as folder:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            writer = Writer(folder, Path(scratch), chosen, report)
            wikidata_key = None
            if wikidata:  # before anything that takes long
                with writer.connection() as connection:
                    wikidata_key = numbering.read_wikidata(connection, wikidata)
            counted = _count(shards, writer, max_words, report)
            counts = writer.write(
                counted,
                lambda forms, found: _count_documents(shards, forms, found, max_words, report),
                articles=_articles(counted.pages),
                source=shards.folders[0],
                wikidata_key=wikidata_key,
            )
        return write_manifest(
            folder,
            format="knowledge base",
            language=shards.language.code,
            started=started,
            sources=[wikidata] if wikidata else [],
            parents=shards.manifests,
            settings=settings.to_mapping(chosen) | {"max_form_words": max_words},
            counts=counts,
        )


def _max_words(of: Language, chosen: KnowledgeBaseSettings) -> int:
    if chosen.max_form_words is not None:
        return chosen.max_form_words
    return 8 if of.spaces else 20


def _count(shards: Shards, writer: Writer, max_words: int, report: Report) -> CountedPages:
    anchors, pages, excluded = write_anchors(
        shards, writer.scratch, max_words=max_words, report=report
    )
    report(Progress("counting links", 0, None, "links"))
    with writer.connection() as connection:
        redirects = numbering.resolve_redirects(connection, pages, writer.scratch)
    links = count_links(
        anchors,
        redirects,
        excluded,
        engine=writer.chosen.engine,
        memory=f"{writer.duckdb_memory}B",
        spill=writer.scratch,
    )
    anchors.unlink()
    return CountedPages(links, pages, excluded)


def _articles(pages: Path) -> int:
    """How many articles there are, without those that were replaced."""
    batches = pq.ParquetFile(pages).iter_batches(columns=["kind"])
    return sum(pc.equal(batch["kind"], PageKind.ARTICLE.value).true_count for batch in batches)


def _count_documents(
    shards: Shards, forms: Any, found: FormDocuments, max_words: int, report: Report
) -> None:
    """Count in how many articles each form occurs, in the text or as the title."""
    counters = kernel.document_counters(
        forms,
        max_words,
        characters(shards.language),
        found.documents,
        found.lower_documents,
        os.cpu_count() or 1,
    )
    total, done = shards.total("articles"), 0
    for batch in shards.batches(["title", "kind", "text"]):
        pages = shards.counted(batch).of_kind(PageKind.ARTICLE)
        titles = [title_form(title) for title in pages.column("title").to_pylist()]
        counters.add(*_normal(pa.array(titles, pa.string())), *_normal(pages.column("text")))
        done += pages.table.num_rows
        report(Progress("counting forms", done, total, "documents"))


def _normal(texts: Any) -> kernel.Strings:
    """A column of texts in normal form C."""
    strings = strings_of(texts)
    if unicodedata.is_normalized("NFC", strings.data.tobytes().decode()):
        return strings
    return kernel.Strings.of([unicodedata.normalize("NFC", t) for t in texts.to_pylist()])
