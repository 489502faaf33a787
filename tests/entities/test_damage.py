"""Knowledge bases that are damaged, of another version, or built anew while others read them."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.demo import TEXT, DemoResult
from nlp_engine.entities.export import export, statistics
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.entities.settings import METHODS
from nlp_engine.errors import FormatError, NlpEngineError
from nlp_engine.manifest import read_manifest
from nlp_engine.progress import Progress
from nlp_engine.wiki.extract import extract_dumps


@pytest.fixture
def copy(demo: DemoResult, tmp_path: Path) -> Path:
    return shutil.copytree(demo.folder / "kb", tmp_path / "kb")


def test_another_kind_of_folder(demo: DemoResult) -> None:
    with pytest.raises(FormatError, match="expected the folder .knowledge base."):
        KnowledgeBase.open(demo.folder / "corpus")


def test_every_file_cut_short_is_named(copy: Path) -> None:
    for record in read_manifest(copy, "knowledge base").files:
        path = copy / record.name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(FormatError, match=rf"{record.name} has {len(whole) - 1} bytes"):
            KnowledgeBase.open(copy)
        path.unlink()
        with pytest.raises(FormatError, match=rf"{record.name} is missing; make the folder again"):
            KnowledgeBase.open(copy)
        path.write_bytes(whole)


@pytest.mark.parametrize("version", [1, 3])
def test_another_version(copy: Path, version: int) -> None:
    path = copy / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": version}))
    with pytest.raises(FormatError, match=f"knowledge base format version {version}, written by"):
        KnowledgeBase.open(copy)


@pytest.mark.parametrize(
    "name",
    ["titles_offsets", "in_links_offsets", "out_links_offsets", "form_keys_offsets",
     "category_names_offsets", "categories_offsets", "candidate_offsets"],
)  # fmt: skip
def test_offsets_that_lead_astray(copy: Path, name: str) -> None:
    array = np.load(copy / f"{name}.npy")
    array[len(array) // 2] = np.iinfo(array.dtype).max  # far behind the last
    np.save(copy / f"{name}.npy", array)
    with pytest.raises(FormatError, match=rf"kb is damaged \({name}\.npy does not rise\); build"):
        KnowledgeBase.open(copy)


@pytest.mark.parametrize(
    "name", ["titles_offsets", "in_links_offsets", "form_keys_offsets", "categories_offsets"]
)
def test_offsets_behind_the_bytes(copy: Path, name: str) -> None:
    array = np.load(copy / f"{name}.npy")
    array[len(array) // 2 :] = np.iinfo(array.dtype).max
    np.save(copy / f"{name}.npy", array)
    with pytest.raises(FormatError, match=r"kb is damaged .*; build it again"):
        EntityRanker(KnowledgeBase.open(copy))


def test_candidates_that_do_not_exist(copy: Path) -> None:
    path = copy / "candidate_entities.npy"
    array = np.load(path)
    array[:] = len(KnowledgeBase.open(copy))
    np.save(path, array)
    kb = KnowledgeBase.open(copy)
    with pytest.raises(FormatError, match=r"kb is damaged \(no such entity\); build it again"):
        EntityRanker(kb).link("Apollo and Artemis")
    form = kb.form("apollo")
    assert form is not None
    with pytest.raises(FormatError, match=r"kb is damaged \(there is no entity"):
        kb.describe(form)


@pytest.mark.parametrize("content", ["{", '{"collective": 5}', '{"collective": {"weights": {}}}'])
def test_a_calibration_that_is_none(copy: Path, content: str) -> None:
    (copy / "calibration.json").write_text(content)
    with pytest.raises(FormatError, match="kb is damaged .*; build it again"):
        EntityRanker(KnowledgeBase.open(copy))


def use(folder: Path) -> None:
    """Read all kinds of files of a knowledge base."""
    kb = KnowledgeBase.open(folder)
    for entity in range(len(kb)):
        kb.entity(kb.title(entity))
        kb.in_links(entity)
        kb.out_links(entity)
    for category in kb.categories():
        kb.entities_of_category(category)
    for method in METHODS:
        ranker = EntityRanker(kb, method=method, rho=0.0)
        ranker.explain("Tim Cook runs Apple from Cupertino, with an Apple Watch and an iPhone.")
    statistics(kb)
    export(kb, folder / "candidates.parquet", overwrite=True)


def test_damaged_bytes_end_in_an_error_or_an_answer(toy_dump: Path, tmp_path: Path) -> None:
    """Every byte of a small knowledge base may be wrong; what is read then makes no process end."""
    extract_dumps([toy_dump], tmp_path / "extracted")
    KnowledgeBase.build(tmp_path / "extracted", tmp_path / "kb")
    random = np.random.default_rng(0)
    names = [path.name for path in sorted((tmp_path / "kb").iterdir()) if path.stat().st_size]
    for name in names * 3:
        path = tmp_path / "kb" / name
        whole = path.read_bytes()
        data = np.frombuffer(whole, np.uint8).copy()
        begin = 0 if path.suffix != ".npy" else min(128, len(data) - 1)  # behind NumPy's header
        at = random.integers(begin, len(data), 4)
        data[at] = random.integers(0, 256, 4)
        path.write_bytes(data.tobytes())
        with contextlib.suppress(NlpEngineError):
            use(tmp_path / "kb")
        path.write_bytes(whole)
    use(tmp_path / "kb")


READER = """
import sys
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker

ranker = EntityRanker(KnowledgeBase.open(sys.argv[1]))
for line in sys.stdin:
    print([link.title for link in ranker.link(line)], flush=True)
"""


def test_two_processes_read_while_a_third_builds_anew(demo: DemoResult, copy: Path) -> None:
    expected = str([link.title for link in demo.links])
    command = [sys.executable, "-c", READER, str(copy)]
    with contextlib.ExitStack() as stack:
        readers = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(2)
        ]

        def answers() -> list[str]:
            found = []
            for reader in readers:
                assert reader.stdin is not None and reader.stdout is not None
                reader.stdin.write(TEXT + "\n")
                reader.stdin.flush()
                found.append(reader.stdout.readline().strip())
            return found

        def report(progress: Progress) -> None:
            if progress.stage == "counting forms":
                during.append(answers())

        during: list[list[str]] = []
        assert answers() == [expected] * 2
        KnowledgeBase.build(demo.folder / "extracted", copy, overwrite=True, report=report)
        assert during and all(found == [expected] * 2 for found in during)
        assert answers() == [expected] * 2, "the old files, though their folder is gone"
    again = KnowledgeBase.open(copy)
    assert again.manifest.id == read_manifest(demo.folder / "kb", "knowledge base").id
    assert str([link.title for link in EntityRanker(again).link(TEXT)]) == expected
