"""A knowledge base as Parquet, read back by others, and in figures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.entities.export import SCHEMA, export, statistics
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.errors import OutputError
from nlp_engine.wiki.extract import extract_dumps
from tests.conftest import TOY_PAGES, make_dump


@pytest.fixture(scope="module")
def kb(demo: DemoResult) -> KnowledgeBase:
    return KnowledgeBase.open(demo.folder / "kb")


@pytest.fixture(scope="module")
def exported(kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "candidates.parquet"
    export(kb, path)
    return path


def test_every_candidate_is_there_with_its_priors(kb: KnowledgeBase, exported: Path) -> None:
    table = pq.read_table(exported)
    assert table.schema.equals(SCHEMA)
    rows = iter(table.to_pylist())
    for form in range(len(kb.form_keys)):
        never_linked = not any(candidate.links for candidate in kb.describe(form))
        for candidate in kb.describe(form):
            row = next(rows)
            assert row["form"] == kb.form_key(form)
            assert row["title"] == candidate.title
            assert row["page_id"] == candidate.page_id
            assert row["links"] == candidate.links
            if never_linked:
                assert row["commonness"] is None
            else:
                assert row["commonness"] == pytest.approx(candidate.commonness)
            assert row["link_documents"] == kb.link_documents[form]
            assert row["documents"] == kb.documents[form]
            assert row["link_probability"] == pytest.approx(kb.link_probability(form))
    assert next(rows, None) is None


def test_the_same_by_sql(kb: KnowledgeBase, exported: Path) -> None:
    with duckdb.connect() as connection:
        connection.read_parquet(str(exported)).create_view("candidates")

        def ask(sql: str) -> list[tuple[object, ...]]:
            return connection.execute(sql).fetchall()

        form = kb.form("Civil War")
        assert form is not None
        assert ask("SELECT title, links FROM candidates WHERE form = 'civil war'") == [
            (c.title, c.links) for c in kb.describe(form)
        ]
        assert ask("SELECT count(*), count(DISTINCT form) FROM candidates") == [
            (kb.manifest.counts["candidates"], kb.manifest.counts["forms"])
        ]
        # Each form's commonness adds up to 1, unless it is never a link.
        assert ask(
            "SELECT count(*) FROM (SELECT sum(commonness) AS sum, sum(links) AS links "
            "FROM candidates GROUP BY form) WHERE (links > 0 AND abs(sum - 1) > 1e-9) "
            "OR (links = 0 AND sum IS NOT NULL)"
        ) == [(0,)]
        never_linked = ask("SELECT count(*) FROM candidates WHERE commonness IS NULL")[0][0]
        assert isinstance(never_linked, int) and never_linked > 100, "names and aliases"


def test_a_knowledge_base_in_figures(kb: KnowledgeBase) -> None:
    found = statistics(kb)
    sizes = [len(kb.describe(form)) for form in range(len(kb.form_keys))]
    assert found.ambiguous_forms == sum(size > 1 for size in sizes)
    assert found.candidates_per_form == pytest.approx(sum(sizes) / len(sizes))
    assert found.most_candidates == max(sizes)
    linking = Counter({kb.title(entity): len(kb.in_links(entity)) for entity in range(len(kb))})
    assert found.links_per_entity == pytest.approx(linking.total() / len(kb))
    best = sorted(linking.items(), key=lambda item: (-item[1], item[0]))
    assert found.most_linked == best[:10]
    assert statistics(kb, most_linked=3).most_linked == best[:3]
    on_disk = sum(p.stat().st_size for p in kb.folder.iterdir() if p.name != "manifest.json")
    assert found.megabytes == pytest.approx(on_disk / 1e6)


def test_the_toy_pages_by_hand(toy_dump: Path, tmp_path: Path) -> None:
    extract_dumps([toy_dump], tmp_path / "extracted")
    kb = KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    assert export(kb, tmp_path / "new" / "toy.parquet") == 9
    rows = pq.read_table(tmp_path / "new" / "toy.parquet").to_pylist()
    assert [row for row in rows if row["form"] == "apple"] == [
        {
            "form": "apple", "title": title, "page_id": page_id, "links": links,
            "commonness": pytest.approx(links / 6), "link_documents": 6, "documents": 7,
            "link_probability": pytest.approx(6 / 7),
        }
        for title, page_id, links in (("Apple Inc.", 2, 4), ("Apple", 7, 2))
    ]  # fmt: skip
    found = statistics(kb)
    assert (found.ambiguous_forms, found.most_candidates) == (1, 2)
    # From the toy pages: eight forms, with one candidate each but for "apple".
    assert found.candidates_per_form == 9 / 8
    assert found.most_linked[:2] == [("Apple Inc.", 4), ("Cupertino, California", 4)]
    assert found.links_per_entity == 18 / 7


def test_an_existing_file_is_kept_unless_told(
    kb: KnowledgeBase, exported: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mine.parquet"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists; choose another file"):
        export(kb, path)
    assert path.read_text() == "mine"
    assert export(kb, path, overwrite=True) == kb.manifest.counts["candidates"]
    assert path.read_bytes() == exported.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["mine.parquet"]


def test_forms_are_written_in_pieces(
    kb: KnowledgeBase, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nlp_engine.entities.export._FORMS_AT_ONCE", 1000)
    told: list[int] = []
    export(kb, tmp_path / "pieces.parquet", report=lambda progress: told.append(progress.done))
    assert len(told) == int(np.ceil(len(kb.form_keys) / 1000))
    assert told[-1] == kb.manifest.counts["candidates"]
    assert pq.read_table(tmp_path / "pieces.parquet").equals(pq.read_table(exported))


def test_titles_of_any_language(tmp_path: Path) -> None:
    pages = {"東京": "[[京都|きょうと]]と[[大阪]]。", **TOY_PAGES}
    (tmp_path / "dump.xml").write_bytes(make_dump(pages, language="ja"))
    extract_dumps([tmp_path / "dump.xml"], tmp_path / "extracted")
    kb = KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    export(kb, tmp_path / "ja.parquet")
    table = pq.read_table(tmp_path / "ja.parquet", columns=["form", "title"])
    assert {"form": "き ょ う と", "title": "京都"} in table.to_pylist()
