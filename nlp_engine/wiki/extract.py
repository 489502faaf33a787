"""From dumps to extracted shards: the one pass that reads wikitext."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.manifest import Manifest, write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.wiki.dump import Page, open_dump
from nlp_engine.wiki.kinds import PageKind, page_kind
from nlp_engine.wiki.shards import ExtractedPage, ShardWriter
from nlp_engine.wiki.titles import ARTICLE_NAMESPACE, Site
from nlp_engine.wiki.wikitext import parse

_PLURALS = {
    PageKind.ARTICLE: "articles",
    PageKind.REDIRECT: "redirects",
    PageKind.DISAMBIGUATION: "disambiguations",
}


def extract_dumps(
    dumps: Sequence[Path],
    out: Path,
    *,
    language: str | None = None,
    overwrite: bool = False,
    report: Report = silent,
) -> Manifest:
    """Write the article pages of MediaWiki dumps to a folder of Parquet shards.

    Args:
        dumps: XML exports of one wiki, plain or compressed.
        out: The folder to make.
        language: Language code; by default what the first dump says.
        overwrite: Replace an existing folder.
        report: Told of the compressed bytes read.

    Returns:
        The folder's manifest; `counts` has pages by kind, links and characters.

    Raises:
        InputError: A dump is missing, damaged, cut short, no MediaWiki export, or empty.
        OutputError: The folder exists or cannot be written.
    """
    started = time.monotonic()
    for dump in dumps:
        check_input_file(dump)
    counts = dict.fromkeys([*_PLURALS.values(), "links", "characters"], 0)
    code = language
    with new_folder(out, overwrite=overwrite) as folder:
        with ShardWriter(folder) as writer:
            for path in dumps:
                with open_dump(path, language_code=code, report=report) as opened:
                    code = opened.site.language.code
                    for page in article_pages(opened.pages, opened.site):
                        writer.write(page)
                        counts[_PLURALS[page.kind]] += 1
                        counts["links"] += len(page.links)
                        counts["characters"] += len(page.text)
        if not counts["articles"]:
            names = ", ".join(path.name for path in dumps)
            raise InputError(f"no article in {names}; is it a dump of pages-articles?")
        return write_manifest(
            folder,
            format="extracted",
            language=code or "en",
            started=started,
            sources=dumps,
            counts=counts,
        )


def article_pages(pages: Iterator[Page], site: Site) -> Iterator[ExtractedPage]:
    """The extracted form of every page in the article namespace."""
    for page in pages:
        if page.namespace == ARTICLE_NAMESPACE:
            yield _extracted(page, site)


def _extracted(page: Page, site: Site) -> ExtractedPage:
    kind = page_kind(page)
    if kind is PageKind.REDIRECT:
        target = site.target(page.redirect or "").title
        return ExtractedPage(page.id, page.title, kind, target, "", (), ())
    parsed = parse(page.wikitext, site)
    return ExtractedPage(
        page.id, page.title, kind, None, parsed.text, parsed.links, parsed.categories
    )
