"""Scores of word vectors: rank correlation with human similarity, and analogies.

All are times 100, as tables print them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.evaluation import evaluate
from nlp_engine.embeddings.vectors import WordVectors

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
    scored = WordVectors(words, vectors)
    scores, counts = dict[str, float](), dict[str, int]()
    for name, file in _SETS[language].items():
        scores[name], counts[name] = correlation(scored, sets / file)
    scores["mean_rho"] = sum(scores[f"WS-{part}"] for part in ("ALL", "REL", "SIM")) / 3
    (result,) = evaluate(scored, [sets / _ANALOGIES[language]]).analogies.values()
    scores["analogy"] = 100 * result.all.accuracy
    counts["analogy"] = result.all.total - result.all.not_found
    return scores, counts


def correlation(vectors: WordVectors, path: Path) -> tuple[float, int]:
    """Spearman's rho of cosines with a set's scores, and the pairs that were found."""
    (result,) = evaluate(vectors, {path.name: path}).similarity.values()
    return 100 * result.spearmans_rho, result.total_pairs - result.not_found
