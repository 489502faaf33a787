"""The page of a linked text: the text is whole, every link is marked and explained."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.demo import TEXT, DemoResult
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.links import EntityLink, Explanation, Vote
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.reports.links import links_page, segments
from tests.reports.page import Page

_TEXTS = st.text(st.sampled_from("ab <>&\"'\n\t{}%#;é東🎉\N{NO-BREAK SPACE}") | st.characters(
    exclude_categories=["Cs", "Cc"]
), max_size=60)  # fmt: skip


class Linked(HTMLParser):
    """Reads the text of a page, and what is marked in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.marks: list[tuple[str, str]] = []  # what is marked, and the title
        self.names: list[str] = []  # that stand behind marks
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._open or (tag == "p" and attributes.get("class") == "linked"):
            self._open.append(tag)
        if tag == "mark":
            self.marks.append(("", attributes["title"] or ""))
        if tag == "sub":
            self.names.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "sub" in self._open:
            self.names[-1] += data
        elif self._open:
            self.text += data
            if "mark" in self._open:
                marked, title = self.marks[-1]
                self.marks[-1] = marked + data, title


def link(text: str, start: int, end: int, title: str = "T") -> EntityLink:
    return EntityLink(
        start=start, end=end, mention=text[start:end], title=title, page_id=-1, commonness=0.25,
        link_probability=0.5, votes=1.0, coherence=0.1, rho=0.3, probability=0.625, score=0.75,
        links=3,
    )  # fmt: skip


@st.composite
def linked_texts(draw: st.DrawFn) -> tuple[str, list[EntityLink]]:
    text = draw(_TEXTS)
    cuts = draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True).map(sorted))
    titles = draw(st.lists(_TEXTS.filter(bool), min_size=4, max_size=4))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    return text, [link(text, *pair, title) for pair, title in zip(pairs, titles, strict=False)]


@given(linked_texts())
def test_segments_lose_no_character(linked: tuple[str, list[EntityLink]]) -> None:
    text, links = linked
    pieces = segments(text, links)
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.link for piece in pieces if piece.link] == links


@given(linked_texts())
def test_the_text_is_unchanged_but_for_marks(linked: tuple[str, list[EntityLink]]) -> None:
    text, links = linked
    page = links_page(text, [Explanation(link, [], []) for link in links])
    found = Linked(page)
    assert found.text == text
    assert found.marks == [
        (link.mention, f"{link.title}: probability 0.62, rho 0.30, commonness 0.25")
        for link in links
    ]
    assert found.names == [link.title for link in links if link.title != link.mention]
    Page(page).check_whole_and_self_contained()


@pytest.fixture(scope="module")
def kb(demo: DemoResult) -> KnowledgeBase:
    return KnowledgeBase.open(demo.folder / "kb")


@pytest.mark.parametrize("method", ["collective", "tagme", "commonness"])
def test_every_link_is_listed_and_explained(kb: KnowledgeBase, method: str) -> None:
    explanations = EntityRanker(kb, method=method).explain(TEXT)
    assert len(explanations) > 5
    source = links_page(TEXT, explanations)
    page = Page(source)
    page.check_whole_and_self_contained()
    assert Linked(source).text == TEXT
    shown = " ".join(page.text.split())
    for explanation in explanations:
        found = explanation.link
        values = (
            found.probability, found.rho, found.link_probability, found.coherence, found.commonness,
        )  # fmt: skip
        row = " ".join([found.mention, found.title, *(f"{value:.2f}" for value in values)])
        # Cells follow each other without a space, which a browser does not show either.
        assert row.replace(" ", "") in shown.replace(" ", "")
        for vote in explanation.votes:
            assert f"{vote.mention}{vote.title}{vote.share:.2f}".replace(" ", "") in shown.replace(
                " ", ""
            )
        for title, share in explanation.others[:3]:
            assert f"{title} {share:.2f}" in shown
    assert ("No other mention votes for it." in shown) == (
        any(not explanation.votes for explanation in explanations)
    )


def headings(votes: list[Vote]) -> list[str]:
    """What the table of votes shows of each."""
    source = links_page("Apple", [Explanation(link("Apple", 0, 5), votes, [("Pear", 0.25)])])
    why = source[source.index("<h2>Why</h2>") :]
    known = ("link", "co-citation", "title words", "same entity", "relatedness")
    return [name for name in known if f'<th class="number">{name}</th>' in why]


def vote(**parts: float) -> Vote:
    zero = dict.fromkeys(("link", "cocitation", "title_words", "same", "relatedness"), 0.0)
    return Vote("pear", "Pear", 0.5, **(zero | parts))


def test_only_parts_that_some_vote_has_are_shown() -> None:
    assert headings([vote(relatedness=0.5)]) == ["relatedness"]
    assert headings([vote(link=0.5), vote(same=0.5, cocitation=0.1)]) == [
        "link", "co-citation", "same entity",
    ]  # fmt: skip
    assert headings([vote(title_words=0.1)]) == ["title words"]


def test_a_text_without_entities() -> None:
    source = links_page("<Nothing> & no one", [])
    assert Linked(source).text == "<Nothing> & no one"
    page = Page(source)
    page.check_whole_and_self_contained()
    assert "No entity was found." in page.text
    assert "table" not in source[source.index("<body>") :]
