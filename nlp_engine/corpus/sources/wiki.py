"""Rows of MediaWiki dumps and of extracted folders: one per article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nlp_engine.corpus.sources.source import Row, Source
from nlp_engine.errors import InputError
from nlp_engine.manifest import Manifest
from nlp_engine.progress import Progress, Report
from nlp_engine.wiki.dump import open_dump
from nlp_engine.wiki.extract import article_pages
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import ExtractedPage, read_pages

_COLUMNS = ("page_id", "title", "text", "categories")


def open_extracted(path: Path, manifest: Manifest, language: str | None) -> Source:
    """An extracted folder."""
    return Source(
        path=path,
        columns=_COLUMNS,
        language=language or manifest.language,
        parts=[path],
        manifest=manifest,
        read=lambda report: ((path, row) for row in _extracted_rows(path, manifest, report)),
    )


def open_dumps(path: Path, files: Sequence[Path], language: str | None) -> Source:
    """The dump files of one wiki.

    Raises:
        InputError: They are in several languages.
    """
    codes: dict[str, Path] = {}
    for file in files:
        with open_dump(file, language_code=language) as dump:
            codes.setdefault(dump.site.language.code, file)
    if len(codes) > 1:
        (code, file), (other_code, other_file) = list(codes.items())[:2]
        raise InputError(
            f"{path} holds dumps of several wikis: {file.name} is in {code!r}, {other_file.name} "
            f"in {other_code!r}; choose some by a pattern, e.g. --files '{code}wiki*'"
        )
    code = next(iter(codes))
    return Source(
        path=path,
        columns=_COLUMNS,
        language=code,
        parts=files,
        read=lambda report: (
            (file, row) for file in files for row in _dump_rows(file, code, report)
        ),
    )


def _extracted_rows(path: Path, manifest: Manifest, report: Report) -> Iterator[Row]:
    total = manifest.counts.get("articles")
    for number, page in enumerate(read_pages(path, PageKind.ARTICLE), 1):
        yield _row(page)
        report(Progress(f"reading {path.name}", number, total, "documents"))


def _dump_rows(path: Path, code: str, report: Report) -> Iterator[Row]:
    with open_dump(path, language_code=code, report=report) as dump:
        for page in article_pages(dump.pages, dump.site):
            if page.kind is PageKind.ARTICLE:
                yield _row(page)


def _row(page: ExtractedPage) -> Row:
    return {
        "page_id": page.page_id,
        "title": page.title,
        "text": page.text,
        "categories": page.categories,
    }
