"""The spaCy component: entities with knowledge base ids, alone and behind other components."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

# The entry point does this in an installed package; here it must not matter.
import nlp_engine.entities.spacy as component
from nlp_engine.demo import TEXT, DemoResult
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.errors import FormatError, InputError, NlpEngineError, SettingError
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import TOY_PAGES, make_dump

SENTENCE = "Tim Cook showed the Apple Watch in Cupertino."
MEANINGS = [
    ("Tim Cook", "Tim Cook"),
    ("Apple Watch", "Apple Watch"),
    ("Cupertino", "Cupertino, California"),
]


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    folder = tmp_path_factory.mktemp("toy")
    (folder / "dump.xml").write_bytes(make_dump(TOY_PAGES))
    extract_dumps([folder / "dump.xml"], folder / "extracted")
    (folder / "wikidata.csv").write_text("title,wikidata\nTim Cook,Q265852\nApple Inc.,Q312\n")
    return KnowledgeBase.build(
        folder / "extracted", folder / "kb", wikidata=folder / "wikidata.csv"
    )


def pipeline(of: KnowledgeBase, before: Language | None = None, **config: Any) -> Language:
    nlp = before or spacy.blank("en")
    nlp.add_pipe(component.NAME, config={"kb": str(of.folder)} | config)
    return nlp


def with_ruler(*patterns: dict[str, Any]) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(patterns)  # type: ignore[attr-defined]
    return nlp


def entities(doc: Doc) -> list[tuple[str, str, str]]:
    return [(ent.text, ent.label_, ent.kb_id_) for ent in doc.ents]


def test_entities_of_a_text(toy: KnowledgeBase) -> None:
    doc = pipeline(toy)(SENTENCE)
    assert entities(doc) == [(mention, "ENTITY", title) for mention, title in MEANINGS]
    assert doc._.links == EntityRanker(toy).link(SENTENCE)


def test_the_links_are_those_of_the_ranker(demo: DemoResult) -> None:
    kb = KnowledgeBase.open(demo.folder / "kb")
    doc = pipeline(kb)(TEXT)
    assert doc._.links == demo.links
    assert [(e.start_char, e.end_char, e.kb_id_) for e in doc.ents] == [
        (link.start, link.end, link.title) for link in demo.links
    ]


def test_options_and_label(demo: DemoResult) -> None:
    kb = KnowledgeBase.open(demo.folder / "kb")
    options = {"method": "commonness", "rho": 0.4}
    doc = pipeline(kb, label="WIKI", options=options)(TEXT)
    assert doc._.links == EntityRanker(kb, method="commonness", rho=0.4).link(TEXT) != demo.links
    assert {ent.label_ for ent in doc.ents} == {"WIKI"}


@pytest.mark.parametrize(
    ("kb_id", "ids"),
    [
        ("title", ["Tim Cook", "Apple Watch", "Grape"]),
        ("page_id", ["3", "1", "NIL"]),  # the grape has no page in the dump
        ("wikidata", ["Q265852", "NIL", "NIL"]),  # two are not in the mapping
    ],
)
def test_kb_ids(toy: KnowledgeBase, tmp_path: Path, kb_id: str, ids: list[str]) -> None:
    (tmp_path / "overlay.csv").write_text("alias,entity\ngrape,Grape\n")
    nlp = pipeline(toy, kb_id=kb_id, overlay=str(tmp_path / "overlay.csv"))
    assert [ent.kb_id_ for ent in nlp("Tim Cook, Apple Watch, grape").ents] == ids


def test_entities_that_do_not_overlap_are_kept(toy: KnowledgeBase) -> None:
    ruler = with_ruler(
        {"label": "DATE", "pattern": "yesterday"},
        {"label": "PRODUCT", "pattern": "the Apple Watch"},
    )
    doc = pipeline(toy, ruler)(f"{SENTENCE[:-1]} yesterday.")
    assert entities(doc) == [
        *((mention, "ENTITY", title) for mention, title in MEANINGS),
        ("yesterday", "DATE", ""),
    ]


def test_mentions_that_other_components_found(toy: KnowledgeBase) -> None:
    ruler = with_ruler(
        {"label": "ORG", "pattern": "Apple"},
        {"label": "PERSON", "pattern": "Tim Cook"},
        {"label": "PERSON", "pattern": "Eve"},
    )
    doc = pipeline(toy, ruler, mentions="ents")("Tim Cook and Eve run Apple from Cupertino.")
    assert entities(doc) == [
        ("Tim Cook", "PERSON", "Tim Cook"),
        ("Eve", "PERSON", ""),  # of whom the knowledge base has not heard
        ("Apple", "ORG", "Apple Inc."),
    ]
    assert [link.title for link in doc._.links] == ["Tim Cook", "Apple Inc."]


def test_mentions_of_others_are_linked_however_low_their_rho(toy: KnowledgeBase) -> None:
    ruler = with_ruler({"label": "ORG", "pattern": "Apple"})
    text = "Apple."
    config: dict[str, Any] = {"mentions": "ents", "options": {"rho": 1.0}}
    assert entities(pipeline(toy, ruler, **config)(text)) == [("Apple", "ORG", "Apple Inc.")]
    ruler = with_ruler({"label": "ORG", "pattern": "Apple"})
    config["options"] = {"min_probability": 1.0}
    assert entities(pipeline(toy, ruler, **config)(text)) == [("Apple", "ORG", "")]


def test_a_part_of_a_token_is_linked_as_that_token(toy: KnowledgeBase) -> None:
    """To spaCy "Apple/iPhone" is one token; to the knowledge base it is two forms."""
    doc = pipeline(toy, options={"rho": 0})("She likes Apple_iPhone.")
    (ent,) = doc.ents
    assert (ent.text, ent.kb_id_) == ("Apple_iPhone", doc._.links[0].title)
    assert [link.mention for link in doc._.links] == ["Apple", "iPhone"]


def test_many_documents(toy: KnowledgeBase) -> None:
    nlp = pipeline(toy)
    texts = [SENTENCE, "", "Nothing.", "The iPhone by Apple."] * 50
    together = [entities(doc) for doc in nlp.pipe(texts, batch_size=7)]
    assert together == [entities(nlp(text)) for text in texts]
    assert together[3] == [("iPhone", "ENTITY", "IPhone"), ("Apple", "ENTITY", "Apple Inc.")]


def test_several_processes(toy: KnowledgeBase) -> None:
    nlp = pipeline(toy)
    docs = list(nlp.pipe([SENTENCE] * 4, n_process=2, batch_size=2))
    assert [entities(doc) for doc in docs] == [entities(nlp(SENTENCE))] * 4
    assert [doc._.links for doc in docs] == [EntityRanker(toy).link(SENTENCE)] * 4


@pytest.mark.parametrize("mentions", ["spot", "ents"])
def test_an_empty_document(toy: KnowledgeBase, mentions: str) -> None:
    doc = pipeline(toy, mentions=mentions)("")
    assert (list(doc.ents), doc._.links) == ([], [])


def test_a_document_that_was_not_linked(toy: KnowledgeBase) -> None:
    pipeline(toy)
    assert spacy.blank("en")(SENTENCE)._.links == []


def test_documents_keep_their_links_as_bytes(toy: KnowledgeBase) -> None:
    nlp = pipeline(toy)
    doc = nlp(SENTENCE)
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert entities(again) == entities(doc)
    assert again._.links == doc._.links != []


def rules_and_aliases(folder: Path) -> dict[str, str]:
    """They make Gala a person, and forbid the watch."""
    folder.mkdir()
    (folder / "aliases.csv").write_text("alias,entity\nGala,Tim Cook\n")
    (folder / "domain.toml").write_text('[[rule]]\naction = "block"\ntitles = ["Apple Watch"]\n')
    return {"overlay": str(folder / "aliases.csv"), "rules": str(folder / "domain.toml")}


EXPECTED = [
    ("Gala", "ENTITY", "Tim Cook"),
    ("Cupertino", "ENTITY", "Cupertino, California"),
]
GALA = "Gala showed the Apple Watch in Cupertino."


def test_a_saved_pipeline_gives_the_same_results(toy: KnowledgeBase, tmp_path: Path) -> None:
    nlp = pipeline(toy, **rules_and_aliases(tmp_path / "mine"))
    doc = nlp(GALA)
    assert entities(doc) == EXPECTED
    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(tmp_path / "mine")
    for loaded in (spacy.load(tmp_path / "saved"), nlp.from_disk(tmp_path / "saved")):
        again = loaded(GALA)
        assert entities(again) == EXPECTED
        assert again._.links == doc._.links
    # It is whole, so that it can be saved once more, to the same place, too, and moved.
    loaded = spacy.load(tmp_path / "saved")
    loaded.to_disk(tmp_path / "saved")
    loaded.to_disk(tmp_path / "copy")
    shutil.rmtree(tmp_path / "saved")
    assert entities(spacy.load(tmp_path / "copy")(GALA)) == EXPECTED
    assert entities(loaded(GALA)) == EXPECTED, "what is open needs no files"


def test_files_are_saved_as_they_were_read(toy: KnowledgeBase, tmp_path: Path) -> None:
    nlp = pipeline(toy, **rules_and_aliases(tmp_path / "mine"))
    (tmp_path / "mine" / "aliases.csv").write_text("alias,entity\nshowed,Apple\n")
    nlp.to_disk(tmp_path / "saved")
    assert entities(spacy.load(tmp_path / "saved")(GALA)) == EXPECTED


def test_a_pipeline_without_rules_leaves_none_of_an_earlier_one(
    toy: KnowledgeBase, tmp_path: Path
) -> None:
    pipeline(toy, **rules_and_aliases(tmp_path / "mine")).to_disk(tmp_path / "saved")
    nlp = pipeline(toy)
    nlp.to_disk(tmp_path / "saved")
    assert entities(spacy.load(tmp_path / "saved")(GALA)) == entities(nlp(GALA)) != EXPECTED


def test_loading_in_another_process(toy: KnowledgeBase, tmp_path: Path) -> None:
    nlp = pipeline(toy, **rules_and_aliases(tmp_path / "mine"))
    nlp.to_disk(tmp_path / "saved")
    (tmp_path / "doc").write_bytes(nlp(GALA).to_bytes())
    shutil.rmtree(tmp_path / "mine")
    program = (
        "import json, sys, spacy, nlp_engine.entities.spacy\n"
        "from spacy.tokens import Doc\n"
        "nlp = spacy.load(sys.argv[1])\n"
        "doc, saved = nlp(sys.argv[3]), Doc(nlp.vocab).from_bytes(open(sys.argv[2], 'rb').read())\n"
        "assert doc._.links == saved._.links\n"
        "print(json.dumps([(e.text, e.label_, e.kb_id_) for e in doc.ents]))\n"
    )
    command = [sys.executable, "-c", program, tmp_path / "saved", tmp_path / "doc", GALA]
    found = json.loads(subprocess.check_output(command, text=True))
    assert [tuple(entity) for entity in found] == EXPECTED


def test_another_knowledge_base_is_refused(
    toy: KnowledgeBase, demo: DemoResult, tmp_path: Path
) -> None:
    nlp = pipeline(toy)
    nlp.to_disk(tmp_path / "saved")
    other = demo.folder / "kb"
    with pytest.raises(FormatError) as error:
        spacy.load(tmp_path / "saved", config={"components": {component.NAME: {"kb": str(other)}}})
    for text in (toy.manifest.id, str(other), KnowledgeBase.open(other).manifest.id, "build it"):
        assert text in str(error.value)


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"mentions": "all"}, SettingError, "mentions is 'all'; it must be one of spot, ents"),
        ({"kb_id": "url"}, SettingError, "kb_id is 'url'; it must be one of title, page_id, wikid"),
        ({"options": {"roh": 1}}, SettingError, "unknown setting 'roh'; did you mean rho?"),
        ({"options": {"rho": "high"}}, SettingError, "rho is 'high'; it must be a number"),
        ({"kb": "nowhere"}, InputError, "nowhere does not exist; expected the folder"),
    ],
)
def test_wrong_settings(
    toy: KnowledgeBase, config: dict[str, Any], error: type[NlpEngineError], message: str
) -> None:
    with pytest.raises(error) as raised:
        pipeline(toy, **config)
    assert message in str(raised.value)


def test_a_pipeline_of_another_language_is_told(toy: KnowledgeBase) -> None:
    with pytest.warns(UserWarning, match=r"the pipeline is of language 'de', and .* of 'en'"):
        assert entities(pipeline(toy, spacy.blank("de"))(SENTENCE))
    pipeline(toy, spacy.blank("xx"))  # of several languages; no warning, which would be an error


def test_wrong_files(toy: KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "wrong.csv").write_text("name\nGala\n")
    with pytest.raises(InputError, match=r"wrong\.csv: it has the columns name"):
        pipeline(toy, overlay=str(tmp_path / "wrong.csv"))
    # A saved pipeline's files may be gone when it is made anew, so that is no error yet.
    nlp = pipeline(toy, rules=str(tmp_path / "none.toml"))
    with pytest.raises(InputError, match=r"none\.toml does not exist"):
        nlp("Apple")
    with pytest.raises(InputError, match=r"none\.toml does not exist"):
        nlp.to_disk(tmp_path / "saved")


def test_what_spacy_knows_of_it(toy: KnowledgeBase) -> None:
    nlp = pipeline(toy)
    assert set(nlp.get_pipe_meta(component.NAME).assigns) == {
        "doc.ents", "doc._.links", "token.ent_kb_id",
    }  # fmt: skip
    span = nlp(SENTENCE).ents[0]
    assert isinstance(span, Span) and nlp.vocab.strings[span.kb_id] == "Tim Cook"
