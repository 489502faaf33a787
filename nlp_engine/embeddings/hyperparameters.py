"""BlazingText's word2vec settings: names, ranges and defaults.

Source: Amazon SageMaker developer guide, "BlazingText hyperparameters"; upper limits and remarks
from the checks in Amazon's own word2vec notebook. Names and defaults are BlazingText's; a setting
that a mode does not use is accepted there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting

ENGINES = ("native", "fasttext", "gensim")
_NATIVE_ONLY = ("pretrained_vectors", "decay_power", "distributed")
_LONG_VECTORS = 1500
_NS_EXPONENT = 0.5
_WORDS_OF_FULL_DECAY = 80_000_000

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "best": {"epochs": 10, "learning_rate": 0.03},
}
"""Settings that take the place of defaults, by name; what is given by itself still counts."""


def with_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, and before them those of the preset that they name, if any."""
    return {**PRESETS.get(options.get("preset") or "", {}), **options}


@dataclass(frozen=True, kw_only=True)
class Word2VecSettings:
    """How word vectors are trained."""

    mode: str = setting(
        choices=("batch_skipgram", "skipgram", "cbow"), help="the training architecture"
    )
    vector_dim: int = setting(100, minimum=1, maximum=2048, help="length of the vectors")
    window_size: int = setting(5, minimum=1, help="context words on each side, at most")
    negative_samples: int = setting(5, minimum=1, help="negative samples per context word")
    sampling_threshold: float = setting(
        1e-4, above=0, below=1, help="words with a larger share are down-sampled"
    )
    min_count: int = setting(5, minimum=0, help="rarer words are left out")
    epochs: int = setting(5, minimum=1, maximum=2**31 - 1, help="passes over the corpus")
    learning_rate: float = setting(0.05, above=0, help="learning rate at the start")
    batch_size: int = setting(
        11, minimum=1, maximum=32, help="words multiplied at once in mode batch_skipgram"
    )
    subwords: bool = setting(False, help="learn character n-grams too (skipgram and cbow)")
    min_char: int = setting(3, minimum=1, help="shortest character n-gram")
    max_char: int = setting(6, minimum=1, help="longest character n-gram")
    buckets: int = setting(2_000_000, minimum=1, maximum=2**31 - 1, help="hash buckets for n-grams")
    evaluation: bool = setting(True, help="evaluate on word similarity after training")
    threads: int | None = setting(
        None, minimum=1, maximum=1024, help="threads; by default all processors"
    )
    preset: str | None = setting(
        None,
        choices=tuple(PRESETS),
        help="other defaults: best takes twice as long and gives better vectors",
    )
    ns_exponent: float = setting(
        _NS_EXPONENT,
        minimum=0,
        maximum=1,
        help="negatives are drawn by count to this power; 0.5 as in "
        "fastText, which knows no other; 0.75 in word2vec.c and gensim by default",
    )
    decay_power: float | None = setting(
        None,
        above=0,
        help="the learning rate falls as the share of words left to this power; 1 is linear, as "
        "in fastText and word2vec.c; by default 0.5 in mode cbow, 1.3 in batch_skipgram, 1 in "
        "skipgram or 1.7 with sub-words, and less in short trainings",
    )
    seed: int = setting(
        1,
        minimum=0,
        help="start of the random numbers; with one thread the same seed, corpus and "
        "settings give the same vectors",
    )
    pretrained_vectors: str | None = setting(
        None, metavar="MODEL", help="vectors to start from: a vectors folder or file"
    )
    checkpoint_minutes: float = setting(
        10,
        above=0,
        recorded=False,
        help="minutes between checkpoints, from which a killed training goes on",
    )
    distributed: bool = setting(
        False,
        help="train on all processes that mpirun has started, on one host or several "
        "(batch_skipgram)",
    )
    average_every: int = setting(
        500_000,
        minimum=1,
        help="words that each thread trains on before the models of several processes are averaged",
    )
    engine: str = setting(
        "native", choices=ENGINES, help="the trainer; the others are there to compare with"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.subwords and self.mode == "batch_skipgram":
            raise SettingError(
                "subwords is True, which mode batch_skipgram lacks; use mode skipgram or cbow"
            )
        if self.max_char < self.min_char:
            raise SettingError(
                f"max_char is {self.max_char}, below min_char {self.min_char}; "
                "raise max_char or lower min_char"
            )
        if self.distributed and self.mode != "batch_skipgram":
            raise SettingError(
                f"distributed is True, which mode {self.mode} lacks; only batch_skipgram is "
                "available when training on several hosts"
            )
        self._check_engine()

    def _check_engine(self) -> None:
        for name in _NATIVE_ONLY if self.engine != "native" else ():
            if (value := getattr(self, name)) not in (None, False):
                raise SettingError(
                    f"{name} is {value!r}, which engine {self.engine} lacks; use engine native"
                )
        if self.engine == "fasttext" and self.ns_exponent != _NS_EXPONENT:
            raise SettingError(
                f"ns_exponent is {self.ns_exponent:g}, but engine fasttext knows only "
                f"{_NS_EXPONENT}; leave it out or use another engine"
            )

    def decay(self, words: int) -> float:
        """`decay_power`, or by default that of the mode, lower for short trainings.

        Where there is less to learn from, a rate that stays high for longer gives better vectors:
        below 80 million words the mode's power falls as the root of their number; in skip-gram
        with sub-words, where words learn from each other, as its fifth root.

        Args:
            words: Words to train on, over all epochs.
        """
        if self.decay_power is not None:
            return self.decay_power
        share = min(words / _WORDS_OF_FULL_DECAY, 1)
        if self.mode == "skipgram" and self.subwords:
            return 1.7 * math.pow(share, 1 / 5)
        power = {"cbow": 0.5, "skipgram": 1.0, "batch_skipgram": 1.3}[self.mode]
        return power * math.sqrt(share)

    def remarks(self) -> list[str]:
        """What is allowed but rarely meant."""
        remarks = []
        if self.vector_dim >= _LONG_VECTORS:
            remarks.append(
                f"vector_dim is {self.vector_dim}; vectors of {_LONG_VECTORS} and more train "
                "slowly and are seldom better, 100 to 300 are usual"
            )
        whole_window = 2 * self.window_size + 1
        if self.mode == "batch_skipgram" and self.batch_size != whole_window:
            remarks.append(
                f"batch_size is {self.batch_size}; with window_size {self.window_size} "
                f"it should be {whole_window}, the whole window"
            )
        return remarks
