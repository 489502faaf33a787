"""How clean extracted text is and whether its links are right, beside the peers.

    python scripts/bench/corpus_quality.py [--json FILE]             the sample in gensim's wheel
    python scripts/bench/corpus_quality.py --dumps DUMP… [--list N]  lines with markup in any dump

The first form counts residual markup over the sample's articles with the same patterns for every
extractor, compares link targets with wikipedia2vec's, and looks for anchors that end inside of a
word. The second extracts each dump and counts the lines that hold markup; `--list` prints the
first N of each. "Literal" are lines whose markup mwparserfromhell reads as text, too: quoted
source code, brackets without partners. CODE is the language where the dump names a wrong one.
Peers come from the Python that runs this:
`pip install wikiextractor gensim wikipedia2vec mwparserfromhell`.
"""

from __future__ import annotations

import argparse
import html
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from extractors import (
    in_template,
    missing_peers,
    mwparserfromhell_literals,
    text_extractors,
    wikipedia2vec_links,
    wikipedia2vec_paragraphs,
)
from residual_markup import COLUMNS, count_residual, marked_columns
from wiki_pages import WikiPage, article_pages, sample_path

from nlp_engine.wiki.dump import read_site
from nlp_engine.wiki.extract import dump_batches
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import ExtractedPage, pages_of
from nlp_engine.wiki.titles import Site


class CutAnchor(NamedTuple):
    """A link with a letter on both sides of one of its ends."""

    title: str
    before: str
    anchor: str
    after: str
    in_source: bool  # the wikitext has a letter or a link there, too, and no link trail


def text_pages(dump: Path, language: str | None = None) -> Iterator[ExtractedPage]:
    """Our articles and disambiguation pages."""
    pages = (p for batch in dump_batches(dump, language=language) for p in pages_of(batch))
    return (page for page in pages if page.kind is not PageKind.REDIRECT)


def residual_table(pages: Sequence[WikiPage], dump: Path) -> dict[str, dict[str, int]]:
    """Residual markup and words by extractor."""
    texts = {"nlp_engine": [page.text for page in text_pages(dump)]}
    for name, extract in text_extractors().items():
        texts[name] = [extract(page) for page in pages]
    return {
        name: {"words": sum(len(text.split()) for text in found)} | count_residual(found)
        for name, found in texts.items()
    }


def cut_anchors(pages: Iterable[ExtractedPage], sources: Mapping[str, str]) -> list[CutAnchor]:
    """Anchors that begin or end between two letters.

    Args:
        pages: Extracted pages.
        sources: Wikitext by title.
    """
    found = []
    for page in pages:
        text = page.text
        for link in page.links:
            begins = text[max(link.start - 1, 0) : link.start + 1]
            ends = text[link.end - 1 : link.end + 1]
            if any(len(pair) == 2 and pair.isalpha() for pair in (begins, ends)):
                before = text[max(link.start - 15, 0) : link.start]
                anchor, after = text[link.start : link.end], text[link.end : link.end + 15]
                source = sources.get(page.title, "")
                in_source = _cut_in_source(before, anchor, after, source)
                found.append(CutAnchor(page.title, before, anchor, after, in_source))
    return found


def _cut_in_source(before: str, anchor: str, after: str, source: str) -> bool:
    """Whether `x[[anchor` or `anchor]]X` stands in the wikitext, X no lower-case letter."""
    between, label = r"(?:'{2,}|</?\w+>)*", rf"(?:[^\[\]|]*\|)?{re.escape(anchor)}"
    begin = rf"(?:{re.escape(before[-1:])}|\]\]){between}\[\[{label}"
    end = rf"{label}\]\]{between}(?:\[\[|(?-i:[^\Wa-z])|[^\x00-\x7f])"
    cut_begin = before[-1:].isalpha() and anchor[0].isalpha()
    cut_end = after[:1].isalpha() and anchor[-1].isalpha()
    return not (
        (cut_begin and not re.search(begin, source)) or (cut_end and not re.search(end, source))
    )


def cut_by_wikipedia2vec(pages: Iterable[WikiPage]) -> int:
    """How many of wikipedia2vec's anchors begin or end between two letters."""
    cut = 0
    for page in pages:
        for text, links, _ in wikipedia2vec_paragraphs(page):
            for _, _, start, end in links:
                pairs = (text[max(start - 1, 0) : start + 1], text[max(end - 1, 0) : end + 1])
                cut += any(len(pair) == 2 and pair.isalpha() for pair in pairs)
    return cut


def link_agreement(pages: Sequence[WikiPage], dump: Path) -> dict[str, Any]:
    """Sets of (page, target) beside wikipedia2vec's, both by the same rules for titles."""
    site = read_site(dump)
    ours = {(page.title, link.target) for page in text_pages(dump) for link in page.links}
    theirs = {
        (page.title, target)
        for page in pages
        for raw, _ in wikipedia2vec_links(page)
        if (target := _article_title(raw, site))
    }
    sources = {page.title: page for page in pages}
    in_templates = sorted(
        (title, target) for title, target in ours - theirs if in_template(sources[title], target)
    )
    return {
        "ours": len(ours),
        "wikipedia2vec": len(theirs),
        "both": len(ours & theirs),
        "share of wikipedia2vec's": len(ours & theirs) / len(theirs),
        "share of the union": len(ours & theirs) / len(ours | theirs),
        "only ours, from a template that belongs to the sentence": in_templates,
        "only ours, else": sorted(ours - theirs - set(in_templates)),
        "only wikipedia2vec": sorted(theirs - ours),
    }


