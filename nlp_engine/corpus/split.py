"""Splitting labelled examples: deterministic, stratified, without a random generator."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from nlp_engine.errors import SettingError

FOLDS = ("train", "validation", "test")


def parse_split(text: str) -> tuple[float, float, float]:
    """Shares of train, validation and test from text such as `80/10/10`.

    Raises:
        SettingError: Not three shares, or they do not add up to 100.
    """
    try:
        shares = tuple(float(part) for part in text.split("/"))
    except ValueError:
        shares = ()
    if len(shares) != len(FOLDS) or any(s < 0 for s in shares) or abs(sum(shares) - 100) > 1e-6:
        raise SettingError(f"split is {text!r}; it must be three shares of 100 such as 80/10/10")
    if shares[0] == 0:
        raise SettingError(f"split is {text!r}; the first share, for training, must not be 0")
    return shares[0] / 100, shares[1] / 100, shares[2] / 100


def stratified_split(
    keys: Sequence[str], labels: Sequence[str], shares: tuple[float, float, float]
) -> list[str]:
    """Assign each example to a fold, label by label.

    Within a label, examples are ordered by a hash of their key and cut at the shares, so the
    same examples give the same folds on every machine. Each fold with a share gets at least one
    example of each label that has enough of them; a label's first example is for training.

    Args:
        keys: (N) texts that identify the examples; equal keys go to the same fold.
        labels: (N) their labels.
        shares: Of train, validation and test; they add up to 1.

    Returns:
        (N) fold names, from `FOLDS`.
    """
    by_label: dict[str, dict[str, None]] = {}
    for key, label in zip(keys, labels, strict=True):
        by_label.setdefault(label, {})[key] = None
    fold_of: dict[tuple[str, str], str] = {}
    for label, members in by_label.items():
        ordered = sorted(members, key=_hash)
        for key, fold in zip(ordered, _folds(len(ordered), shares), strict=True):
            fold_of[label, key] = fold
    return [fold_of[label, key] for key, label in zip(keys, labels, strict=True)]


def _folds(count: int, shares: tuple[float, float, float]) -> list[str]:
    sizes = [0, 0, 0]
    left = count - 1  # one is always kept for training
    for fold in (2, 1):
        wanted = max(1, round(count * shares[fold])) if shares[fold] else 0
        sizes[fold] = min(wanted, left)
        left -= sizes[fold]
    sizes[0] = count - sizes[1] - sizes[2]
    return [name for name, size in zip(FOLDS, sizes, strict=True) for _ in range(size)]


def _hash(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
