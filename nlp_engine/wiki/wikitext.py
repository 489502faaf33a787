"""Wikitext to clean text with link spans, in one pass.

One regular expression finds the next piece of markup; everything between is text. Each of its
alternatives starts with a literal character, so the regex engine skips ordinary text by a
character set instead of trying every position. No alternative can run past the next opener of its
own kind, so the time is linear on any input. Openers without a closer are literal text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from nlp_engine.wiki.titles import LinkKind, Site

_DEEPEST_NESTING = 20
_BREAK = "\n\n"  # between paragraphs; a single line break is a space, as in MediaWiki

_DROPPED_ELEMENTS = frozenset(
    "ref references math chem ce gallery timeline score syntaxhighlight source imagemap "
    "templatestyles code graph mapframe maplink hiero inputbox categorytree rss table style "
    "script".split()
)
_LITERAL_ELEMENTS = frozenset(("nowiki", "pre"))
_BREAKING_TAGS = frozenset("br p div li ul ol dl dd dt tr td th hr blockquote center poem".split())
_KNOWN_TAGS = (
    _DROPPED_ELEMENTS
    | _LITERAL_ELEMENTS
    | _BREAKING_TAGS
    | frozenset(
        "abbr b bdi bdo big caption cite del dfn em font i includeonly ins kbd noinclude "
        "onlyinclude q rb rp rt ruby s samp section small span strike strong sub sup tt u "
        "var wbr".split()
    )
)

_BRACES = re.compile(r"\{\{|\{\||\}\}|\|\}")
_BRACKETS = re.compile(r"\[\[|\]\]")
_CLOSES = {"}}": "{{", "|}": "{|", "]]": "[["}

# Which alternative of `_markup` matched, by its last group.
_PLAIN_LINK, _LINK, _LINE, _QUOTES, _BRACE, _TAG, _ENTITY, _EXTERNAL = 3, 4, 5, 6, 7, 9, 10, 12


@dataclass(frozen=True, slots=True)
class Link:
    """A link in clean text: `text[start:end]` is the anchor."""

    start: int
    end: int
    target: str


@dataclass(frozen=True, slots=True)
class ParsedText:
    """An article's clean text (one paragraph per line), its links in order, its categories."""

    text: str
    links: Sequence[Link]
    categories: Sequence[str]


def parse(wikitext: str, site: Site) -> ParsedText:
    """Turn wikitext into clean text with link spans.

    Templates, tables, references, formulas, galleries, files and comments are dropped; headings
    and list items become paragraphs. Time is linear in the length of the input.

    Args:
        wikitext: A page's source.
        site: The wiki it comes from.

    Returns:
        Text, links to articles with character offsets into the text, and category titles.
    """
    scanner = _Scanner(site)
    scanner.scan("\n" + _without_comments(wikitext), 0)
    text, links = _tidy("".join(scanner.out), scanner.links)
    return ParsedText(text, links, list(dict.fromkeys(scanner.categories)))


@lru_cache(maxsize=16)
def _markup(link_trail: str) -> re.Pattern[str]:
    return re.compile(
        r"\[\[([^\[\]|{}<>\n]+)(?:\|([^\[\]{}<>'|&]*))?\]\]"  # 1, 2: a link without inner markup
        rf"([{link_trail}]*)"  # 3: the letters after it that belong to its anchor
        r"|\[(\[)"  # 4: any other link
        r"|\n(=+|-{4,}|[*#:;]*)"  # 5: a new line, with the marks of a heading or list item
        r"|'('+)"  # 6: bold and italics
        r"|\{([{|])"  # 7: a template or table
        r"|<(/?[A-Za-z][A-Za-z0-9]*+)([^<>]*+)>"  # 8, 9: a tag and its attributes
        r"|&(#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);"  # 10: an entity
        r"|\[((?:https?:|ftps?:|mailto:|//)[^\s\[\]]*+)([^\[\]\n]*+)\]"  # 11, 12: an external link
        r"|_(_[A-Z]+__)"  # 13: a magic word
    )


