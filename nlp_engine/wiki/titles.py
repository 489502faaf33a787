"""Titles and namespaces, as MediaWiki reads them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from nlp_engine.languages import Language, language

ARTICLE_NAMESPACE = 0
_MEDIA, _FILE, _CATEGORY = -2, 6, 14

# Names that every MediaWiki understands whatever its language, plus old aliases that pages still
# use although <siteinfo> does not list them. Add a language's aliases here.
_ALIASES = {
    _FILE: "file image fichier bild datei archivo imagen immagine картинка изображение ficheiro "
    "imagem bestand afbeelding plik grafika ファイル 画像 文件 图像 파일 그림 íomhà",
    _CATEGORY: "category catégorie kategorie categoría categoria категория categorie kategoria "
    "分类 カテゴリ 분류 roinn-seòrsa",
    _MEDIA: "media",
}

_LANGUAGE_PREFIX = re.compile(r"(?:[a-z]{2,3}|simple)(?:-[a-z]{2,})*")
_INTERWIKI = frozenset(
    "wikt wiktionary commons c s wikisource b wikibooks n wikinews q wikiquote v "
    "wikiversity voy wikivoyage species wikispecies m meta mw mediawikiwiki d wikidata w "
    "wikipedia bugzilla phab imdbtitle imdbname google doi".split()
)
_SPACES = re.compile(r"[\s_]+")


class LinkKind(Enum):
    """What a link target means for an article's text."""

    ARTICLE = "article"
    CATEGORY = "category"
    FILE = "file"
    INTERLANGUAGE = "interlanguage"
    OTHER = "other"  # another namespace, another wiki, or this page itself


@dataclass(frozen=True, slots=True)
class Target:
    """A link's target: what kind it is and the title as the dump's pages carry it."""

    kind: LinkKind
    title: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """What a dump's `<siteinfo>` says about its wiki.

    Attributes:
        language: The wiki's language.
        namespaces: Namespace numbers by lower-case name.
        first_letter: Whether titles start with a capital (the `first-letter` case rule).
    """

    language: Language
    namespaces: Mapping[str, int]
    first_letter: bool = True

    def target(self, raw: str) -> Target:
        """Classify and normalise what stands before the `|` of a `[[link]]`."""
        title = html.unescape(raw) if "&" in raw else raw
        title = _SPACES.sub(" ", title.partition("#")[0]).strip()
        prefix, colon, rest = title.partition(":")
        if not colon:
            return self._article(title)
        if not prefix:  # a leading colon makes a plain link of a category, file or language link
            inner = self.target(rest)
            return inner if inner.kind is LinkKind.ARTICLE else Target(LinkKind.OTHER, inner.title)
        number = self.namespaces.get(prefix.strip().lower())
        rest = rest.strip()
        if number == _CATEGORY:
            return Target(LinkKind.CATEGORY, self._capital(rest))
        if number in (_FILE, _MEDIA):
            return Target(LinkKind.FILE, rest)
        if number is not None and number != ARTICLE_NAMESPACE:
            return Target(LinkKind.OTHER, title)
        if prefix.lower() in _INTERWIKI:
            return Target(LinkKind.OTHER, title)
        if _LANGUAGE_PREFIX.fullmatch(prefix) and not rest.startswith(" "):
            return Target(LinkKind.INTERLANGUAGE, title)
        return self._article(title)

    def _article(self, title: str) -> Target:
        kind = LinkKind.ARTICLE if title else LinkKind.OTHER
        return Target(kind, self._capital(title))

    def _capital(self, title: str) -> str:
        return title[:1].upper() + title[1:] if self.first_letter else title


def make_site(
    language_code: str, names: Iterable[tuple[str, int]] = (), *, first_letter: bool = True
) -> Site:
    """A site with the given namespace names and the aliases every MediaWiki has."""
    namespaces = {name: number for number, aliases in _ALIASES.items() for name in aliases.split()}
    namespaces |= {name.lower(): number for name, number in names if name}
    return Site(language=language(language_code), namespaces=namespaces, first_letter=first_letter)


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
