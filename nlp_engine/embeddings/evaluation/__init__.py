"""How good word vectors are: word similarity and analogies, in any language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine.embeddings.evaluation.analogies import (
    AnalogyResult,
    AnalogyScore,
    evaluate_analogies,
)
from nlp_engine.embeddings.evaluation.sets import WordPairs, read_set
from nlp_engine.embeddings.evaluation.similarity import SimilarityResult, evaluate_pairs
from nlp_engine.embeddings.settings import EvaluationSettings
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import FormatError, InputError, require_file

WORDSIM353 = "EN-WS-353-ALL.txt"
"""WordSim353's 353 pairs, by the name of BlazingText's file."""

_BUNDLED = {
    WORDSIM353: "wordsim353.tsv",  # gensim's name of the same pairs
    "simlex999.txt": "simlex999.txt",
    "questions-words.txt": "questions-words.txt",
}
_WORDSIM353 = re.compile(r"(ws|wordsim)-?353", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Results by name of the set."""

    similarity: Mapping[str, SimilarityResult] = field(default_factory=dict)
    analogies: Mapping[str, AnalogyResult] = field(default_factory=dict)

    @property
    def mean_rho(self) -> float | None:
        """Plain mean of the rhos of WordSim353: all, rel and sim, of which each may be given.

        A file is one of WordSim353's if its name says so: `EN-WS-353-ALL.txt`, `wordsim353.tsv`.
        Where there is none it is the mean over all sets of word pairs, and None without any.
        """
        rhos = {name: result.spearmans_rho for name, result in self.similarity.items()}
        chosen = [rho for name, rho in rhos.items() if _WORDSIM353.search(name)]
        return float(np.mean(chosen or list(rhos.values()))) if rhos else None


def bundled_sets(language: str) -> dict[str, Path]:
    """The evaluation sets at hand for a language, by name: those in gensim's data for English.

    Raises:
        MissingExtraError: gensim is not installed.
    """
    if language != "en":
        return {}
    return {
        name: require_file("gensim", f"test/test_data/{file}", "gensim")
        for name, file in _BUNDLED.items()
    }


def by_name(files: Iterable[Path]) -> dict[str, Path]:
    """Files to evaluate on, by their names.

    Raises:
        InputError: Two have the same name.
    """
    named: dict[str, Path] = {}
    for path in files:
        if named.setdefault(path.name, path) is not path:
            raise InputError(f"two files to evaluate on are named {path.name}; rename {path}")
    return named


def evaluate(
    vectors: WordVectors,
    sets: Mapping[str, Path],
    settings: EvaluationSettings = EvaluationSettings(),  # noqa: B008 (frozen)
) -> Evaluation:
    """Evaluate vectors on files of word pairs and of analogies, which have names.

    Only the vocabulary counts as found, also for vectors with sub-words.

    Raises:
        InputError: A file cannot be read or is of neither kind.
    """
    similarity, analogies = {}, {}
    for name, path in sets.items():
        content = read_set(path)
        if isinstance(content, WordPairs):
            similarity[name] = evaluate_pairs(vectors, content.pairs)
        else:
            analogies[name] = evaluate_analogies(vectors, content, settings.restrict_vocab)
    return Evaluation(similarity=similarity, analogies=analogies)


def eval_json(evaluation: Evaluation) -> dict[str, Any]:
    """The results as `eval.json` has them: BlazingText's keys, and the analogies'."""
    content: dict[str, Any] = {
        name: asdict(result) for name, result in evaluation.similarity.items()
    }
    for name, result in evaluation.analogies.items():
        content[name] = _score_json(result.all) | {
            "semantic": _score_json(result.semantic),
            "syntactic": _score_json(result.syntactic),
            "sections": {section: _score_json(score) for section, score in result.sections.items()},
        }
    if evaluation.mean_rho is not None:
        content["mean_rho"] = evaluation.mean_rho
    return content


def read_eval_json(path: Path) -> Evaluation:
    """The results in an `eval.json`, BlazingText's own ones too.

    Raises:
        FormatError: It is not what `eval_json` gives.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        results = {name: entry for name, entry in content.items() if name != "mean_rho"}
        return Evaluation(
            similarity={
                name: SimilarityResult(**entry)
                for name, entry in results.items()
                if "sections" not in entry
            },
            analogies={
                name: AnalogyResult(
                    {section: _score(score) for section, score in entry["sections"].items()}
                )
                for name, entry in results.items()
                if "sections" in entry
            },
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FormatError(f"{path} holds no results of an evaluation ({error})") from error


def _score_json(score: AnalogyScore) -> dict[str, int | float]:
    return {"accuracy": score.accuracy, **asdict(score)}


def _score(entry: Mapping[str, int]) -> AnalogyScore:
    return AnalogyScore(**{key: entry[key] for key in ("correct", "not_found", "total")})