@dataclass(slots=True)
class _Scanner:
    """What one page's scan has gathered so far."""

    site: Site
    out: list[str] = field(default_factory=list)
    length: int = 0  # of all strings in `out`
    links: list[Link] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    in_block: bool = False  # whether the current line is a list item or heading

    def scan(self, text: str, depth: int) -> None:
        """Append the clean form of `text`."""
        if depth > _DEEPEST_NESTING:
            self.emit(text)
            return
        search = _markup(self.site.language.link_trail).search
        braces: dict[int, int] | None = None
        brackets: dict[int, int] | None = None
        unclosed: set[str] = set()  # elements whose end tag does not occur any more
        position = 0
        while match := search(text, position):
            begin, end = match.span()
            if begin > position:
                self.emit(text[position:begin])
            position = end
            kind = match.lastindex
            if kind == _PLAIN_LINK:
                self.plain_link(match[1], match[2], match[3])
            elif kind == _LINE:
                position = self.new_line(text, match[_LINE], end, depth)
            elif kind == _BRACE:
                braces = _pairs(_BRACES, text) if braces is None else braces
                if begin in braces:
                    position = braces[begin]
                else:
                    self.emit(match.group())
            elif kind == _TAG:
                position = self.tag(text, match, unclosed)
            elif kind == _ENTITY:
                self.emit(html.unescape(match.group()))
            elif kind == _LINK:
                brackets = _pairs(_BRACKETS, text) if brackets is None else brackets
                if begin in brackets:
                    position = self.nested_link(text, end, brackets[begin], depth)
                else:
                    self.emit(match.group())
            elif kind == _EXTERNAL:
                self.scan(match[_EXTERNAL].strip(), depth + 1)
        self.emit(text[position:])

    def emit(self, text: str) -> None:
        self.out.append(text)
        self.length += len(text)

    def plain_link(self, raw_target: str, label: str | None, trail: str) -> None:
        target = self.site.target(raw_target)
        if target.kind is LinkKind.CATEGORY:
            self.categories.append(target.title)
        elif target.kind in (LinkKind.ARTICLE, LinkKind.OTHER):
            start = self.length
            self.emit((label or html.unescape(raw_target.lstrip(":"))) + trail)
            if target.kind is LinkKind.ARTICLE:
                self.links.append(Link(start, self.length, target.title))
            return
        self.emit(trail)

    def nested_link(self, text: str, begin: int, end: int, depth: int) -> int:
        """A link whose inside has markup of its own; returns where scanning goes on."""
        raw_target, _, label = text[begin : end - 2].partition("|")
        target = self.site.target(raw_target)
        if target.kind is LinkKind.CATEGORY:
            self.categories.append(target.title)
        elif target.kind in (LinkKind.ARTICLE, LinkKind.OTHER):
            start, links_before = self.length, len(self.links)
            self.scan(label or raw_target, depth + 1)
            trail = re.compile(f"[{self.site.language.link_trail}]*").match(text, end)
            self.emit(trail[0] if trail else "")
            if target.kind is LinkKind.ARTICLE:
                del self.links[links_before:]  # a link inside a link is none
                self.links.append(Link(start, self.length, target.title))
            return trail.end() if trail else end
        return end

    def new_line(self, text: str, marks: str, position: int, depth: int) -> int:
        """The start of a line; returns where scanning goes on."""
        if marks.startswith("="):
            line_end = text.find("\n", position)
            line_end = len(text) if line_end < 0 else line_end
            title = text[position:line_end].strip()
            if not title.endswith("="):
                self.emit("\n" + marks)
                return position
            self.emit(_BREAK)
            self.scan(title.strip("= \t"), depth + 1)
            self.in_block = True
            return line_end
        self.emit(_BREAK if marks or self.in_block else "\n")
        self.in_block = bool(marks)
        return position

    def tag(self, text: str, match: re.Match[str], unclosed: set[str]) -> int:
        """A tag; returns where scanning goes on."""
        name, attributes = match[8].lower(), match[9]
        if name.lstrip("/") not in _KNOWN_TAGS:
            self.emit("<")
            return match.start() + 1
        if name.lstrip("/") in _BREAKING_TAGS:
            self.emit(_BREAK)
        element = name in _DROPPED_ELEMENTS or name in _LITERAL_ELEMENTS
        if not element or attributes.endswith("/") or name in unclosed:
            return match.end()
        closing = _end_tag(name).search(text, match.end())
        if closing is None:
            unclosed.add(name)
            return match.end()
        if name in _LITERAL_ELEMENTS:
            self.emit(html.unescape(text[match.end() : closing.start()]))
        return closing.end()


