"""The whole walk: what a newcomer sees."""

from __future__ import annotations

import pytest

from nlp_engine.demo import DemoResult, run_demo
from nlp_engine.errors import OutputError
from nlp_engine.manifest import read_manifest

FOLDERS = {
    "extracted": "extracted",
    "corpus": "corpus",
    "text8": "corpus",
    "vectors": "vectors",
    "labelled": "labelled corpus",
    "classifier": "classifier",
    "kb": "knowledge base",
    "items": "items",
}


def test_every_folder_has_its_manifest(demo: DemoResult) -> None:
    for name, format in FOLDERS.items():
        manifest = read_manifest(demo.folder / name, format)
        assert manifest.language == "en"
        assert manifest.seconds > 0
    manifest = read_manifest(demo.folder, "demo")
    assert manifest.sources[0].bytes == 1_695_871
    assert {path.name for path in demo.folder.iterdir()} == {
        *FOLDERS, "manifest.json", "report.html",
    }  # fmt: skip


def test_every_step_is_told_with_its_time(demo: DemoResult) -> None:
    assert [step.name for step in demo.steps] == [
        "wiki extract",
        "corpus build --format sentences",
        "corpus build --format text8",
        "train --mode batch_skipgram",
        "corpus label",
        "train --mode supervised",
        "kb build",
        "link",
        "items build",
        "report",
    ]
    assert all((demo.folder / step.place).exists() for step in demo.steps)
    assert sum(step.seconds for step in demo.steps) < 180


def test_the_chain_of_parents_is_whole(demo: DemoResult) -> None:
    ids = {name: read_manifest(demo.folder / name, kind).id for name, kind in FOLDERS.items()}
    parents = {
        name: set(read_manifest(demo.folder / name, kind).parents.values())
        for name, kind in FOLDERS.items()
    }
    codebook = read_manifest(demo.folder / "items" / "codebook", "codebook").id
    assert parents == {
        "extracted": set(),
        "corpus": {ids["extracted"]},
        "text8": {ids["extracted"]},
        "vectors": {ids["corpus"]},
        "labelled": {ids["extracted"]},
        "classifier": {ids["labelled"]},
        "kb": {ids["extracted"]},
        "items": {ids["extracted"], ids["vectors"], ids["kb"], codebook},
    }


def test_an_existing_folder_is_refused_at_once(demo: DemoResult) -> None:
    with pytest.raises(OutputError, match="--overwrite"):
        run_demo(demo.folder)
