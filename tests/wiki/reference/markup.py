"""The parts of wikitext that are settled before rendering."""

from __future__ import annotations

import re

DROPPED = """
    ref references math chem ce gallery timeline score syntaxhighlight source imagemap
    templatestyles templatedata graph mapframe maplink hiero inputbox categorytree rss style script
    includeonly indicator dynamicpagelist quiz phonos""".split()
LITERAL = ["nowiki", "pre"]
BREAKING = """
    br p div li ul ol dl dd dt table caption tr td th hr blockquote center poem h1 h2 h3 h4 h5
    h6""".split()
TRANSPARENT = """
    a abbr b bdi bdo big cite code data del dfn em font i ins kbd noinclude onlyinclude q rb rp rt
    rtc ruby s samp section small span strike strong sub sup tbody thead tfoot time translate tt
    tvar u var wbr languages nobr mark col colgroup seo""".split()

NO_UNICODE = re.ASCII | re.IGNORECASE


def _tag(*names: str) -> str:
    return rf"</?(?:{'|'.join(names)})(?=[\s/>])[^<>]*>"


COMMENT_OR_TAG = re.compile(rf"<!--|{_tag(*DROPPED, *LITERAL)}", NO_UNICODE)
OPENING_REFERENCE = re.compile(r"<ref(?=[\s/>])[^<>]*(?<!/)>", NO_UNICODE)
TAG = re.compile(_tag(*DROPPED, *LITERAL, *BREAKING, *TRANSPARENT), NO_UNICODE)
TAG_NAME = re.compile(r"</?(\w+)", re.ASCII)
REST_OF_BLANK_LINE = re.compile(r"[ \t]*\n")


def prepare(wikitext: str) -> str:
    """Without comments and dropped elements; literal text between \\x01 and \\x02."""
    text = wikitext.replace("\x01", " ").replace("\x02", " ")
    out, at = "\n", 0
    while match := COMMENT_OR_TAG.search(text, at):
        out += text[at : match.start()]
        at = match.end()
        if match.group() == "<!--":
            end = text.find("-->", at)
            if end < 0:
                out += "<"
                at = match.start() + 1
                continue
            at = end + 3
            rest = REST_OF_BLANK_LINE.match(text, at)
            before = out[-200:].rstrip(" \t")
            if rest and (before or out[-201:-200]).endswith("\n"):  # it is alone on its line
                out = out[: len(out) - len(out[-200:]) + len(before)]
                at = rest.end()
            continue
        tag = match.group()
        name = TAG_NAME.match(tag)[1].lower()  # type: ignore[index]
        if tag.startswith("</") or tag.endswith("/>"):
            continue
        closing = re.compile(rf"</{name}[ \t\n]*>", NO_UNICODE).search(text, at)
        if closing is None:
            continue
        content = text[at : closing.start()]
        if name == "ref" and OPENING_REFERENCE.search(content):
            continue  # it was never closed
        if name in LITERAL:
            out += f"\x01{content}\x02"
        at = closing.end()
    return out + text[at:]


BRACKET = re.compile(rf"\{{+|\}}+|\|\}}|\[\[+|\]\]+|\x01[^\x02]*|{_tag('table')}", NO_UNICODE)


def balance(source: str) -> dict[int, int]:
    """Ends of brackets by their begins.

    Braces and tables wait on one stack for their closers: a closer takes the nearest opener of its
    kind, and those above it stay alone. Square brackets have a stack of their own.
    """
    pairs: dict[int, int] = {}
    waiting: list[tuple[str, int, int]] = []  # kind, begin, count of braces
    square: list[int] = []

    def nearest(kind: str) -> bool:
        if all(entry[0] != kind for entry in waiting):
            return False
        while waiting[-1][0] != kind:
            waiting.pop()
        return True

    def close(kind: str, end: int) -> None:
        if nearest(kind):
            pairs[waiting.pop()[1]] = end

    at = 0
    while match := BRACKET.search(source, at):
        begin, at = match.span()
        run, count = match.group(), len(match.group())
        if run[0] == "{":
            before = source[:begin].rstrip(" \t")[-1:] or "\n"
            if count == 1 and source[at : at + 1] == "|" and before in "\n:*#;}>":
                waiting.append(("{|", begin, 1))  # a table has a line of its own
                at += 1
            elif count > 1:
                waiting.append(("{{", begin, count))
        elif run[0] == "}":
            while count > 1 and nearest("{{"):
                _, opener, braces = waiting.pop()
                used = min(3, braces, count)
                begin, count, braces = begin + used, count - used, braces - used
                pairs[opener + braces] = begin
                if braces > 1:
                    waiting.append(("{{", opener, braces))
        elif run == "|}" and not re.search(r"(?:\A|\n)[ \t]*\Z", source[:begin][-200:]):
            at -= 1
        elif run == "|}":
            # In {{name|}} the bar is the template's, unless a table is the last that opened.
            if source[at : at + 1] != "}" or (waiting and waiting[-1][0] == "{|"):
                close("{|", at)
            else:
                at -= 1
        elif run[0] == "[":
            square.append(at - 2)
        elif run[0] == "]":
            for end in range(begin + 2, at + 1, 2):
                if square:
                    pairs[square.pop()] = end
        elif run.startswith("</"):
            close("<table>", at)
        elif run[0] == "<" and not run.endswith("/>"):
            waiting.append(("<table>", begin, 1))
    return pairs


def odd_quotes(source: str) -> set[int]:
    """Positions of ''' that are an apostrophe and ''.

    As in MediaWiki's doQuotes: where a line has an odd number both of bold and of italic marks, one
    bold mark is not meant: the first after a word of one byte, else the first after a longer word,
    else the first after a space (l'''Iliade'').
    """
    found = set()
    for line in re.finditer(r"[^\n]*'''[^\n]*", source):
        bold, italic, segment = 0, 0, line.start()
        ranked: list[tuple[int, int]] = []
        for run in re.compile(r"''+").finditer(source, line.start(), line.end()):
            length = len(run.group())
            bold += length != 2
            italic += length == 2 or length > 4
            if length in (3, 4):
                before = (source[segment : run.start()] + "'" * (length - 3)).encode()
                rank = 2 if before[-1:] == b" " else 0 if before[-2:-1] == b" " else 1
                ranked.append((rank, run.start()))
            segment = run.end()
        if bold % 2 and italic % 2 and ranked:
            found.add(min(ranked)[1])
    return found
