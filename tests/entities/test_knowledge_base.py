"""The toy pages' counts, by hand; the real sample's, by a brute-force count."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.entities.forms import form_key, title_form, tokens
from nlp_engine.entities.knowledge_base import OUTSIDE_DUMP, KnowledgeBase
from nlp_engine.errors import FormatError, InputError
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
    # "Apple" links to Apple Inc. on four pages; to Apple on two, and it is that page's title.
    assert links(toy, "Apple") == {"Apple Inc.": 4, "Apple": 3}
    # Three anchors, one of them through the redirect "Cupertino", plus the redirect itself.
    assert links(toy, "Cupertino") == {"Cupertino, California": 5}
    assert links(toy, "tim  COOK") == {"Tim Cook": 4}
    assert toy.form("nothing of the kind") is None


def test_commonness_and_link_probability(toy: KnowledgeBase) -> None:
    form = toy.form("apple")
    assert form is not None
    assert [c.commonness for c in toy.describe(form)] == pytest.approx([4 / 7, 3 / 7])
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
    assert links(kb, "ada") == {"Ada (food)": 2, "Ada (river)": 1}
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
    candidates: dict[str, Counter[str]] = defaultdict(Counter)
    linking: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        own = page.redirect_to or page.title
        rows = [] if page.kind is PageKind.DISAMBIGUATION else [(title_form(page.title), own)]
        rows += [(page.text[link.start : link.end], link.target) for link in page.links]
        outside = [(link.anchor, link.target) for link in page.outside_links]
        for number, (anchor, target) in enumerate(rows + outside):
            target = redirects.get(target, target) or ""
            form = form_key(anchor, english)
            if form and form.count(" ") < 8 and target not in excluded:
                candidates[form][target] += 1
                if number < len(rows):
                    linking[form].add(page.title)
    texts = [
        [token.key for token in tokens(f"{title_form(page.title)} . {page.text}", english)]
        for page in pages
        if page.kind is PageKind.ARTICLE
    ]
    for mention in ("United States", "Civil War", "Apollo", "state", "Aristotle", "greek"):
        form = kb.form(mention)
        assert form is not None
        assert links(kb, mention) == candidates[mention.lower()]
        words = mention.lower().split()
        occurring = sum(
            any(text[i : i + len(words)] == words for i in range(len(text))) for text in texts
        )
        occurring += sum(title_form(t).lower() == mention.lower() for t in redirects)
        assert kb.link_probability(form) == pytest.approx(
            len(linking[mention.lower()]) / max(occurring, len(linking[mention.lower()]))
        )
    probabilities = kb.arrays.form_link_documents / kb.arrays.form_documents
    assert (probabilities > 0).all() and (probabilities <= 1).all()
    assert len(kb.forms) == len(linking)


def test_a_wiki_without_links(tmp_path: Path) -> None:
    (tmp_path / "dump.xml").write_bytes(make_dump({"A": "no links", "B": "none"}))
    extract_dumps([tmp_path / "dump.xml"], tmp_path / "extracted")
    with pytest.raises(InputError, match="no page links to another"):
        KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    assert not (tmp_path / "kb").exists()


def test_damaged_and_other_folders(demo: DemoResult, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="expected the folder .knowledge base."):
        KnowledgeBase.open(demo.folder / "corpus")
    import shutil

    shutil.copytree(demo.folder / "kb", tmp_path / "kb")
    (tmp_path / "kb" / "page_ids.npy").write_bytes(b"cut")
    with pytest.raises(FormatError, match="page_ids.npy has 3 bytes"):
        KnowledgeBase.open(tmp_path / "kb")


def test_two_readers_while_a_third_builds_anew(demo: DemoResult, tmp_path: Path) -> None:
    first = KnowledgeBase.build(demo.folder / "extracted", tmp_path / "kb")
    second = KnowledgeBase.open(tmp_path / "kb")
    third = KnowledgeBase.build(demo.folder / "extracted", tmp_path / "kb", overwrite=True)
    assert links(first, "apollo") == links(second, "apollo") == links(third, "apollo")
    assert read_manifest(tmp_path / "kb", "knowledge base").id == first.manifest.id
