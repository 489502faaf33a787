from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.embeddings.evaluation import (
    SimilarityResult,
    bundled_pairs,
    eval_json,
    evaluate_pairs,
    spearman,
)
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError

VECTORS = WordVectors(
    ["a", "b", "c", "d"], np.array([[1, 0], [0.9, 0.1], [0.5, 0.5], [0, 1]], np.float32)
)


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=2, max_size=40))
def test_spearman_agrees_with_scipy_ties_included(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert spearman(first, second) == 0
    else:
        expected = scipy.stats.spearmanr(first, second).statistic
        assert spearman(first, second) == pytest.approx(expected, abs=1e-12)


def test_spearman_of_too_little() -> None:
    assert spearman([], []) == 0
    assert spearman([1], [2]) == 0


def test_pairs_in_the_usual_forms(tmp_path: Path) -> None:
    (tmp_path / "tabs.tsv").write_text("# comment\nWord 1\tWord 2\tmean\n")
    (tmp_path / "tabs.tsv").write_text(
        "# comment\n# Word 1\tWord 2\tmean\nA\tB\t9\na\tc\t5\na\td\t1\na\tx\t3\n"
    )
    (tmp_path / "spaces.txt").write_text("word1 word2 score\na b 1.5\na c 2.5\na d 3.5\n")
    results = evaluate_pairs(VECTORS, [tmp_path / "tabs.tsv", tmp_path / "spaces.txt"])
    assert results["tabs.tsv"] == SimilarityResult(1, pytest.approx(1.0), 4)
    assert results["spaces.txt"] == SimilarityResult(0, pytest.approx(-1.0), 3)
    assert results["mean_rho"] == pytest.approx(0)


def test_eval_json_has_blazingtexts_shape(tmp_path: Path) -> None:
    (tmp_path / "EN-WS-353-ALL.txt").write_text("a b 2\na d 1\nx y 3\n")
    results = evaluate_pairs(VECTORS, [tmp_path / "EN-WS-353-ALL.txt"])
    assert eval_json(results) == {
        "EN-WS-353-ALL.txt": {
            "not_found": 1,
            "spearmans_rho": pytest.approx(1.0),
            "total_pairs": 3,
        },
        "mean_rho": pytest.approx(1.0),
    }


def test_nothing_found_gives_zero_as_blazingtext_does(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text("x y 1\ny z 2\n")
    results = evaluate_pairs(VECTORS, [tmp_path / "pairs.txt"])
    assert results["pairs.txt"] == SimilarityResult(2, 0.0, 2)


def test_the_bundled_set_is_wordsim353() -> None:
    (path,) = bundled_pairs("en")
    assert evaluate_pairs(VECTORS, [path])["wordsim353.tsv"] == SimilarityResult(353, 0.0, 353)
    assert bundled_pairs("gd") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [("a b 1\na b\n", "line 2: expected two words and a score"), ("", "has no word pairs")],
)
def test_files_that_are_no_pairs(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "pairs.txt").write_text(content)
    with pytest.raises(InputError, match=message):
        evaluate_pairs(VECTORS, [tmp_path / "pairs.txt"])
