"""Custom entities and aliases from CSV, laid over the toy pages' knowledge base."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.entities.knowledge_base import OUTSIDE_DUMP, KnowledgeBase
from nlp_engine.entities.links import EntityLink
from nlp_engine.entities.overlay import Alias, Overlay
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.errors import InputError
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import TOY_PAGES, make_dump


@pytest.fixture(scope="module")
def kb(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "dump.xml").write_bytes(make_dump(TOY_PAGES))
    extract_dumps([folder / "dump.xml"], folder / "extracted")
    return KnowledgeBase.build(folder / "extracted", folder / "kb")


def read(kb: KnowledgeBase, tmp_path: Path, text: str) -> Overlay:
    (tmp_path / "overlay.csv").write_text(text, encoding="utf-8")
    return Overlay.read(tmp_path / "overlay.csv", kb)


def by_mention(links: list[EntityLink]) -> dict[str, str]:
    return {link.mention: link.title for link in links}


def linked(kb: KnowledgeBase, overlay: Overlay | None, text: str) -> dict[str, EntityLink]:
    """The links of a text by mention, each mention's most common entity."""
    ranker = EntityRanker(kb, overlay=overlay, method="commonness", rho=0)
    return {link.mention: link for link in ranker.link(text)}


def test_a_new_entity_and_a_new_name_for_a_known_one(kb: KnowledgeBase, tmp_path: Path) -> None:
    overlay = read(kb, tmp_path, "alias,entity\nTimmy,Tim Cook\nGala,Gala (apple)\n")
    links = linked(kb, overlay, "Timmy eats a Gala.")
    assert {m: link.title for m, link in links.items()} == {
        "Timmy": "Tim Cook", "Gala": "Gala (apple)",
    }  # fmt: skip
    cook = kb.entity("Tim Cook")
    assert cook is not None
    assert links["Timmy"].page_id == kb.page_id(cook) == 3
    assert (links["Gala"].page_id, links["Gala"].wikidata) == (OUTSIDE_DUMP, None)
    # A form of which nothing else is known: one link, which makes it sure.
    assert (links["Gala"].links, links["Gala"].commonness, links["Gala"].link_probability) == (
        1, 1, 1,
    )  # fmt: skip


def test_a_new_entity_with_another_ones_name_is_told(tmp_path: Path) -> None:
    pages = {"Apple Inc.": "makes an [[iPhone]].", "Apple Computer": "#REDIRECT [[Apple Inc.]]"}
    (tmp_path / "dump.xml").write_bytes(make_dump(pages))
    extract_dumps([tmp_path / "dump.xml"], tmp_path / "extracted")
    kb = KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    message = "new entities whose titles .* knows as names of others: 'Apple Computer' of 'Apple I"
    with pytest.warns(UserWarning, match=message):
        overlay = read(kb, tmp_path, "alias,entity\nMac makers,Apple Computer\nGala,Gala\n")
    assert overlay.titles == ["Apple Computer", "Gala"], "nothing is known by the other's title"


