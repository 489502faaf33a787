from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.cli import commands
from tests.personalize.evaluation.test_evaluate import VECTORS, write_interactions, write_items

pytest.importorskip("implicit", exc_type=ImportError)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("evaluate")
    np.save(folder / "vectors.npy", VECTORS)
    items = write_items(folder / "items")
    interactions = write_interactions(folder / "interactions.csv")
    return [str(items), str(interactions), "--text-vectors", str(folder / "vectors.npy")]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.run("items", "evaluate", *arguments)


def test_a_folder_with_results_and_a_page_is_made(files: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(*files, "-o", str(out), "--factors", "4")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for text in ("nDCG@10", "item cosine", "KIND", "text vectors", "MRR@25"):
        assert text in done.stdout
    found = json.loads((out / "eval.json").read_text())
    assert found["cold"]["KIND"]["ndcg"]["10"] > found["cold"]["random"]["ndcg"]["10"]
    assert "ALS (4 factors)" in (out / "report.html").read_text()


def test_json_is_what_eval_json_has(files: list[str]) -> None:
    done = run(*files[:2], "--json", "--factors", "4")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"warm", "cold"}


def test_errors_are_one_line(files: list[str], tmp_path: Path) -> None:
    path = tmp_path / "interactions.csv"
    path.write_text("USER_ID,ITEM_ID,TIMESTAMP\nu,i1,soon\n")
    done = run(files[0], str(path))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "row 1, column TIMESTAMP" in line
