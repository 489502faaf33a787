"""What `nlp_engine.wiki.wikitext.parse` must give, in plain Python.

The rules in their order, each with the function that holds it:

1. `markup.prepare`: comments go, and references, formulas, galleries and the like with their
   content; what stands in <nowiki> and <pre> is fenced off as literal.
2. `markup.balance`: which opening bracket closes where. An opener without its closer is text.
3. `page.Page`: markup becomes text and links, from mark to mark. What stands inside of brackets is
   rendered by itself and put where it belongs. `titles.link_target` says what a link leads to.
4. `tidy.tidy`: white space, and parentheses that were left empty.

Where it can, it does what MediaWiki does; what a reader of the page sees decides. It is lenient
where MediaWiki shows its reader that the author made a mistake.
"""

from __future__ import annotations

from nlp_engine.wiki.titles import Site
from nlp_engine.wiki.wikitext import Link, OutsideLink, ParsedText
from tests.wiki.reference.page import Page
from tests.wiki.reference.tidy import tidy
from tests.wiki.reference.titles import link_target, squeeze


def parse(wikitext: str, site: Site, *, captions: bool = False, tables: bool = False) -> ParsedText:
    """As `nlp_engine.wiki.wikitext.parse`."""
    page = Page(wikitext, site, captions, tables)
    rendered = page.render(0, len(page.source), 0)
    text, places = tidy(rendered.text, [(link.start, link.end) for link in rendered.links])
    links = [
        Link(*place, link.target)
        for link, place in zip(rendered.links, places, strict=True)
        if place is not None
    ]
    outside = [OutsideLink(tidy(link.anchor, [])[0], link.target) for link in page.outside]
    return ParsedText(
        text,
        links,
        [link for link in outside if link.anchor],
        page.categories,
        page.disambiguation,
    )


def redirect_target(raw: str, site: Site) -> str:
    """The title that a redirect leads to; with its namespace if that is no article's."""
    kind, title = link_target(raw, site)
    return title if kind == "article" else squeeze(raw)