def test_by_default_an_alias_weighs_as_much_as_all_links_of_its_form(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    # "Apple" links four times to Apple Inc. and twice to Apple.
    link = linked(kb, read(kb, tmp_path, "alias,entity\napple,Apple Records\n"), "Apple")["Apple"]
    assert (link.title, link.links, link.commonness) == ("Apple Records", 6, 6 / 12)
    link = linked(kb, read(kb, tmp_path, "alias,entity\napple,Apple\n"), "Apple")["Apple"]
    assert (link.title, link.links, link.commonness) == ("Apple", 2 + 6, 8 / 12)


@pytest.mark.parametrize(
    ("links", "title", "commonness"),
    [("0", "Apple Inc.", 4 / 6), ("2", "Apple Inc.", 4 / 8), ("3", "Apple", 5 / 9)],
)
def test_links_are_added_to_those_that_are_known(
    kb: KnowledgeBase, tmp_path: Path, links: str, title: str, commonness: float
) -> None:
    overlay = read(kb, tmp_path, f"alias,entity,links\nApple,Apple,{links}\n")
    link = linked(kb, overlay, "Apple")["Apple"]
    assert (link.title, link.commonness) == (title, commonness)


def test_link_probability(kb: KnowledgeBase, tmp_path: Path) -> None:
    overlay = read(
        kb,
        tmp_path,
        "alias,entity,links,link_probability\nGala,Gala (apple),,0.25\nPippin,A pippin,,0.01\n"
        "Apple,Apple Records,9,0.5\n",
    )
    links = linked(kb, overlay, "Gala and Pippin are no Apple nor an apple.")
    assert links["Gala"].link_probability == 0.25
    assert "Pippin" not in links, "rarer as a link than --min-link-probability"
    # It holds in lower case, too.
    assert links["Apple"].link_probability == links["apple"].link_probability == 0.5


def test_without_a_link_probability_a_known_form_keeps_its_own(
    kb: KnowledgeBase, tmp_path: Path
) -> None:
    overlay = read(kb, tmp_path, "alias,entity\nApple,Apple Records\nCupertino,The Cupertinos\n")
    text = "Apple and an apple, Cupertino and cupertino."
    before, after = linked(kb, None, text), linked(kb, overlay, text)
    assert after["Apple"].title == "Apple Records"
    assert after["Cupertino"].commonness == 0.5
    # Nobody writes the city in lower case, so what is written so is something else.
    assert list(after) == list(before) == ["Apple", "apple", "Cupertino"]
    for mention, link in after.items():
        assert link.link_probability == pytest.approx(before[mention].link_probability, abs=1e-6)


@pytest.mark.parametrize("mention", ["Gala", "gala", "GALA"])
def test_an_added_alias_is_found_in_any_case(
    kb: KnowledgeBase, tmp_path: Path, mention: str
) -> None:
    overlay = read(kb, tmp_path, "alias,entity\nGala,Gala (apple)\n")
    assert by_mention(EntityRanker(kb, overlay=overlay).link(f"a {mention}!")) == {
        mention: "Gala (apple)"
    }


def test_the_longest_form_wins_over_known_and_added_ones(kb: KnowledgeBase, tmp_path: Path) -> None:
    # Eleven words, more than any form of the knowledge base may have.
    name = "The Society for the Pressing of Apples in and around Cupertino"
    overlay = read(
        kb,
        tmp_path,
        f"alias,entity\nApple Watch Series 9,Series 9\n{name},The Society\nPressing,Pressing\n"
        "Watch,Wristwatch\n",
    )
    text = f"{name} wants an Apple Watch Series 9 or an Apple Watch, a watch, and pressing."
    assert by_mention(EntityRanker(kb, overlay=overlay, rho=0).link(text)) == {
        name: "The Society",
        "Apple Watch Series 9": "Series 9",
        "Apple Watch": "Apple Watch",
        "watch": "Wristwatch",
        "pressing": "Pressing",
    }


def test_added_forms_are_compared_as_all_forms_are(kb: KnowledgeBase, tmp_path: Path) -> None:
    overlay = read(kb, tmp_path, 'alias,entity\n"Café, Chez-Tim",Café\n')
    decomposed = "At cafe\N{COMBINING ACUTE ACCENT}  chez tim."
    (link,) = EntityRanker(kb, overlay=overlay, rho=0).link(decomposed)
    assert link.title == "Café"
    assert decomposed[link.start : link.end] == "cafe\N{COMBINING ACUTE ACCENT}  chez tim"


def test_several_meanings_of_an_added_form(kb: KnowledgeBase, tmp_path: Path) -> None:
    overlay = read(kb, tmp_path, "alias,entity,links\nGala,Gala (apple),1\nGala,Gala (party),3\n")
    (found,) = EntityRanker(kb, overlay=overlay, method="commonness").explain("Gala")
    assert (found.link.title, found.link.commonness) == ("Gala (party)", 0.75)
    assert found.others == [("Gala (apple)", 0.25)]


def test_an_added_name_votes_and_is_voted_for(kb: KnowledgeBase, tmp_path: Path) -> None:
    """Tim Cook's page is linked to by the same pages as Apple Inc.'s; under any name he tells."""
    overlay = read(kb, tmp_path, "alias,entity,links\nTimmy,Tim Cook,\nApple,Apple,2\n")
    assert by_mention(EntityRanker(kb, overlay=overlay, rho=0).link("Timmy runs Apple.")) == {
        "Timmy": "Tim Cook", "Apple": "Apple Inc.",
    }  # fmt: skip


def test_the_knowledge_base_stays_as_it_is(kb: KnowledgeBase, tmp_path: Path) -> None:
    def content() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in kb.folder.iterdir()}

    text = "Tim Cook runs Apple from Cupertino."
    before, files = EntityRanker(kb, rho=0).link(text), content()
    overlay = read(kb, tmp_path, "alias,entity,links\nApple,Apple,99\nTim Cook,Timothy,99\n")
    assert EntityRanker(kb, overlay=overlay, rho=0).link(text) != before
    assert EntityRanker(kb, rho=0).link(text) == before
    assert content() == files


def test_no_aliases_change_nothing(kb: KnowledgeBase, tmp_path: Path) -> None:
    text = "Tim Cook runs Apple from Cupertino."
    overlay = read(kb, tmp_path, "alias,entity\n")
    assert EntityRanker(kb, overlay=overlay).link(text) == EntityRanker(kb).link(text)


