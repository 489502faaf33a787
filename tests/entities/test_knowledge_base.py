"""The toy pages' counts, by hand; the real sample's, by a brute-force count."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.entities.forms import form_key, title_form, tokens
from nlp_engine.entities.knowledge_base import OUTSIDE_DUMP, KnowledgeBase
from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest
from nlp_engine.wiki.extract import extract_dumps
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import read_pages
from tests.conftest import make_dump


@pytest.fixture
def toy(tmp_path: Path, toy_dump: Path) -> KnowledgeBase:
    extract_dumps([toy_dump], tmp_path / "extracted")
    return KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")


def links(kb: KnowledgeBase, mention: str) -> dict[str, int]:
    form = kb.form(mention)
    assert form is not None
    return {candidate.title: candidate.links for candidate in kb.describe(form)}


def test_candidates_with_counts(toy: KnowledgeBase) -> None:
    # "Apple" links to Apple Inc. on four pages, to Apple on two. Titles are no links.
    assert links(toy, "Apple") == {"Apple Inc.": 4, "Apple": 2}
    # Four anchors, one of them through the redirect "Cupertino".
    assert links(toy, "Cupertino") == {"Cupertino, California": 4}
    assert links(toy, "tim  COOK") == {"Tim Cook": 3}
    # Nobody links with the whole title, but it is that page's.
    assert links(toy, "Cupertino, California") == {"Cupertino, California": 0}
    assert toy.form("nothing of the kind") is None


def test_commonness_and_link_probability(toy: KnowledgeBase) -> None:
    form = toy.form("apple")
    assert form is not None
    assert [c.commonness for c in toy.describe(form)] == pytest.approx([4 / 6, 2 / 6])
    # "apple" occurs on all seven articles; it is a link or the title on six, for on "Apple Inc."
    # it stands without link, and that page's title form is "apple inc".
    assert toy.link_probability(form) == pytest.approx(6 / 7)
    # "announced" is never a link.
    assert toy.form("announced") is None


def test_links_in_captions_and_tables_say_what_a_form_means(tmp_path: Path) -> None:
    pages = {
        "A": "The [[jaguar]] hunts. [[File:J.jpg|thumb|A [[Jaguar Cars|jaguar]]]]",
        "B": "The jaguar sleeps.\n{|\n| [[Jaguar Cars|jaguar]] || [[Jaguar Cars|car]]\n|}",
        "C": "text",
    }
    dump = tmp_path / "dump.xml"
    dump.write_bytes(make_dump(pages))
    extract_dumps([dump], tmp_path / "extracted")
    kb = KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    assert links(kb, "jaguar") == {"Jaguar Cars": 2, "Jaguar": 1}
    form = kb.form("jaguar")
    assert form is not None
    assert kb.link_probability(form) == 0.5  # a link in the text of A, none in that of B
    entity = kb.entity("Jaguar Cars")
    assert entity is not None
    assert {kb.title(source) for source in kb.in_links(entity).tolist()} == {"A", "B"}


def test_in_links(toy: KnowledgeBase) -> None:
    def linking_to(title: str) -> set[str]:
        entity = toy.entity(title)
        assert entity is not None
        return {toy.title(source) for source in toy.in_links(entity).tolist()}

    assert linking_to("Tim Cook") == {"Apple Watch", "Apple Inc.", "Cupertino, California"}
    assert linking_to("Apple") == {"California"}  # the page's link to itself does not count
    assert linking_to("Cupertino, California") == {
        "Apple Watch", "Apple Inc.", "Tim Cook", "California",
    }  # fmt: skip
    assert toy.entity("Cupertino") is None, "a redirect is no entity"


def test_counts_and_page_ids(toy: KnowledgeBase) -> None:
    assert toy.articles == 7
    assert len(toy) == 7
    watch = toy.entity("Apple Watch")
    assert watch is not None
    assert toy.page_id(watch) == 1
    assert toy.manifest.counts["entities"] == 7


def test_disambiguation_pages_are_no_candidates(tmp_path: Path) -> None:
    pages = {
        "Ada": "[[Ada (food)]] or [[Ada (river)]]{{disambig}}",
        "Ada (food)": "a dish, see [[Ada]] and [[river]]",
        "Ada (river)": "a river, see [[Ada]] and [[Ada (food)|ada]]",
    }
    (tmp_path / "dump.xml").write_bytes(make_dump(pages))
    extract_dumps([tmp_path / "dump.xml"], tmp_path / "extracted")
    kb = KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    # One page links with it; the disambiguation page's links, its title and those of the pages
    # without brackets say what else it may mean.
    assert links(kb, "ada") == {"Ada (food)": 1, "Ada (river)": 0}
    assert links(kb, "ada food") == {"Ada (food)": 1}
    assert kb.entity("Ada") is None
    river = kb.entity("River")
    assert river is not None
    assert kb.page_id(river) == OUTSIDE_DUMP


def test_the_real_sample_agrees_with_a_brute_force_count(demo: DemoResult) -> None:
    kb = KnowledgeBase.open(demo.folder / "kb")
    english = kb.language
    pages = list(read_pages(demo.folder / "extracted"))
    redirects = {page.title: page.redirect_to for page in pages if page.redirect_to}
    excluded = {page.title for page in pages if page.kind is PageKind.DISAMBIGUATION}
    lists = re.compile("^lists? of ")
    people = re.compile(r"\b(births|deaths)$|^living people$")
    candidates: dict[str, Counter[str]] = defaultdict(Counter)
    linking: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        own = page.redirect_to or page.title
        titles = {(title, own) for title in (page.title, title_form(page.title))}
        if page.kind is PageKind.DISAMBIGUATION:
            titles = set()
            for link in page.links:
                target = redirects.get(link.target, link.target)
                candidates[form_key(title_form(page.title), english)][target] += 0
        words = title_form(page.title).split()
        if len(words) > 1 and any(people.search(name.lower()) for name in page.categories):
            titles.add((words[-1], page.title))
        anchors = [(page.text[link.start : link.end], link.target) for link in page.links]
        outside = [(link.anchor, link.target) for link in page.outside_links]
        for number, (anchor, target) in enumerate([*titles, *anchors, *outside]):
            target = redirects.get(target, target) or ""
            form = form_key(anchor, english)
            if form and form.count(" ") < 8 and not excluded_title(target, excluded, lists):
                candidates[form][target] += number >= len(titles)
                if number < len(titles) + len(anchors):
                    linking[form].add(page.title)
    texts = [
        [token.key for token in tokens(f"{title_form(page.title)} . {page.text}", english)]
        for page in pages
        if page.kind is PageKind.ARTICLE
    ]
    for mention in ("United States", "Civil War", "Apollo", "state", "Aristotle", "greek"):
        form = kb.form(mention)
        assert form is not None
        found = {title: count for title, count in candidates[mention.lower()].items()
                 if not excluded_title(title, excluded, lists)}  # fmt: skip
        assert links(kb, mention) == found
        words = mention.lower().split()
        occurring = sum(
            any(text[i : i + len(words)] == words for i in range(len(text))) for text in texts
        )
        occurring += sum(mention.lower() in (t.lower(), title_form(t).lower()) for t in redirects)
        assert kb.link_probability(form) == pytest.approx(
            len(linking[mention.lower()]) / max(occurring, len(linking[mention.lower()]))
        )
    probabilities = kb.link_documents / kb.documents
    assert (probabilities > 0).all() and (probabilities <= 1).all()
    assert len(kb.form_keys) == len(linking)


def excluded_title(title: str, excluded: set[str], lists: re.Pattern[str]) -> bool:
    return title in excluded or bool(lists.search(title.lower()))


def test_the_link_lists_of_the_real_sample_mirror_each_other(demo: DemoResult) -> None:
    kb = KnowledgeBase.open(demo.folder / "kb")
    pairs = [(e, s) for e in range(len(kb)) for s in kb.in_links(e).tolist()]
    assert len(pairs) == kb.manifest.counts["in_links"] > 10_000
    assert sorted((s, e) for e, s in pairs) == [
        (e, t) for e in range(len(kb)) for t in kb.out_links(e).tolist()
    ]
    degrees = np.bincount([e for e, _ in pairs], minlength=len(kb))
    assert (degrees == kb.in_degrees).all()
    assert (np.diff(degrees) <= 0).all()


def test_titles_and_entities_find_each_other(demo: DemoResult) -> None:
    kb = KnowledgeBase.open(demo.folder / "kb")
    for entity in range(0, len(kb), 97):
        assert kb.entity(kb.title(entity)) == entity
    for absent in ("", "\uffff", "No such title", kb.title(0) + "x"):
        assert kb.entity(absent) is None


def build(
    folder: Path, pages: dict[str, str], language: str = "en", **options: object
) -> KnowledgeBase:
    folder.mkdir(exist_ok=True)
    (folder / "dump.xml").write_bytes(make_dump(pages, language=language))
    extract_dumps([folder / "dump.xml"], folder / "extracted")
    return KnowledgeBase.build(folder / "extracted", folder / "kb", **options)


def test_lists_are_no_candidates_but_what_they_link_to_is(tmp_path: Path) -> None:
    pages = {
        "List of rivers": "[[Ada (river)|Ada]] and the [[Bann]].",
        "Bann": "See the [[list of rivers]] and the [[List of lakes|lakes]] at [[Ulster]].",
    }
    kb = build(tmp_path, pages)
    assert kb.entity("List of rivers") is None
    assert kb.form("list of rivers") is None
    assert kb.form("lakes") is None  # a list that the dump does not have
    assert links(kb, "ada") == {"Ada (river)": 1}


def test_people_are_known_by_their_surnames(tmp_path: Path) -> None:
    pages = {
        "Ada Lovelace": "She met [[Charles Babbage]].[[Category:1815 births]]",
        "Charles Babbage": "He met [[Ada Lovelace|her]].[[Category:1791 births]][[Category:X]]",
        "Lough Neagh": "Water.[[Category:Lakes]] [[Ada Lovelace|x y]]",
        "Other": "Lovelace wrote. So did Neagh.",
    }
    kb = build(tmp_path, pages)
    assert links(kb, "Lovelace") == {"Ada Lovelace": 0}
    form = kb.form("lovelace")
    assert form is not None
    # Of the two pages with the name, her own (in its title) is as if it were a link.
    assert kb.link_probability(form) == 0.5
    assert kb.form("Neagh") is None


def test_single_words_count_by_case(tmp_path: Path) -> None:
    pages = {f"P{i}": "He will go. [[Will (law)|Will]] it." for i in range(3)}
    pages |= {"Q": "She will, too.", "R": "A last [[will (law)|will]]."}
    kb = build(tmp_path, pages)
    form = kb.form("Will")
    assert form is not None
    assert kb.link_probability(form) == pytest.approx(4 / 5)
    assert kb.link_probability(form, lower=True) == pytest.approx(1 / 5)


def test_scripts_without_spaces(tmp_path: Path) -> None:
    name = "中华人民共和国最高人民法院"
    kb = build(tmp_path, {"P": f"[[{name}]]在[[北京]]。", "Q": "他来到北京。"}, "zh")
    assert links(kb, name) == {name: 1}  # more than eight characters
    assert links(kb, "北京") == {"北京": 1}
    form = kb.form("北京")
    assert form is not None
    assert kb.link_probability(form) == 0.5
    assert kb.manifest.settings["max_form_words"] == 20


def test_long_chains_and_circles_of_redirects(tmp_path: Path) -> None:
    pages = {f"R{i}": f"#REDIRECT [[R{i + 1}]]" for i in range(9)}
    pages |= {
        "R9": "#REDIRECT [[Goal]]",
        "Goal": "The end. See [[P]].",
        "P": "[[R0|start]], [[C1|c d]]",
    }
    pages |= {"C1": "#REDIRECT [[C2]]", "C2": "#REDIRECT [[C1]]"}
    kb = build(tmp_path, pages)
    assert links(kb, "start") == {"Goal": 1}
    assert links(kb, "r5") == {"Goal": 0}
    assert links(kb, "c d") == {"C1": 1}  # leads nowhere else


def test_an_increment_replaces_pages(tmp_path: Path) -> None:
    base = {"A": "[[B]] and [[C|old name]].", "B": "See [[A]].", "D": "The old name."}
    newer = {"A": "[[B]] and [[C|new name]].", "E": "A [[C|new name]] for [[A]]."}
    build(tmp_path / "1", base)
    build(tmp_path / "2", newer)
    whole = build(tmp_path / "3", base | newer)
    folders = [tmp_path / "1" / "extracted", tmp_path / "2" / "extracted"]
    merged = KnowledgeBase.build(folders, tmp_path / "kb")
    for name in ("form_keys.bin", "candidate_counts.npy", "in_links.bin", "form_documents.npy"):
        files = [kb.folder / name for kb in (whole, merged)]
        assert files[0].read_bytes() == files[1].read_bytes(), name
    assert whole.titles.decoded() == merged.titles.decoded()
    build(tmp_path / "4", {"X": "[[Y]]"}, "de")
    with pytest.raises(InputError, match="is of language 'de'"):
        KnowledgeBase.build([folders[0], tmp_path / "4" / "extracted"], tmp_path / "other")
    with pytest.raises(InputError, match="no extracted folder was given"):
        KnowledgeBase.build([], tmp_path / "other")


def test_categories(tmp_path: Path) -> None:
    pages = {"A": "[[B]][[Category:X]][[Category:Y]]", "B": "[[A]][[Category:X]]", "C": "[[A]]"}
    kb = build(tmp_path, pages)
    assert kb.categories() == ["X", "Y"]
    assert {kb.title(e) for e in kb.entities_of_category("X").tolist()} == {"A", "B"}
    assert {kb.title(e) for e in kb.entities_of_category("Y").tolist()} == {"A"}
    assert kb.entities_of_category("Z").tolist() == []


@pytest.mark.parametrize("column", ["title", "page_id"])
def test_wikidata_items(tmp_path: Path, column: str) -> None:
    pages = {"A": "[[B]] [[C]]", "B": "[[A]]"}
    mapping = tmp_path / "items.tsv"
    keys = {"title": ("A", "C"), "page_id": ("1", "99")}[column]
    mapping.write_text(f"{column}\twikidata\n{keys[0]}\tQ42\n{keys[1]}\tQ7\n")
    kb = build(tmp_path / "w", pages, wikidata=mapping)
    found = {kb.title(e): kb.wikidata(e) for e in range(len(kb))}
    assert found == {"A": "Q42", "B": None, "C": "Q7" if column == "title" else None}


def test_the_least_memory_gives_the_same(demo: DemoResult, tmp_path: Path) -> None:
    small = KnowledgeBase.build(demo.folder / "extracted", tmp_path / "kb", memory="100MB")
    one, other = (
        {record.name: record.sha256 for record in manifest.files}
        for manifest in (small.manifest, read_manifest(demo.folder / "kb", "knowledge base"))
    )
    assert one == other


def test_a_wiki_without_links(tmp_path: Path) -> None:
    (tmp_path / "dump.xml").write_bytes(make_dump({"A": "no links", "B": "none"}))
    extract_dumps([tmp_path / "dump.xml"], tmp_path / "extracted")
    with pytest.raises(InputError, match="no page links to another"):
        KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    assert not (tmp_path / "kb").exists()