@lru_cache(maxsize=64)
def _end_tag(name: str) -> re.Pattern[str]:
    return re.compile(f"</{name}\\s*>", re.IGNORECASE)


def _without_comments(text: str) -> str:
    pieces, position = [], 0
    while (begin := text.find("<!--", position)) >= 0:
        end = text.find("-->", begin + 4)
        if end < 0:
            break
        pieces.append(text[position:begin])
        position = end + 3
    return "".join(pieces) + text[position:] if pieces else text[position:]


def _pairs(pattern: re.Pattern[str], text: str) -> dict[int, int]:
    """Match openers with closers by a stack: the end of each balanced pair by its start.

    A closer whose opener is not on the stack is passed over; an opener that something else
    closes over is dropped. Both stay literal text.
    """
    ends: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    open_count = {"{{": 0, "{|": 0, "[[": 0}
    position = 0
    while match := pattern.search(text, position):
        token, position = match.group(), match.end()
        if token in open_count:
            stack.append((token, match.start()))
            open_count[token] += 1
            continue
        opener = _CLOSES[token]
        if token == "|}" and (not stack or stack[-1][0] != opener):
            position = match.start() + 1  # the `|` of a last, empty argument: {{name|}}
            continue
        while open_count[opener]:
            top, begin = stack.pop()
            open_count[top] -= 1
            if top == opener:
                ends[begin] = match.end()
                break
    return ends


_UNTIDY = re.compile(
    r"\n\s*(?:[(（][\s,;:]*[)）]\s*)*"  # a line break, and what a dropped template left empty
    r"|[^\S\n]\s+|[\t\r\f\v\xa0]"  # white space that is not one plain space
    r"|[ ]?[(（][\s,;:]*[)）]"  # the same elsewhere in the line
    r"|[(（][\s,;:]+"  # or left with stray punctuation
)


def _tidy(text: str, links: Sequence[Link]) -> tuple[str, list[Link]]:
    """Squeeze white space and empty parentheses, and move the links along."""
    pieces: list[str] = []
    edits: list[tuple[int, int, int, int]] = []  # old start, old end, new start, new end
    position = length = 0
    for match in _UNTIDY.finditer(text):
        begin, end = match.span()
        kept = text[position:begin]
        replacement = _tidied(match.group()) if length or kept else ""
        pieces += (kept, replacement)
        length += len(kept)
        edits.append((begin, end, length, length + len(replacement)))
        length += len(replacement)
        position = end
    pieces.append(text[position:])
    tidy = "".join(pieces).rstrip()
    return tidy, _moved(links, edits, tidy)


def _tidied(untidy: str) -> str:
    bare = untidy.lstrip(" ")
    if bare and bare[0] in "(（":
        return "" if bare[-1] in ")）" else bare[0]
    return "\n" if untidy.count("\n") > 1 else " "


def _moved(
    links: Sequence[Link], edits: Sequence[tuple[int, int, int, int]], text: str
) -> list[Link]:
    positions = _moved_positions((p for link in links for p in (link.start, link.end)), edits)
    moved = []
    for link, start, end in zip(links, positions, positions, strict=True):
        end = min(end, len(text))
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            moved.append(Link(start, end, link.target))
    return moved


def _moved_positions(
    positions: Iterator[int], edits: Sequence[tuple[int, int, int, int]]
) -> Iterator[int]:
    """Map ascending positions of the old text to the new one."""
    following = 0
    shift = 0
    for position in positions:
        while following < len(edits) and edits[following][1] <= position:
            shift = edits[following][3] - edits[following][1]
            following += 1
        if following < len(edits) and edits[following][0] < position:
            yield min(position + shift, edits[following][3])
        else:
            yield position + shift