def test_what_a_spreadsheet_saves(kb: KnowledgeBase, tmp_path: Path) -> None:
    """With a mark at the beginning, CRLF, blank lines and cells, and columns in another order."""
    path = tmp_path / "overlay.csv"
    text = 'links,entity,alias\r\n,"Cupertino, California"," Apple Town "\r\n\r\n2,Gala,Gala\r\n'
    path.write_bytes(text.encode("utf-8-sig"))
    assert by_mention(
        EntityRanker(kb, overlay=Overlay.read(path, kb), rho=0).link("Gala in Apple Town")
    ) == {"Gala": "Gala", "Apple Town": "Cupertino, California"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "",
            r"it has the columns \(none\); it needs alias and entity, .* may have links and link_",
        ),
        ("name,entity\nGala,Apple\n", "it has the columns name, entity; it needs alias and entity"),
        ("alias;entity\nGala;Apple\n", "columns alias;entity; .* separated by a comma"),
        ("alias,entity,weight\nGala,Apple,1\n", "it has the columns alias, entity, weight"),
        ("alias,entity\nGala,Apple\n ,Apple\n", "row 2, column alias: it is empty"),
        ("alias,entity\nGala,\n", "row 1, column entity: it is empty"),
        ("alias,entity\nGala\n", "row 1, column entity: it is empty"),
        ("alias,entity\nGala, the,Apple\n", "row 1: it has more cells than the header; .* quotes"),
        ("alias,entity,links\nGala,Apple,many\n", "row 1, column links: 'many' is no number"),
        ("alias,entity,links\nGala,Apple,1.5\n", "row 1, column links: '1.5' is no number"),
        ("alias,entity,links\nGala,Apple,-1\n", "row 1, column links: -1 is not between 0 and 2,"),
        ("alias,entity,links\nGala,Apple,3000000000\n", "column links: 3000000000 is not between"),
        (
            "alias,entity,link_probability\nGala,Apple,1\nPippin,Apple,1.01\n",
            "row 2, column link_probability: 1.01 is not between 0 and 1",
        ),
        (
            "alias,entity,link_probability\nGala,Apple,nan\n",
            "row 1, column link_probability: nan is not between 0 and 1",
        ),
        (
            "alias,entity\nGala,Apple\n1984,Apple\n",
            "row 2, column alias: '1984' cannot be a form; it needs a letter and at least two char",
        ),
        ("alias,entity\nx,Apple\n", "row 1, column alias: 'x' cannot be a form"),
    ],
)
def test_wrong_files(kb: KnowledgeBase, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        read(kb, tmp_path, text)
    assert str(error.value).startswith(str(tmp_path / "overlay.csv"))


def test_files_that_are_no_csv(kb: KnowledgeBase, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv does not exist"):
        Overlay.read(tmp_path / "none.csv", kb)
    with pytest.raises(InputError, match="is a folder"):
        Overlay.read(tmp_path, kb)
    (tmp_path / "latin.csv").write_bytes("alias,entity\nCafé,Apple\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.csv is no CSV in UTF-8: .* save it as that"):
        Overlay.read(tmp_path / "latin.csv", kb)
    (tmp_path / "long.csv").write_text("alias,entity\n" + "a" * 200_000 + ",Apple\n")
    before = csv.field_size_limit(131_072)  # other readers of this process may have raised it
    try:
        with pytest.raises(InputError, match=r"long\.csv is no CSV in UTF-8: field larger"):
            Overlay.read(tmp_path / "long.csv", kb)
    finally:
        csv.field_size_limit(before)


def test_links_beyond_what_is_counted(kb: KnowledgeBase, tmp_path: Path) -> None:
    overlay = read(kb, tmp_path, "alias,entity,links\n" + "Apple,Apple,2147483647\n" * 3)
    assert linked(kb, overlay, "Apple")["Apple"].title == "Apple"


_NAMES = st.sampled_from(["Apple", "apple", "Tim Cook", "Gala", "Gala Pippin", "Idared", "ab c"])
_ENTITIES = st.sampled_from(["Apple", "Apple Inc.", "Tim Cook", "New one", "New two"])


@given(st.lists(st.tuples(_NAMES, _ENTITIES, st.none() | st.integers(0, 5)), max_size=8))
def test_candidates_agree_with_a_plain_count(
    kb: KnowledgeBase, rows: list[tuple[str, str, int | None]]
) -> None:
    overlay = Overlay.of([Alias(*row) for row in rows], kb)
    ranker = EntityRanker(kb, overlay=overlay, method="commonness", rho=0)
    expected: dict[str, dict[str, int]] = defaultdict(dict)
    defaults: dict[str, int] = {}
    for name, entity, links in rows:
        form = name.lower()
        if form not in defaults:
            known = kb.form(name)
            counts = {c.title: c.links for c in kb.describe(known)} if known is not None else {}
            expected[form] = counts
            defaults[form] = max(sum(counts.values()), 1)
        more = defaults[form] if links is None else links
        expected[form][entity] = expected[form].get(entity, 0) + more
    for form, counts in expected.items():
        (link,) = ranker.link_spans(form, [(0, len(form))])
        assert link is not None
        assert link.links == counts[link.title] == max(counts.values())
        total = sum(counts.values())
        assert link.commonness == pytest.approx(link.links / total if total else 1 / len(counts))
