"""Clean text and right links on real dumps: the same measures as `scripts/bench/corpus_quality.py`.

The words of a wiki are its authors': some of its lines hold markup that they meant to be read, or
mistyped. Where that matters, only pages count whose brackets pair up and that quote no code.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nlp_engine.wiki.dump import read_site
from nlp_engine.wiki.extract import dump_batches
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import ExtractedPage, pages_of
from nlp_engine.wiki.titles import Site

BENCH = Path(__file__).parents[2] / "scripts" / "bench"
COLUMNS = runpy.run_path(str(BENCH / "residual_markup.py"))["COLUMNS"]
article_pages: Callable[[Path], Iterator[Any]]
article_pages = runpy.run_path(str(BENCH / "wiki_pages.py"))["article_pages"]

# Lines of the sample in which a vertical bar is meant: ASCII's, a Swedish word in ISO 646, and one
# that the authors of "Afghanistan" left over.
MEANT = (r"line characters \|", "jag har sm|rg}sar", "(Pashto |")


def text_pages(dump: Path, language: str | None = None) -> list[ExtractedPage]:
    pages = (p for batch in dump_batches(dump, language=language) for p in pages_of(batch))
    return [page for page in pages if page.kind is not PageKind.REDIRECT]


@pytest.fixture(scope="module")
def sample(sample_dump: Path) -> list[ExtractedPage]:
    return text_pages(sample_dump)


@pytest.fixture(scope="module")
def sources(sample_dump: Path) -> dict[str, str]:
    return dict(article_pages(sample_dump))


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("brackets", "pipes")])
def test_no_markup_is_left_in_the_sample(sample: Sequence[ExtractedPage], column: str) -> None:
    hits = [(page.title, hit) for page in sample for hit in COLUMNS[column].findall(page.text)]
    assert hits == []


def test_bars_and_brackets_in_the_sample_are_meant(sample: Sequence[ExtractedPage]) -> None:
    lines = [line for page in sample for line in page.text.split("\n")]
    marked = [line for line in lines if COLUMNS["pipes"].search(line) or "[[" in line]
    unexplained = [line for line in marked if not any(meant in line for meant in MEANT)]
    assert len(unexplained) <= 1, unexplained  # of 11,000: a table's end


def test_cleaning_does_not_cost_words(
    sample: Sequence[ExtractedPage], sources: dict[str, str]
) -> None:
    # gensim keeps captions and tables, which are left out here; what remains is the same prose.
    from gensim.corpora.wikicorpus import filter_wiki

    theirs = sum(len(filter_wiki(source).split()) for source in sources.values())
    assert sum(len(page.text.split()) for page in sample) > 0.94 * theirs


def article_title(raw: str, site: Site) -> str:
    title = " ".join(raw.replace("_", " ").split("#")[0].split())
    prefix, colon, _ = title.partition(":")
    is_article = not colon or prefix.strip().lower() not in site.prefixes
    return title[:1].upper() + title[1:] if is_article else ""


def test_links_have_the_targets_that_gensim_finds(
    sample: Sequence[ExtractedPage], sources: dict[str, str], sample_dump: Path
) -> None:
    from gensim.corpora.wikicorpus import find_interlinks

    site = read_site(sample_dump)
    ours = {
        (page.title, link.target) for page in sample for link in [*page.links, *page.outside_links]
    }
    galleries = re.compile(r"<gallery.*?</gallery>", re.DOTALL)
    theirs = set()
    for title, source in sources.items():
        source = galleries.sub("", source)  # left out here, links and all
        for raw, _ in find_interlinks(source):
            # It takes the end of a caption that holds a link for a target.
            is_link = f"[[{raw}]]" in source or f"[[{raw}|" in source
            if is_link and (target := article_title(raw, site)):
                theirs.add((title, target))
    assert len(theirs) > 20_000
    assert len(theirs & ours) >= 0.999 * len(theirs), sorted(theirs - ours)[:20]


def test_anchors_are_not_cut_inside_of_words(
    sample: Sequence[ExtractedPage], sources: dict[str, str]
) -> None:
    # Except where two links touch ("LiF"), and where the wikitext has no space before "[[".
    for page in sample:
        text = page.text
        starts, ends = ({getattr(link, side) for link in page.links} for side in ("start", "end"))
        for start in starts - ends - {0}:
            if text[start - 1 : start + 1].isalpha():
                assert f"{text[start - 1]}[[" in sources[page.title], text[start - 20 : start + 20]
        for end in ends - starts:
            cut = re.fullmatch(r"[^\W\d_][a-z]", text[end - 1 : end + 1])
            assert cut is None, text[max(end - 20, 0) : end + 20]


QUOTED = re.compile(r"<(?:pre|code|source|syntaxhighlight)\b|&amp;#", re.I)
TABLE_BEGINS = re.compile(r"^[ :*#;]*\{\|", re.MULTILINE)
TABLE_ENDS = re.compile(r"^[ \t]*\|\}(?!\})", re.MULTILINE)
TABLE_ROWS = re.compile(r"^[|!]|\|\|")  # prose may hold a bar: "Daan | Flatcat | Stash"


def well_formed(source: str) -> bool:
    source = re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL)
    return (
        not QUOTED.search(source)
        and source.count("[[") == source.count("]]")
        and source.count("{{") == source.count("}}")
        and len(TABLE_BEGINS.findall(source)) == len(TABLE_ENDS.findall(source))
    )


def lines_with_markup(dump: Path, language: str | None = None) -> tuple[int, list[str]]:
    """The lines of the well-formed pages, and those with markup."""
    ragged = {title for title, source in article_pages(dump) if not well_formed(source)}
    pages = [page for page in text_pages(dump, language) if page.title not in ragged]
    lines = [line for page in pages for line in page.text.split("\n") if line]
    columns = [pattern for name, pattern in COLUMNS.items() if name != "pipes"]
    marked = [line for line in lines if any(c.search(line) for c in [*columns, TABLE_ROWS])]
    return len(lines), marked


def check_lines(dumps: Iterable[tuple[Path, str | None]], at_least: int) -> None:
    found = [lines_with_markup(dump, language) for dump, language in dumps]
    lines, marked = sum(count for count, _ in found), [line for _, some in found for line in some]
    assert lines >= at_least
    assert len(marked) < 0.001 * lines, marked


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("gensim_enwiki-table-markup.xml.bz2", 200),
        ("ltgwiki-smallwiki-pages-articles.xml.bz2", 8000),
        ("wikipedia2vec-enwiki-sample.xml.bz2", 100),
    ],
)
def test_small_dumps_are_clean(data: Callable[[str], Path], name: str, lines: int) -> None:
    check_lines([(data(f"dumps/original/{name}"), None)], lines)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "lines"), [("es_vital", 75_000), ("ekopedia", 65_000), ("gd", 38_000), ("vls", 37_000)]
)
def test_whole_wikis_are_clean(data: Callable[[str], Path], name: str, lines: int) -> None:
    check_lines([(data(f"dumps/packed/{name}-pages-articles.xml.bz2"), None)], lines)


# What has no markup to be judged: data of Wikidata, two pages in a language that is not the
# wiki's, and Neapolitan, which writes "d''o".
NOT_JUDGED = frozenset({"wikidata", "commons", "ar", "ms", "nap"})


@pytest.mark.full
def test_dumps_of_a_hundred_languages_are_clean(data: Callable[[str], Path]) -> None:
    # They all say that they are English; the language is in their names.
    paths = sorted(data("dumps/original/dbpedia_minidumps").glob("*.wiki.xml.bz2"))
    dumps = [(path, path.name.split(".")[0]) for path in paths]
    check_lines([(path, code) for path, code in dumps if code not in NOT_JUDGED], 11_000)


@pytest.mark.parametrize("language", ["de", "fa", "ja", "ru", "sr", "zh"])
def test_dumps_of_some_languages_are_clean(data: Callable[[str], Path], language: str) -> None:
    dump = data(f"dumps/original/dbpedia_minidumps/{language}.wiki.xml.bz2")
    check_lines([(dump, language)], 50)


def test_a_dump_in_utf_16(data: Callable[[str], Path]) -> None:
    name = "gensim_bgwiki-latest-pages-articles-shortened.xml.bz2"
    (page,) = text_pages(data(f"dumps/original/{name}"))
    assert page.title == "Григориански календар"
    assert page.text.startswith("Григорианският календар (понякога наричан и Грегориански")
    assert not re.search(r"\[\[|\{\{|'''|<ref", page.text)


@pytest.mark.full
@pytest.mark.parametrize(
    "name",
    [
        "packed/whonix-pages-articles.xml.bz2",
        "original/viwiki-20240701-excerpt.xml.bz2",
        "original/tinywiki-pages-articles.xml",
        "original/dbpedia_minidumps/wikidata.wiki.xml.bz2",
        "original/dbpedia_minidumps/commons.wiki.xml.bz2",
    ],
)
def test_dumps_full_of_code_and_data_lose_nothing(data: Callable[[str], Path], name: str) -> None:
    dump = data(f"dumps/{name}")
    titles = [title for title, _ in article_pages(dump)]
    pages = text_pages(dump)
    assert [page.title for page in pages] == titles
    for page in pages:
        for link in page.links:
            assert 0 <= link.start < link.end <= len(page.text)
