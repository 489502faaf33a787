"""Word similarity: Spearman's rank correlation with human judgements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError, require
from nlp_engine.files import open_input


@dataclass(frozen=True, slots=True)
class SimilarityResult:
    """The outcome on one set of word pairs; the field names are BlazingText's.

    Attributes:
        not_found: Pairs of which a word is not in the vocabulary; they are left out.
        spearmans_rho: Spearman's rho over the other pairs, -1 to 1; 0 with fewer than two.
        total_pairs: Pairs in the set.
    """

    not_found: int
    spearmans_rho: float
    total_pairs: int


def bundled_pairs(language: str) -> list[Path]:
    """The similarity sets at hand for a language: WordSim353 from gensim's data for English.

    Raises:
        MissingExtraError: gensim is not installed.
    """
    if language != "en":
        return []
    return [Path(require("gensim.test.utils", "gensim").datapath("wordsim353.tsv"))]


def evaluate_pairs(
    vectors: WordVectors, pair_files: Sequence[Path]
) -> dict[str, SimilarityResult | float]:
    """Evaluate vectors on files of word pairs.

    Args:
        vectors: The vectors.
        pair_files: Files with two words and a score per line, separated by white space.

    Returns:
        A result by file name, and `mean_rho`, the plain mean of their rhos.

    Raises:
        InputError: A file is missing or a line has no two words and number.
    """
    results = {path.name: _evaluate(vectors, path) for path in pair_files}
    mean = float(np.mean([result.spearmans_rho for result in results.values()]))
    return {**results, "mean_rho": mean}


def eval_json(results: dict[str, SimilarityResult | float]) -> dict[str, Any]:
    """The results as BlazingText's `eval.json` has them."""
    return {
        name: asdict(result) if isinstance(result, SimilarityResult) else result
        for name, result in results.items()
    }


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's rank correlation of (N) and (N) numbers; ties share their mean rank.

    0 for fewer than two pairs or if one side is constant.
    """
    if len(first) < 2:
        return 0.0
    ranks = np.stack([_ranks(np.asarray(first)), _ranks(np.asarray(second))])
    deviations = ranks - ranks.mean(axis=1, keepdims=True)
    norms = np.sqrt((deviations**2).sum(axis=1))
    return float(deviations[0] @ deviations[1] / norms.prod()) if norms.all() else 0.0


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    return np.asarray(last - (sizes - 1) / 2)[group]


def _evaluate(vectors: WordVectors, path: Path) -> SimilarityResult:
    pairs = _read_pairs(path, vectors)
    known = [(a, b, score) for a, b, score in pairs if a in vectors and b in vectors]
    cosines = [vectors.similarity(a, b) for a, b, _ in known]
    return SimilarityResult(
        not_found=len(pairs) - len(known),
        spearmans_rho=spearman(cosines, [score for _, _, score in known]),
        total_pairs=len(pairs),
    )


def _read_pairs(path: Path, vectors: WordVectors) -> list[tuple[str, str, float]]:
    lower = vectors.tokenizer().language.lower
    pairs = []
    with open_input(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8").strip()
                if not line or line.startswith("#"):
                    continue
                first, second, score, *_ = line.split("\t" if "\t" in line else None)
                pairs.append((lower(first), lower(second), float(score)))
            except ValueError as error:
                if number == 1:  # a header
                    continue
                raise InputError(
                    f"{path}, line {number}: expected two words and a score ({error})"
                ) from error
    if not pairs:
        raise InputError(f"{path} has no word pairs")
    return pairs
