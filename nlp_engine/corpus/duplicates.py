"""Groups of equal and nearly equal texts, by MinHash and banding.

Two texts are near-duplicates if the Jaccard similarity of their sets of character 5-grams reaches
a threshold (Broder 1997). Characters serve every script, also those without spaces. MinHash
signatures cut into bands find candidates (Leskovec, Rajaraman, Ullman: Mining of Massive
Datasets, chapter 3); candidates that the signatures do not rule out are then compared exactly, so
no unlike texts are put together. With 20 bands of 6 rows, more than 99 % of the pairs of similarity
0.8 are found, and more than 90 % of those of 0.7.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.progress import Progress, Report, silent

SHINGLE = 5
_BANDS, _ROWS = 20, 6
_CHUNK = 1 << 16  # characters whose hashes fit the processor's cache
_ROUNDS = 8

Hashes = NDArray[np.uint64]
Groups = NDArray[np.int64]
"""(N) the group of each text, numbered from 0."""


def group_texts(texts: Sequence[str], threshold: float, report: Report = silent) -> Groups:
    """Put texts that are equal, or nearly, directly or through others, into one group.

    The groups do not depend on the order of the texts, and the time is nearly linear.

    Args:
        texts: (N) texts.
        threshold: Least Jaccard similarity of character 5-grams, 0.7 to 1; 1 joins equal texts
            alone.
        report: Told of the texts compared.

    Returns:
        (N) the group of each text, numbered from 0 in the order of their first texts.
    """
    different = sorted(set(texts), key=text_hash)
    leader = list(range(len(different)))
    if threshold < 1:
        compared = [i for i, text in enumerate(different) if len(text) >= SHINGLE]
        signatures = _signatures([different[i] for i in compared], report)
        for band in range(_BANDS):
            _join_band(different, compared, signatures, band, leader, threshold)
            report(Progress("comparing texts", band + 1, _BANDS, "bands"))
    roots = {text: _root(leader, i) for i, text in enumerate(different)}
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(roots[text], len(numbers)) for text in texts], np.int64)


def similarity(text: str, other: str) -> float:
    """Jaccard similarity of two texts' sets of character 5-grams, 0 to 1."""
    pieces, others = _shingles(text), _shingles(other)
    return len(pieces & others) / len(pieces | others)


def text_hash(text: str) -> bytes:
    """A hash that orders texts the same way on every machine."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _shingles(text: str) -> set[str]:
    return {text[i : i + SHINGLE] for i in range(max(1, len(text) - SHINGLE + 1))}


def _join_band(
    texts: Sequence[str],
    compared: Sequence[int],
    signatures: _Signatures,
    band: int,
    leader: list[int],
    threshold: float,
) -> None:
    """Join the texts of a band that have the same key and are similar.

    In each round, the texts of a bucket are compared with its first one; those unlike it are
    the next round's bucket. The number of rounds is limited, so a bucket cannot cost n².
    """
    keys = signatures.keys[:, band]
    order = np.argsort(keys, kind="stable")
    for _ in range(_ROUNDS):
        sorted_keys = keys[order]
        starts = np.flatnonzero(np.r_[True, sorted_keys[1:] != sorted_keys[:-1]])
        first = np.repeat(starts, np.diff(np.r_[starts, len(order)]))
        others = np.flatnonzero(first != np.arange(len(order)))
        may_be = signatures.may_be_similar(order[first[others]], order[others], threshold)
        unlike = others[~may_be].tolist()
        for place in others[may_be].tolist():
            a, b = compared[order[first[place]]], compared[order[place]]
            root_a, root_b = _root(leader, a), _root(leader, b)
            if root_a == root_b:
                continue
            if similarity(texts[a], texts[b]) >= threshold:
                leader[max(root_a, root_b)] = min(root_a, root_b)
            else:
                unlike.append(place)
        if len(unlike) < 2:
            return
        order = order[np.sort(unlike)]


def _root(leader: list[int], i: int) -> int:
    while leader[i] != i:
        leader[i] = leader[leader[i]]
        i = leader[i]
    return i


@dataclass(frozen=True, slots=True)
class _Signatures:
    """MinHash signatures: a hash of each band's rows, and of each row its lowest byte.

    Attributes:
        keys: (N, bands) hashes.
        rows: (N, bands * rows) bytes.
    """

    keys: Hashes
    rows: NDArray[np.uint8]

    def may_be_similar(
        self, texts: NDArray[np.int64], others: NDArray[np.int64], threshold: float
    ) -> NDArray[np.bool_]:
        """Whether pairs are not certainly below the threshold: three standard errors of it."""
        least = threshold - 3 * math.sqrt(threshold * (1 - threshold) / self.rows.shape[1])
        result = np.empty(len(texts), bool)
        for start in range(0, len(texts), _CHUNK):
            part = slice(start, start + _CHUNK)
            result[part] = (self.rows[texts[part]] == self.rows[others[part]]).mean(axis=1) >= least
        return result


def _signatures(texts: Sequence[str], report: Report) -> _Signatures:
    factors = _mixed(np.arange(1, 2 * _BANDS * _ROWS + 1, dtype=np.uint64))
    multiply, add = factors[0::2] | np.uint64(1), factors[1::2]
    keys = np.zeros((len(texts), _BANDS), np.uint64)
    rows = np.empty((len(texts), _BANDS * _ROWS), np.uint8)
    for first, last in _chunks(texts):
        hashes, starts = _shingle_hashes(texts[first:last])
        for row in range(_BANDS * _ROWS):
            permuted = hashes * multiply[row]
            permuted += add[row]
            permuted ^= permuted >> np.uint64(29)
            lowest = np.minimum.reduceat(permuted, starts)
            rows[first:last, row] = lowest & np.uint64(0xFF)
            band = row // _ROWS
            keys[first:last, band] = _mixed(keys[first:last, band] ^ lowest)
        report(Progress("hashing texts", last, len(texts), "texts"))
    return _Signatures(keys, rows)


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    first = size = 0
    for i, text in enumerate(texts):
        if size and size + len(text) > _CHUNK:
            yield first, i
            first, size = i, 0
        size += len(text)
    if first < len(texts):
        yield first, len(texts)


def _shingle_hashes(texts: Sequence[str]) -> tuple[Hashes, NDArray[np.int64]]:
    """The hashes of all texts' character 5-grams, and where each text's begin."""
    lengths = np.array([len(text) for text in texts])
    characters = np.frombuffer(
        "".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32
    ).astype(np.uint64)
    hashes = np.zeros(len(characters) - SHINGLE + 1, np.uint64)
    for i in range(SHINGLE):
        hashes *= np.uint64(0x100000001B3)
        hashes += characters[i : len(hashes) + i]
    ends = np.cumsum(lengths)
    within = np.ones(len(hashes), bool)
    for i in range(1, SHINGLE):  # those that reach into the next text
        within[(ends[:-1] - i)] = False
    counts = lengths - SHINGLE + 1
    return _mixed(hashes[within]), np.r_[0, np.cumsum(counts)[:-1]]


def _mixed(values: Hashes) -> Hashes:
    """Splitmix64's finaliser: every bit depends on every other."""
    values = values ^ (values >> np.uint64(30))
    values = values * np.uint64(0xBF58476D1CE4E5B9)
    values = values ^ (values >> np.uint64(27))
    values = values * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
