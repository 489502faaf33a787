"""What classification must do: fastText's features, and training with one thread in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.formats.fasttext import ngram_buckets
from nlp_engine.native.classifier import Examples
from tests.native.word2vec_reference import Random

_BITS = (1 << 64) - 1
_AT_ONCE = 16  # examples between two looks at the learning rate


@dataclass(frozen=True)
class Model:
    """What features depend on."""

    words: Sequence[str]
    labels: Sequence[str]
    word_ngrams: int
    buckets: int
    min_char: int = 0
    max_char: int = 0
    kept_buckets: Sequence[int] | None = None


def line_features(model: Model, line: str) -> tuple[list[int], list[int], int]:
    """Rows, labels by number, and how many labels are unknown, of a line without line feed."""
    rows: list[int] = []
    labels: list[int] = []
    hashes: list[int] = []
    unknown = 0
    for token in [*(token for token in _split(line)), "</s>"]:
        if token in model.labels:
            labels.append(model.labels.index(token))
        elif token not in model.words and token.startswith("__label__"):
            unknown += 1
        else:
            known = token in model.words
            rows += [model.words.index(token)] if known else []
            if model.max_char and token != "</s>":
                buckets = ngram_buckets(token, model.min_char, model.max_char, model.buckets)
                rows += _bucket_rows(model, buckets)
            hashes.append(_signed_hash(token))
        if token == "</s>":
            break
    for first in range(len(hashes)):
        value = hashes[first] & _BITS
        for other in hashes[first + 1 : first + model.word_ngrams]:
            value = (value * 116049371 + other) & _BITS
            rows += _bucket_rows(model, [value % model.buckets])
    return rows, labels, unknown


def _split(line: str) -> list[str]:
    for separator in "\r\t\v\f\0":
        line = line.replace(separator, " ")
    return [token for token in line.split(" ") if token]


def _bucket_rows(model: Model, buckets: Sequence[int]) -> list[int]:
    if model.kept_buckets is None:
        return [len(model.words) + bucket for bucket in buckets]
    kept = list(model.kept_buckets)
    return [len(model.words) + kept.index(bucket) for bucket in buckets if bucket in kept]


def _signed_hash(word: str) -> int:
    """FNV-1a of signed bytes, as a signed 32-bit number."""
    value = 2166136261
    for byte in word.encode("utf-8"):
        signed = byte - 256 if byte > 127 else byte
        value = ((value ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


def train_epoch(
    inputs: NDArray[np.float64],
    outputs: NDArray[np.float64],
    examples: Examples,
    *,
    loss: str,
    weights: Sequence[float],
    learning_rate: float,
    epoch: int,
    epochs: int,
    seed: int,
) -> None:
    """One pass with one thread; rows change in place."""
    count = len(examples)
    random = Random(mixed((seed << 20) + epoch) | 1)
    order = list(range(count))
    for i in range(count, 1, -1):
        j = random.below(i)
        order[i - 1], order[j] = order[j], order[i - 1]
    random = Random(mixed(random.next()) | 1)
    for at, example in enumerate(order):
        if at % _AT_ONCE == 0:
            rate = learning_rate * (1 - (epoch * count + at) / (epochs * count))
        rows = examples.rows[examples.row_offsets[example] : examples.row_offsets[example + 1]]
        labels = examples.labels[
            examples.label_offsets[example] : examples.label_offsets[example + 1]
        ]
        if len(rows) == 0 or len(labels) == 0:
            continue
        hidden = inputs[rows].mean(axis=0)
        scores = outputs @ hidden
        if loss == "softmax":
            label = labels[0 if len(labels) == 1 else random.below(len(labels))]
            wanted = np.eye(len(outputs))[label]
            powers = np.exp(scores - scores.max())
            gradient = rate * weights[label] * (wanted - powers / powers.sum())
        else:
            wanted = np.isin(np.arange(len(outputs)), labels).astype(float)
            factors = np.where(wanted > 0, weights, 1.0)
            gradient = rate * factors * (wanted - 1 / (1 + np.exp(-scores)))
        change = gradient @ outputs / len(rows)
        outputs += gradient[:, None] * hidden
        np.add.at(inputs, rows, change)


def mixed(x: int) -> int:
    """splitmix64 (Steele et al., "Fast splittable pseudorandom number generators", 2014)."""
    x = (x + 0x9E3779B97F4A7C15) & _BITS
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _BITS
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _BITS
    return x ^ (x >> 31)
