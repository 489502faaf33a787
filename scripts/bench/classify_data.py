"""The labelled texts that classifiers are compared on."""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SETS = {
    "langid8": "classification/langid8",
    "movie_reviews": "classification/small_en",
    "sentence_polarity": "classification/small_en",
    "sms_spam": "classification/small_en",
}
SYNTHETIC = "synthetic"
_WORDS, _LABELS, _LENGTH = 100_000, 100, 50
_TOPICAL = 0.2  # share of the tokens that are words of the label
_LABEL_WORDS = 200
_BLOCK = 10_000


@dataclass(frozen=True)
class LabelledSet:
    """Files in fastText's format."""

    name: str
    train: Path
    test: Path


def prepare(name: str, cache: Path, data: Path, documents: int = 1_000_000) -> LabelledSet:
    """A set in the cache, made at the first call.

    Args:
        name: One of `SETS`, which are in the development data; or `synthetic`: documents of 50
            words by Zipf's law, a fifth of them words of one of 100 labels.
        cache: Where the files go.
        data: The development data (NLP_ENGINE_DATA).
        documents: Of the synthetic set's training part.
    """
    cache.mkdir(parents=True, exist_ok=True)
    label = f"{name}{documents}" if name == SYNTHETIC else name
    found = LabelledSet(name, cache / f"{label}.train.txt", cache / f"{label}.test.txt")
    random = np.random.default_rng(1)
    for part, path in (("train", found.train), ("test", found.test)):
        if path.exists():
            continue
        partial = path.with_suffix(".part")
        if name == SYNTHETIC:
            size = documents if part == "train" else documents // 20
            with partial.open("w", encoding="utf-8") as file:
                file.writelines(_documents(size, random))
        else:
            prefix = "" if name == "langid8" else f"{name}."
            source = data / SETS[name] / f"{prefix}{part}.txt.bz2"
            partial.write_bytes(bz2.decompress(source.read_bytes()))
        partial.rename(path)
    return found


def _documents(count: int, random: np.random.Generator) -> Iterator[str]:
    words = np.array([f"w{i}" for i in range(_WORDS)])
    chances = 1 / np.arange(1, _WORDS + 1)
    limits = np.cumsum(chances) / chances.sum()
    for begin in range(0, count, _BLOCK):
        size = min(_BLOCK, count - begin)
        labels = random.integers(0, _LABELS, size)
        ids = _draw(limits, random, size)
        topical = random.random((size, _LENGTH)) < _TOPICAL
        ids = np.where(topical, _words_of(labels, random), ids)
        for label, row in zip(labels.tolist(), ids, strict=True):
            yield f"__label__c{label} {' '.join(words[row])}\n"


def _draw(limits: NDArray[np.float64], random: np.random.Generator, size: int) -> NDArray[np.int_]:
    drawn = np.searchsorted(limits, random.random((size, _LENGTH)))
    return np.minimum(drawn, len(limits) - 1)


def _words_of(labels: NDArray[np.int_], random: np.random.Generator) -> NDArray[np.int_]:
    """Words of the middle ranks, 200 of each label; labels share some."""
    own = random.integers(0, _LABEL_WORDS, (len(labels), _LENGTH))
    return 1000 + (labels[:, None] * 131 + own * 97) % (_WORDS - 1000)
