"""Titles and namespaces, as MediaWiki reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nlp_engine.languages import Language, language
from nlp_engine.wiki.tables import prefixes, wiki_facts

ARTICLE_NAMESPACE = 0
_FILE_NAMESPACES = (6, -2)  # files and media
_CATEGORY_NAMESPACE = 14


@dataclass(frozen=True, kw_only=True, eq=False)
class Site:
    """What is known of a dump's wiki.

    Attributes:
        language: The wiki's language.
        prefixes: What the lower-case prefix of a link target means: `category`, `file`,
            `language` (this page in another language) or `other` (another namespace or wiki).
        first_letter: Whether titles start with a capital (the `first-letter` case rule).
    """

    language: Language
    prefixes: Mapping[str, str]
    first_letter: bool = True


def make_site(
    language_code: str, names: Iterable[tuple[str, int]] = (), *, first_letter: bool = True
) -> Site:
    """A wiki with the given namespaces beside those that every wiki of the language knows.

    Args:
        language_code: The wiki's language.
        names: Names and numbers of namespaces, as a dump's `<siteinfo>` lists them.
        first_letter: Whether titles start with a capital.
    """
    facts, everywhere = wiki_facts(language_code), prefixes()
    known = dict.fromkeys(everywhere.language_codes, "language")
    known |= dict.fromkeys(everywhere.interwiki | everywhere.other_namespaces, "other")
    known |= dict.fromkeys(facts.file, "file") | dict.fromkeys(facts.category, "category")
    for name, number in names:
        if number in _FILE_NAMESPACES:
            known[name.lower()] = "file"
        elif number == _CATEGORY_NAMESPACE:
            known[name.lower()] = "category"
        elif number != ARTICLE_NAMESPACE:
            known[name.lower()] = "other"
    return Site(language=language(language_code), prefixes=known, first_letter=first_letter)


def resolve_redirects(redirects: Mapping[str, str], *, longest_chain: int = 10) -> dict[str, str]:
    """Follow chains of redirects to their ends.

    Args:
        redirects: Target by redirect title.
        longest_chain: Longer chains, and loops, are left out of the result.

    Returns:
        The final target by redirect title.
    """
    resolved = {}
    for title, target in redirects.items():
        for _ in range(longest_chain):
            following = redirects.get(target)
            if following is None:
                resolved[title] = target
                break
            target = following
    return resolved
