"""The peers that turn wikitext into text and links, each as a function of one page."""

from __future__ import annotations

import importlib.util
import pickle
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from wiki_pages import WikiPage

PEERS = ("wikiextractor", "gensim", "mwparserfromhell", "wikipedia2vec")

TextExtractor = Callable[[WikiPage], str]
"""Clean text of a page."""


def missing_peers() -> list[str]:
    """The peers that this Python has not installed."""
    return [name for name in PEERS if importlib.util.find_spec(name) is None]


def wikiextractor_text(page: WikiPage) -> str:
    """wikiextractor without templates, its output not escaped again."""
    from wikiextractor.extract import Extractor

    extractor = Extractor("1", "1", "", page.title, [page.wikitext])
    lines = extractor.clean_text(page.wikitext, expand_templates=False, html_safe=False)
    return "\n".join(lines)


def gensim_text(page: WikiPage) -> str:
    """gensim's text, as its corpus reader cleans it."""
    from gensim.corpora.wikicorpus import filter_wiki

    return str(filter_wiki(page.wikitext))


def gensim_links(page: WikiPage) -> list[tuple[str, str]]:
    """gensim's pairs of target and anchor, without places."""
    from gensim.corpora.wikicorpus import find_interlinks

    return list(find_interlinks(page.wikitext))


def mwparserfromhell_text(page: WikiPage) -> str:
    """mwparserfromhell's text."""
    import mwparserfromhell

    return str(mwparserfromhell.parse(page.wikitext).strip_code())


def wikipedia2vec_paragraphs(
    page: WikiPage, language: str = "en"
) -> Sequence[tuple[str, Sequence[tuple[str, str, int, int]], bool]]:
    """wikipedia2vec's paragraphs: text, links (target, anchor, start, end), whether abstract."""
    from wikipedia2vec.dump_db import _parse_page
    from wikipedia2vec.utils.wiki_page import WikiPage as Page

    _, (_, stored) = _parse_page(Page(page.title, language, page.wikitext, None), None)
    paragraphs, _ = pickle.loads(zlib.decompress(stored))
    return paragraphs


def wikipedia2vec_text(page: WikiPage) -> str:
    """wikipedia2vec's text."""
    return "\n".join(text for text, _, _ in wikipedia2vec_paragraphs(page))


def wikipedia2vec_links(page: WikiPage) -> list[tuple[str, str]]:
    """wikipedia2vec's pairs of target and anchor."""
    found = wikipedia2vec_paragraphs(page)
    return [(link[0], link[1]) for _, links, _ in found for link in links]


def text_extractors() -> dict[str, TextExtractor]:
    """The text function of every peer that is installed."""
    functions = {
        "wikiextractor": wikiextractor_text,
        "gensim": gensim_text,
        "mwparserfromhell": mwparserfromhell_text,
        "wikipedia2vec": wikipedia2vec_text,
    }
    missing = missing_peers()
    return {name: function for name, function in functions.items() if name not in missing}


def mwparserfromhell_literals(page: WikiPage) -> str:
    """What mwparserfromhell reads as text, not as markup, without white space.

    Templates, files and comments are passed over, so markup in here is the author's: quoted
    source code, or brackets that have no partner.
    """
    import mwparserfromhell

    return "".join("".join(_literals(mwparserfromhell.parse(page.wikitext))).split())


def in_template(page: WikiPage, target: str) -> bool:
    """Whether mwparserfromhell finds a link to the target inside of a template."""
    import mwparserfromhell

    begin = re.compile(rf"\[\[\s*{re.escape(target).replace(chr(92) + ' ', '[ _]+')}", re.I)
    code = mwparserfromhell.parse(page.wikitext)
    return any(begin.search(str(node)) for node in code.ifilter_templates())


def _literals(code: Any) -> Iterator[str]:
    from mwparserfromhell import nodes

    for node in code.nodes if code is not None else []:
        if isinstance(node, nodes.Text):
            yield str(node)
        elif isinstance(node, nodes.HTMLEntity):
            yield node.normalize()
        elif isinstance(node, nodes.Wikilink):
            yield from _literals(node.text if node.text is not None else node.title)
        elif isinstance(node, nodes.Tag):
            yield from _literals(node.contents)
        elif isinstance(node, nodes.ExternalLink):
            yield from _literals(node.title if node.brackets else node.url)
        elif isinstance(node, nodes.Heading):
            yield from _literals(node.title)
