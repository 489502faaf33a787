"""Rows of MediaWiki dumps and of extracted folders: one per article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nlp_engine.corpus.sources.source import Row, Source
from nlp_engine.errors import InputError
from nlp_engine.manifest import Manifest
from nlp_engine.progress import Progress, Report
from nlp_engine.wiki.dump import read_site
from nlp_engine.wiki.extract import dump_batches
from nlp_engine.wiki.shards import Article, articles_of, read_articles

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
        codes.setdefault(read_site(file, language).language.code, file)
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
    for number, article in enumerate(read_articles(path), 1):
        yield _row(article)
        report(Progress(f"reading {path.name}", number, total, "documents"))


def _dump_rows(path: Path, code: str, report: Report) -> Iterator[Row]:
    for batch in dump_batches(path, report=report, language=code):
        yield from map(_row, articles_of(batch))


def _row(article: Article) -> Row:
    return {name: getattr(article, name) for name in _COLUMNS}