def _article_title(raw: str, site: Site) -> str:
    """A link's target as titles are written; "" if it is no article's."""
    title = " ".join(html.unescape(raw).replace("_", " ").split("#")[0].split())
    prefix, colon, _ = title.partition(":")
    if colon and prefix.strip().lower() in site.prefixes:
        return ""
    return title[:1].upper() + title[1:]


@dataclass(frozen=True, kw_only=True)
class MarkedLine:
    """A line of text that holds markup."""

    title: str
    columns: Sequence[str]
    around: str
    literal: bool  # text for mwparserfromhell, too


def marked_lines(dump: Path, language: str | None) -> tuple[int, list[MarkedLine]]:
    """The number of lines of a dump's text, and those that hold markup."""
    lines, found = 0, list[tuple[str, str]]()
    for page in text_pages(dump, language):
        for line in page.text.split("\n"):
            lines += bool(line)
            if marked_columns(line):
                found.append((page.title, line))
    titles = {title for title, _ in found}
    known = "mwparserfromhell" not in missing_peers()
    literals: dict[str, str] = defaultdict(str)
    for page in article_pages(dump) if titles and known else ():
        if page.title in titles:
            literals[page.title] += mwparserfromhell_literals(page)
    return lines, [_marked_line(title, line, literals[title]) for title, line in found]


def _marked_line(title: str, line: str, literals: str) -> MarkedLine:
    columns = marked_columns(line)
    hits = [hit for column in columns for hit in COLUMNS[column].finditer(line)]
    first = min(hits, key=lambda hit: hit.start())
    return MarkedLine(
        title=title,
        columns=columns,
        around=line[max(first.start() - 60, 0) : first.end() + 60],
        literal=all(_around(line, hit) in literals for hit in hits),
    )


def _around(line: str, hit: re.Match[str], characters: int = 6) -> str:
    before = "".join(line[: hit.start()].split())[-characters:]
    after = "".join(line[hit.end() :].split())[:characters]
    return before + "".join(hit.group().split()) + after


def compare_with_peers(json_file: Path | None) -> None:
    """Print the comparison over the sample."""
    dump = sample_path()
    pages = list(article_pages(dump))
    table = residual_table(pages, dump)
    print(f"{dump.name}: {len(pages)} articles\n")
    _print_table(table)
    result: dict[str, Any] = {"dump": dump.name, "articles": len(pages), "residual": table}
    cuts = cut_anchors(text_pages(dump), {page.title: page.wikitext for page in pages})
    result["cut anchors"] = [cut._asdict() for cut in cuts]
    theirs = cut_by_wikipedia2vec(pages) if "wikipedia2vec" not in missing_peers() else None
    print(f"\nanchors cut inside of a word: {len(cuts)}; wikipedia2vec: {theirs}")
    for cut in cuts:
        cause = "so in the source" if cut.in_source else "OURS"
        print(f"  {cause} | {cut.title}: …{cut.before}[{cut.anchor}]{cut.after}…")
    if "wikipedia2vec" not in missing_peers():
        result["links"] = link_agreement(pages, dump)
        _print_agreement(result["links"])
    if json_file:
        json_file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def _print_table(table: Mapping[str, Mapping[str, int]]) -> None:
    print(f"{'':16}" + "".join(f"{name:>18}" for name in table))
    for row in ("words", *COLUMNS):
        print(f"{row:16}" + "".join(f"{counts[row]:18,}" for counts in table.values()))


def _print_agreement(found: Mapping[str, Any]) -> None:
    print("\nlinks as sets of (page, target), without categories, files and other wikis")
    for name, value in found.items():
        if isinstance(value, list):
            print(f"{name}: {len(value)}")
            for page, target in value:
                print(f"  {page} -> {target}")
        else:
            print(f"{name}: {value:.3%}" if isinstance(value, float) else f"{name}: {value:,}")


def look_for_markup(dumps: Sequence[str], shown: int) -> None:
    """Print how many lines of each dump hold markup."""
    lines_of_all, marked_of_all = 0, list[MarkedLine]()
    for named in dumps:
        language, _, name = named.rpartition("=")
        lines, marked = marked_lines(Path(name), language or None)
        lines_of_all, marked_of_all = lines_of_all + lines, marked_of_all + marked
        print(f"{Path(name).name}: {_summary(lines, marked)}", flush=True)
        for line in sorted(marked, key=lambda line: line.literal)[:shown]:
            kind = "literal" if line.literal else "markup"
            print(f"    {kind} | {line.title} | {', '.join(line.columns)} | {line.around}")
    print(f"all: {_summary(lines_of_all, marked_of_all)}")


def _summary(lines: int, marked: Sequence[MarkedLine]) -> str:
    left = [line for line in marked if not line.literal]
    hits = Counter(column for line in left for column in line.columns)
    shares = (f"{len(some)} ({len(some) / max(lines, 1):.3%})" for some in (marked, left))
    return f"{lines:,} lines, {' with markup, '.join(shares)} not literal: " + ", ".join(
        f"{name} {count}" for name, count in hits.most_common()
    )


def main() -> None:
    """Compare with the peers, or look for markup in dumps."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dumps", nargs="+", metavar="[CODE=]DUMP")
    parser.add_argument("--list", type=int, default=0, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if arguments.dumps:
        look_for_markup(arguments.dumps, arguments.list)
        return
    if missing := missing_peers():
        print(f"not installed, left out: pip install {' '.join(missing)}\n")
    compare_with_peers(arguments.json)


if __name__ == "__main__":
    main()
