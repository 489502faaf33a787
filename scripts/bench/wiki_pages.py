"""Pages of a MediaWiki export for benchmarks, read independently of the product."""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

SAMPLE = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"


class WikiPage(NamedTuple):
    """An article or disambiguation page; redirects and other namespaces are passed over."""

    title: str
    wikitext: str


def sample_path() -> Path:
    """The English Wikipedia export in gensim's wheel: 206 pages, 106 of them articles."""
    from gensim.test.utils import datapath

    return Path(datapath(SAMPLE))


def article_pages(dump: Path) -> Iterator[WikiPage]:
    """The article-namespace pages of a dump that are no redirects."""
    opener = bz2.open if dump.suffix == ".bz2" else open
    with opener(dump, "rb") as file:
        for _, element in ElementTree.iterparse(file):
            if not element.tag.endswith("}page") and element.tag != "page":
                continue
            schema = element.tag[:-4]
            redirect = element.find(f"{schema}redirect") is not None
            if not redirect and element.findtext(f"{schema}ns") == "0":
                text = element.findtext(f"{schema}revision/{schema}text") or ""
                yield WikiPage(element.findtext(f"{schema}title") or "", text)
            element.clear()
