"""Markup to text and links."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from nlp_engine.wiki.tables import inline_templates, wiki_facts
from nlp_engine.wiki.titles import Site
from nlp_engine.wiki.wikitext import Link, OutsideLink
from tests.wiki.reference.markup import (
    BREAKING,
    NO_UNICODE,
    TAG,
    TAG_NAME,
    balance,
    odd_quotes,
    prepare,
)
from tests.wiki.reference.tidy import WHITE
from tests.wiki.reference.titles import (
    CHARACTER_REFERENCE,
    link_target,
    lower_case,
    percent_decoded,
    squeeze,
    unescape,
)

VARIANT_LANGUAGES = frozenset("crh gan iu kk ku shi sr tg tly uz wuu zh".split())
DEEPEST_NESTING = 40  # what is nested deeper is text as it stands
LONGEST_TEMPLATE_NAME = 200  # bytes; a longer one names no template
LONGEST_VARIANT = 2000  # bytes; a -{ further from its }- is text
LONGEST_MAGIC_WORD = 60  # bytes


@dataclasses.dataclass
class Fragment:
    """Rendered wikitext, with links as offsets into it."""

    pieces: list[str] = dataclasses.field(default_factory=list)
    length: int = 0
    links: list[Link] = dataclasses.field(default_factory=list)

    def add(self, new: str | Fragment) -> None:
        if isinstance(new, Fragment):
            self.links += [
                Link(link.start + self.length, link.end + self.length, link.target)
                for link in new.links
            ]
            new = new.text
        self.pieces.append(new)
        self.length += len(new)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


SCHEMES = "https?://|//|ftps?://|mailto:|irc://|news:|git://"
SCHEME = re.compile(SCHEMES, NO_UNICODE)
ENDS_ADDRESS = rf'\x00-\x20<>\[\]"{WHITE[WHITE.index(chr(0x85)) :]}\u3000-\u303f\uff00-\uffef'
ADDRESS = re.compile(rf"(?:(?!'')[^{{{ENDS_ADDRESS}])*")
BARE_URL = re.compile(
    r"(?<![a-zA-Z])(?:https?|ftps?|irc|git|mailto|news)://"
    rf"(?:(?!'')[^{{}}|{ENDS_ADDRESS}])*",
    NO_UNICODE,
)
MARK = r"[\[{<&\n\x01]|''|__"
VARIANT_MARK = r"-\{"
MAGIC_WORD = re.compile(r"__[A-Z\x80-\U0010ffff]+(?:_[A-Z\x80-\U0010ffff]+)*__")
HEADING = re.compile(r"=+([^=\n](?:[^\n]*[^=\n])?)=+[ \t\r]*(?=\n|\Z)")
LIST_MARKS = re.compile(r"[*#:;]*[ \t\r]*")
LIST_OR_RULE = re.compile(r"[*#:;]+|-{4,}")
SPACE = " \t\r\n"


class Page:
    """One page being read; positions are offsets into its prepared source."""

    def __init__(self, wikitext: str, site: Site, captions: bool, tables: bool) -> None:
        self.source = prepare(wikitext)
        self.pairs = balance(self.source)
        self.odd_quotes = odd_quotes(self.source)
        self.site, self.captions, self.tables = site, captions, tables
        code = site.language.code
        self.templates = inline_templates(code)
        self.disambiguation_templates = wiki_facts(code).disambiguation
        trail = wiki_facts(code).link_trail
        self.trail = re.compile(f"[{trail}]*" if trail else "")
        self.variants = code.partition("-")[0] in VARIANT_LANGUAGES
        marks = f"{MARK}|{VARIANT_MARK}" if self.variants else MARK
        self.mark = re.compile(f"{marks}|{BARE_URL.pattern}", NO_UNICODE)
        self.in_block = False
        self.outside: list[OutsideLink] = []
        self.categories: list[str] = []
        self.disambiguation = False

    # Brackets

    def closing(self, at: int, limit: int) -> int:
        """The end of the brackets that begin here; 0 if none do or they end beyond the limit."""
        end = self.pairs.get(at, 0)
        return end if end <= limit else 0

    def after(self, at: int, limit: int) -> int:
        """The position after the brackets or the literal text that begin here, else the next."""
        if self.source[at] == "\x01":
            end = self.source.find("\x02", at, limit)
            return end + 1 if end >= 0 else limit
        return self.closing(at, limit) or at + 1

    def outside_of_brackets(self, begin: int, end: int, characters: str) -> Iterator[int]:
        """Positions of the characters, and of openers without closer."""
        pattern = re.compile(f"[{re.escape(characters)}\\[{{<\x01]")
        while match := pattern.search(self.source, begin, end):
            begin = self.after(match.start(), end)
            if match.group() in characters:
                begin = match.start() + 1
                yield match.start()
            elif begin == match.end() and match.group() != "\x01":
                yield match.start()

    def split(self, begin: int, end: int, separator: str) -> list[tuple[int, int]]:
        parts = []
        for at in self.outside_of_brackets(begin, end, separator):
            if self.source[at] == separator:
                parts.append((begin, at))
                begin = at + 1
        return [*parts, (begin, max(begin, end))]

    def trimmed(self, begin: int, end: int) -> tuple[int, int]:
        text = self.source[begin:end]
        begin += len(text) - len(text.lstrip(SPACE))
        return begin, max(begin, end - len(text) + len(text.rstrip(SPACE)))

    # Rendering

    def render(self, begin: int, end: int, depth: int) -> Fragment:
        out = Fragment()
        if depth > DEEPEST_NESTING:
            out.add(self.source[begin:end])
            return out
        while begin < end:
            match = self.mark.search(self.source, begin, end)
            at = match.start() if match else end
            out.add(self.source[begin:at])
            if not match:
                break
            begin = self.markup(match, end, depth, out)
            if begin == at:
                out.add(self.source[at])
                begin += 1
        return out

    def markup(self, match: re.Match[str], end: int, depth: int, out: Fragment) -> int:
        """Render what begins at a mark and return where it ends; the mark if it is none."""
        at, mark = match.start(), match.group()
        if mark == "[":
            closing = self.closing(at, end)
            if closing:
                return self.link(at, closing, end, depth, out)
            return self.external_link(at, end, depth, out)
        if mark == "{":
            return self.braces(at, end, depth, out)
        if mark == "<":
            return self.tag(at, end, depth, out)
        if mark == "&":
            return self.character(at, end, out)
        if mark == "''":
            return self.quotes(at, end, out)
        if mark == "\n":
            return self.new_line(at, end, depth, out)
        if mark == "__":
            return self.magic_word(at, end)
        if mark == "\x01":
            return self.literal(at, end, out)
        if mark == "-{":
            return self.variant(at, end, depth, out)
        return self.bare_url(match)

    def link(self, at: int, closing: int, end: int, depth: int, out: Fragment) -> int:
        inner = at + 2, closing - 2
        parts = self.split(*inner, "|")
        raw_begin, raw_end = self.trimmed(*parts[0])
        raw = self.source[raw_begin:raw_end]
        label = (parts[1][0], inner[1]) if len(parts) > 1 else (raw_begin, raw_end)
        address = SCHEME.match(raw)
        if address or re.search(r"[\n\[\]{}<>\x01]", raw):  # no title: only the label is left
            if address and len(parts) == 1:
                label = raw_begin + len(raw.partition(" ")[0]), raw_end
            out.add(self.render(*label, depth + 1))
            return closing
        kind, title = link_target(percent_decoded(raw), self.site)
        if kind == "category":
            self.categories += [] if title in self.categories else [title]
            return closing
        if kind == "language":
            return closing
        if kind == "file":
            self.file(parts, depth, out)
            return closing
        if label[0] >= label[1]:
            label = raw_begin, raw_end
        if label[0] == raw_begin and self.source[slice(*label)].startswith(":"):
            label = label[0] + 1, label[1]
        anchor = self.render(*label, depth + 1)
        trail = self.trail.match(self.source, closing, end)
        anchor.add(trail.group())  # type: ignore[union-attr]
        if kind == "article":  # a link inside of it is none
            anchor.links = [Link(0, anchor.length, title)]
        out.add(anchor)
        return trail.end()  # type: ignore[union-attr]

    def file(self, parts: list[tuple[int, int]], depth: int, out: Fragment) -> None:
        """A picture: its last part is its caption, if it looks like none of the options."""
        if len(parts) < 2:
            return
        begin, end = parts[1][0], parts[-1][1]
        if not self.captions:
            self.collect_links(begin, end, depth)
            return
        self.collect_links(begin, parts[-1][0], depth)
        caption = self.source[slice(*self.trimmed(*parts[-1]))]
        sentence = re.search(r"[= \n[']", caption)
        if sentence.group() == "=" if sentence else len(caption.encode()) < 30:
            return
        out.add("\n\n")
        out.add(self.render(*self.trimmed(*parts[-1]), depth + 1))
        out.add("\n\n")

    def collect_links(self, begin: int, end: int, depth: int) -> None:
        """Links of a part that is left out of the text."""
        in_block = self.in_block
        fragment = self.render(begin, end, depth + 1)
        text = fragment.text
        self.outside += [
            OutsideLink(text[link.start : link.end], link.target) for link in fragment.links
        ]
        self.in_block = in_block

    def external_link(self, at: int, end: int, depth: int, out: Fragment) -> int:
        """[address label], on one line: the label stays."""
        if not SCHEME.match(self.source, at + 1, end):
            return at
        label = ADDRESS.match(self.source, at + 1, end).end()  # type: ignore[union-attr]
        while label < end and self.source[label] == "{":
            label = self.after(label, end)
            label = ADDRESS.match(self.source, label, end).end()  # type: ignore[union-attr]
        for stop in self.outside_of_brackets(label, end, "]\n"):
            if self.source[stop] == "]":
                out.add(self.render(*self.trimmed(label, stop), depth + 1))
                return stop + 1
            if self.source[stop] == "\n":
                break
        return at

    def bare_url(self, match: re.Match[str]) -> int:
        """An address in running text goes; punctuation after it stays."""
        url = match.group()
        scheme = url.index("://") + 3
        ends = ".,;:!?'" if "(" in url else ".,;:!?')"
        return match.start() + scheme + len(url[scheme:].rstrip(ends))

    def braces(self, at: int, end: int, depth: int, out: Fragment) -> int:
        closing = self.closing(at, end)
        if not closing:
            return at
        if self.source[at + 1] == "|":
            if self.tables:
                self.table(at + 2, closing - 2, depth, out)
            else:
                self.collect_links(at + 2, closing - 2, depth)
        else:
            self.template(at + 2, closing - 2, depth, out)
        return closing

    def template(self, begin: int, end: int, depth: int, out: Fragment) -> None:
        """Templates go, but for those whose value belongs to the sentence."""
        (first_begin, first_end), *parts = self.split(begin, end, "|")
        first_begin, first_end = self.trimmed(first_begin, first_end)
        name = self.source[first_begin:first_end]
        if not name or len(name.encode()) > LONGEST_TEMPLATE_NAME:
            return
        key = lower_case(squeeze(name))
        arguments: list[tuple[str, tuple[int, int]]] = []
        if key.startswith("template:"):
            key = key.removeprefix("template:").strip(" ")
        elif ":" in key:  # a parser function: {{formatnum:1234|R}}
            key = key.partition(":")[0] + ":"
            arguments = [("1", self.trimmed(first_begin + name.index(":") + 1, first_end))]
        position = len(arguments)
        for part in parts:
            text = self.source[slice(*part)]
            named = re.match(r"[^=\[{<\x01]*=", text)
            if named is None:
                position += 1
                arguments.append((str(position), self.trimmed(*part)))
            elif argument := named.group()[:-1].strip(SPACE):
                arguments.append((argument, self.trimmed(part[0] + named.end(), part[1])))
        self.disambiguation |= key in self.disambiguation_templates
        pattern = self.templates.pattern(key)
        if pattern is None:
            return
        literal, *holes = re.split(r"\{([^}]*)\}", pattern)
        out.add(literal)
        for names, literal in zip(holes[::2], holes[1::2], strict=True):
            self.hole(names.split("/"), arguments, depth, out)
            out.add(literal)

    def hole(
        self,
        names: list[str],
        arguments: list[tuple[str, tuple[int, int]]],
        depth: int,
        out: Fragment,
    ) -> None:
        """The first of the named arguments that is given and not empty."""
        positional = [span for name, span in arguments if name[0] in "0123456789"]
        last = dict(arguments)  # of the same name the last counts
        if positional:
            last["-1"] = positional[-1]
        for name in names:
            if name == "measure":
                self.join(self.measure(positional), " ", depth, out)
                return
            if name == "*":
                self.join([span for span in positional if span[0] < span[1]], ", ", depth, out)
                return
            begin, end = last.get(name, (0, 0))
            if begin < end:
                out.add(self.render(begin, end, depth + 1))
                return

    def join(self, spans: list[tuple[int, int]], separator: str, depth: int, out: Fragment) -> None:
        for number, span in enumerate(spans):
            out.add(separator if number else "")
            out.add(self.render(*span, depth + 1))

    def measure(self, values: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Of {{convert}}: number, unit; or number, word, number, unit; or twice number, unit."""
        number = re.compile(r"(?![A-Za-z]).{0,2}[0-9]", re.DOTALL)
        is_number = [number.match(self.source, *span) for span in values]
        return values[: 4 if len(values) > 3 and is_number[0] and is_number[2] else 2]

    def table(self, begin: int, end: int, depth: int, out: Fragment) -> None:
        """Rows as paragraphs, with "; " between cells."""
        out.add("\n\n")
        lines: list[tuple[int, int]] = []
        for line in self.split(begin, end, "\n")[1:]:  # before the first: the table's attributes
            line_begin, line_end = self.trimmed(*line)
            if self.source[line_begin:line_end].startswith(("|", "!")):
                lines.append((line_begin, line_end))
            elif lines:  # goes on with the cell before it
                lines[-1] = lines[-1][0], max(lines[-1][1], line_end)
        self.rows(lines, depth, out)

    def rows(self, lines: list[tuple[int, int]], depth: int, out: Fragment) -> None:
        row: list[Fragment] = []
        for begin, end in lines:
            mark = self.source[begin : min(begin + 2, end)]
            if mark in ("|-", "|+"):
                self.end_row(row, out)
            if mark == "|+":
                row += self.cells(begin + 2, end, "|", depth)
                self.end_row(row, out)
            elif mark != "|-":
                row += self.cells(begin + 1, end, mark[0], depth)
        self.end_row(row, out)

    def end_row(self, row: list[Fragment], out: Fragment) -> None:
        filled = [cell for cell in row if cell.length]
        for number, cell in enumerate(filled):
            out.add("; " if number else "")
            out.add(cell)
        out.add("\n\n")
        row.clear()

    def stray_table_line(self, at: int, end: int, depth: int, out: Fragment) -> int:
        """A line of a table that lacks its begin or end: its cells stay, its marks go."""
        out.add("\n\n")
        if self.source[at : min(at + 2, end)] == "|}":
            return at + 2
        opener = self.source[at] == "{"
        line_end = at + 1 + opener
        for stop in self.outside_of_brackets(line_end, end, "\n"):
            if self.source[stop] == "\n":
                end = stop
                break
        if not opener:
            self.rows([(at, end)], depth, out)
        return end

    def cells(self, begin: int, end: int, mark: str, depth: int) -> list[Fragment]:
        """Cells of a line: | a || b, and ! a !! b."""
        bounds, at = [begin], begin
        for stop in self.outside_of_brackets(at, end, "|!" if mark == "!" else "|"):
            sign = self.source[stop]
            if stop >= at and sign in "|!" and self.source[stop : min(stop + 2, end)] == sign * 2:
                bounds += [stop, stop + 2]
                at = stop + 2
        bounds.append(end)
        found = []
        for cell in zip(bounds[::2], bounds[1::2], strict=True):
            parts = self.split(*cell, "|")  # what stands before a single | are attributes
            content = (parts[1][0], cell[1]) if len(parts) > 1 else cell
            found.append(self.render(*self.trimmed(*content), depth + 1))
        return found

    def tag(self, at: int, end: int, depth: int, out: Fragment) -> int:
        match = TAG.match(self.source, at, end)
        if match is None:
            return at
        tag = match.group()
        closing = self.closing(at, end)
        if closing and not tag.startswith("</"):
            begin, inner_end = match.end(), self.source.rindex("<", 0, closing)
            out.add("\n\n")
            if self.tables:
                out.add(self.render(begin, inner_end, depth + 1))
            else:
                self.collect_links(begin, inner_end, depth)
            out.add("\n\n")
            return closing
        if TAG_NAME.match(tag)[1].lower() in BREAKING:  # type: ignore[index]
            out.add("\n\n")
        return match.end()

    def quotes(self, at: int, end: int, out: Fragment) -> int:
        """Two are italic, three bold, five both; what is over are apostrophes."""
        run = len(re.compile("'+").match(self.source, at, end).group())  # type: ignore[union-attr]
        out.add("'" * ((run == 4) + (at in self.odd_quotes) + max(run - 5, 0)))
        return at + run

    def new_line(self, at: int, end: int, depth: int, out: Fragment) -> int:
        """Headings, list items and rules are paragraphs; other lines go on with theirs."""
        begin = at + 1
        if heading := HEADING.match(self.source, begin, end):
            out.add("\n\n")
            out.add(self.render(*self.trimmed(*heading.span(1)), depth + 1))
            self.in_block = True
            return heading.end()
        marks = LIST_MARKS.match(self.source, begin, end).end()  # type: ignore[union-attr]
        if self.source[marks : min(marks + 1, end)] == "|" or (
            self.source[marks : min(marks + 2, end)] == "{|" and not self.closing(marks, end)
        ):
            self.in_block = True
            return self.stray_table_line(marks, end, depth, out)
        item = LIST_OR_RULE.match(self.source, begin, end)
        out.add("\n\n" if item or self.in_block else "\n")
        self.in_block = item is not None
        return item.end() if item else begin

    def character(self, at: int, end: int, out: Fragment) -> int:
        match = CHARACTER_REFERENCE.match(self.source, at, end)
        if match is None or (text := unescape(match.group())) == match.group():
            return at
        out.add(text)
        return match.end()

    def magic_word(self, at: int, end: int) -> int:
        match = MAGIC_WORD.match(self.source, at, end)
        if match is None or len(match.group().encode()) > LONGEST_MAGIC_WORD:
            return at
        self.disambiguation |= match.group() == "__DISAMBIG__"
        return match.end()

    def literal(self, at: int, end: int, out: Fragment) -> int:
        after = self.after(at, end)
        text = self.source[at + 1 : after].removesuffix("\x02")
        out.add(unescape(text.replace("\n", "\n\n")))
        return after

    def variant(self, at: int, end: int, depth: int, out: Fragment) -> int:
        """-{zh-hans:...; zh-hant:...}-: the first script's text; rules for the page give none."""
        closing = self.source.find("}-", at, end)
        if closing < 0 or len(self.source[at : closing + 2].encode()) > LONGEST_VARIANT:
            return at
        begin = at + 2
        flags, *more = self.split(begin, closing, "|")
        if more:
            if self.source[slice(*self.trimmed(*flags))] in ("T", "H", "-", "D"):
                return closing + 2
            begin = more[0][0]
        first = self.split(begin, closing, ";")[0]
        code = re.compile(r"[ \t\r\n]*[a-z-]+[ \t\r\n]*:(?!//)").match(self.source, *first)
        span = (code.end(), first[1]) if code else (begin, closing)
        out.add(self.render(*self.trimmed(*span), depth + 1))
        return closing + 2
