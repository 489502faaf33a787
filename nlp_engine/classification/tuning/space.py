"""Which settings are tried: ranges, and those to begin with.

The ranges are about those of fastText's autotune (autotune.cc); `buckets` end at the default, since
fastText holds them all in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nlp_engine.classification.hyperparameters import ClassifierSettings

if TYPE_CHECKING:
    import optuna

SEARCHED = (
    "word_ngrams",
    "vector_dim",
    "learning_rate",
    "epochs",
    "min_count",
    "subwords",
    "min_char",
    "max_char",
    "buckets",
)
_MOST_NGRAM_CHARACTERS = 4  # max_char - min_char

_DEFAULTS = ClassifierSettings()
_BEGINNING: tuple[Mapping[str, Any], ...] = (
    {},
    {"epochs": 25, "learning_rate": 0.5, "min_count": 1, "word_ngrams": 1},
    {"epochs": 25, "learning_rate": 0.5, "min_count": 1},
    {"epochs": 10, "learning_rate": 0.2, "min_count": 1, "subwords": True, "word_ngrams": 1},
)
"""The defaults, and what often does well; all else as by default."""


def suggest(trial: optuna.trial.Trial, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a trial.

    Args:
        trial: Draws them.
        fixed: Settings that are not searched.
    """
    chosen = dict(fixed)

    def number(name: str, low: float, high: float, *, log: bool = True) -> None:
        if name not in fixed:
            whole = isinstance(getattr(_DEFAULTS, name), int)
            draw: Any = trial.suggest_int if whole else trial.suggest_float
            chosen[name] = draw(name, low, high, log=log)

    number("word_ngrams", 1, 5, log=False)
    number("vector_dim", 8, 300)
    number("learning_rate", 0.01, 5.0)
    number("epochs", 1, 100)
    number("min_count", 1, 20)
    if "subwords" not in fixed:
        chosen["subwords"] = trial.suggest_categorical("subwords", [False, True])
    if chosen["subwords"]:
        number("min_char", 1, chosen.get("max_char", _DEFAULTS.min_char + 1), log=False)
        shortest = chosen["min_char"]
        number("max_char", shortest, shortest + _MOST_NGRAM_CHARACTERS, log=False)
    if chosen["subwords"] or chosen["word_ngrams"] > 1:
        number("buckets", 10_000, _DEFAULTS.buckets)
    return chosen


def beginning(fixed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What to try first: values of the searched settings."""
    searched = [name for name in SEARCHED if name not in fixed]
    found = list[dict[str, Any]]()
    for changes in _BEGINNING:
        values = {name: changes.get(name, getattr(_DEFAULTS, name)) for name in searched}
        if values not in found:
            found.append(values)
    return found
