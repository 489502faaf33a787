"""Scores of word vectors: rank correlation with human similarity, and analogies.

All are times 100, as tables print them. Pairs with a word that has no vector are left out; words
are looked up in lower case. Analogies: 3CosAdd among the 30,000 most frequent words, questions
with another word left out.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MOST_FREQUENT = 30_000
_QUESTIONS_AT_ONCE = 1024
_MULTILINGUAL = "multilingual_ws353_simlex"
_SETS = {
    "english": {
        "WS-ALL": "EN-WS-353-ALL.txt",
        "WS-REL": "EN-WS-353-REL.txt",
        "WS-SIM": "EN-WS-353-SIM.txt",
        "SimLex": "EN-SIMLEX-999.txt",
        "MEN": "EN-MEN-TR-3k.txt",
    }
} | {
    language: {
        "WS-ALL": f"{_MULTILINGUAL}/wordsim353-{language}.txt",
        "WS-REL": f"{_MULTILINGUAL}/wordsim353-{language}-rel.txt",
        "WS-SIM": f"{_MULTILINGUAL}/wordsim353-{language}-sim.txt",
        "SimLex": f"{_MULTILINGUAL}/simlex-{language}.txt",
    }
    for language in ("german", "russian")
}
_ANALOGIES = {
    "english": "gensim_questions-words.txt.gz",
    "german": "analogies/DE-GOOGLE.txt.gz",
    "russian": "russian_vitalyromanov/ru_semantic.txt.gz",
}


def score(
    words: Sequence[str], vectors: NDArray[np.float32], language: str, sets: Path
) -> tuple[dict[str, float], dict[str, int]]:
    """Scores of each set, and how many pairs or questions they rest on.

    Args:
        words: V words, most frequent first.
        vectors: (V, D).
        language: english, german or russian.
        sets: The folder of evaluation sets.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.maximum(lengths, np.float32(1e-12))
    rows = {word: row for row, word in enumerate(words)}
    scores, counts = dict[str, float](), dict[str, int]()
    for name, file in _SETS[language].items():
        scores[name], counts[name] = _correlation(rows, vectors, sets / file)
    scores["mean_rho"] = sum(scores[f"WS-{part}"] for part in ("ALL", "REL", "SIM")) / 3
    frequent = {word: row for row, word in enumerate(words[:_MOST_FREQUENT])}
    questions = sets / _ANALOGIES[language]
    found = _analogies(frequent, vectors[:_MOST_FREQUENT], questions)
    scores["analogy"], counts["analogy"] = found
    return scores, counts


def _correlation(
    rows: dict[str, int], vectors: NDArray[np.float32], path: Path
) -> tuple[float, int]:
    """Spearman's rho of cosines with the set's scores."""
    from scipy.stats import spearmanr

    found = [
        (float(vectors[rows[first]] @ vectors[rows[second]]), expected)
        for first, second, expected in _pairs(path)
        if first in rows and second in rows
    ]
    cosines, expected = zip(*found, strict=True)
    return 100 * float(spearmanr(cosines, expected).statistic), len(found)


def _pairs(path: Path) -> Iterator[tuple[str, str, float]]:
    """Word, word, score; header lines have no number in the third column."""
    for line in path.read_text("utf-8-sig").lower().splitlines():
        first, second, expected, *_ = [*line.split("\t"), "", "", ""]
        try:
            yield first.strip(), second.strip(), float(expected)
        except ValueError:
            continue


def _analogies(rows: dict[str, int], vectors: NDArray[np.float32], path: Path) -> tuple[float, int]:
    """Percent of questions whose nearest word is the expected one."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line.lower().split() for line in file if not line.startswith(":")]
    questions = np.array(
        [[rows[w] for w in words] for words in lines if all(w in rows for w in words)]
    )
    right = 0
    for start in range(0, len(questions), _QUESTIONS_AT_ONCE):
        first, second, third, expected = questions[start : start + _QUESTIONS_AT_ONCE].T
        similar = (vectors[second] - vectors[first] + vectors[third]) @ vectors.T
        for given in (first, second, third):
            similar[np.arange(len(given)), given] = -np.inf
        right += int((similar.argmax(axis=1) == expected).sum())
    return 100 * right / len(questions), len(questions)
