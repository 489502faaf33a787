"""What the training benchmarks say of quality and work, on cases that a hand can check."""

import math
import random
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from nlp_engine.embeddings.vectors import WordVectors

BENCH = Path(__file__).parents[2] / "scripts" / "bench"


def bench_module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    return __import__(name)


def rows(implementation: str, *scores: float) -> list[dict]:
    return [
        {
            "corpus": "en",
            "implementation": implementation,
            "mode": "cbow",
            "scores": {"MEN": score},
        }
        for score in scores
    ]


@pytest.mark.parametrize(("ours", "behind"), [((60, 62), False), ((58, 60), True)])
def test_we_are_behind_below_one_standard_error_of_the_difference(
    ours: tuple[float, ...], behind: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = bench_module("quality_table", monkeypatch)
    found = rows("fasttext", 50, 52) + rows("gensim", 61, 63) + rows("nlp_engine", *ours)
    difference = table.difference(found, "en", "cbow", "MEN")
    assert difference.peer == "gensim"
    assert difference.mean == pytest.approx(sum(ours) / 2 - 62)
    # Every pair of seeds has variance 2, so the pooled one is 2, and each mean's 1.
    assert difference.error == pytest.approx(math.sqrt(2))
    assert difference.behind is behind


def test_batch_skipgram_is_compared_with_the_peers_skipgram(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = bench_module("quality_table", monkeypatch)
    peer = [{**row, "mode": "skipgram"} for row in rows("gensim", 60)]
    ours = [{**row, "mode": "batch_skipgram"} for row in rows("nlp_engine", 61)]
    assert table.difference(peer + ours, "en", "batch_skipgram", "MEN").mean == 1
    assert table.difference(peer + ours, "en", "cbow", "MEN") is None


def test_pairs_are_those_that_windows_by_chance_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, runs = (bench_module(name, monkeypatch) for name in ("training_work", "training_runs"))
    lengths = [1, 2, 3, 7, 20, 40] * 30
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("".join("w " * length + "\n" for length in lengths))
    every_word_kept = runs.Training(implementation="gensim", mode="skipgram", sample=1.0)
    counted = work.corpus_work(corpus, every_word_kept)
    assert counted.words == sum(lengths)
    assert counted.positions == 1

    chance, pairs, times = random.Random(1), 0, 20
    for length in lengths * times:
        for position in range(length):
            window = chance.randint(1, 5)
            pairs += min(window, position) + min(window, length - 1 - position)
    assert counted.pairs == pytest.approx(pairs / times / sum(lengths), rel=0.01)
    assert counted.multiply_adds(every_word_kept) == pytest.approx(counted.pairs * 6 * 3 * 100)


def test_scores_of_vectors_that_hold_the_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = bench_module("vector_scores", monkeypatch)
    (tmp_path / "pairs.txt").write_text(
        "Word 1\tWord 2\tScore\na\tB\t9\na\tc\t5\na\td\t1\na\tzz\t3\n"
    )
    vectors = np.array([[1, 0], [0.9, 0.1], [0.5, 0.5], [0, 1]], np.float32)
    rho, pairs = scores.correlation(WordVectors(list("abcd"), vectors), tmp_path / "pairs.txt")
    assert rho == pytest.approx(100)
    assert pairs == 3
