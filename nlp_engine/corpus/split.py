"""Splitting labelled examples: deterministic, stratified, without a random generator.

Iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011: On the Stratification of Multi-Label
Data) of groups of examples: the rarest label comes first, and each group of it goes to the fold
that lacks that label most. With one label per example, that gives each fold its exact share.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlp_engine.corpus.duplicates import text_hash
from nlp_engine.corpus.labelled import FOLDS
from nlp_engine.errors import SettingError

Shares = tuple[float, float, float]

_BY_NEED = (0, 2, 1)  # a label's first example is for training, its second for the test


def parse_split(text: str) -> Shares:
    """Shares of train, validation and test from text such as `80/10/10`.

    Raises:
        SettingError: Not three shares, or they do not add up to 100.
    """
    try:
        shares = tuple(float(part) for part in text.split("/"))
    except ValueError:
        shares = ()
    # Written so that NaN fails, too.
    if len(shares) != len(FOLDS) or not (min(shares) >= 0 and abs(sum(shares) - 100) <= 1e-6):
        raise SettingError(f"split is {text!r}; it must be three shares of 100 such as 80/10/10")
    if shares[0] == 0:
        raise SettingError(f"split is {text!r}; the first share, for training, must not be 0")
    return shares[0] / 100, shares[1] / 100, shares[2] / 100


def stratified_split(
    keys: Sequence[str],
    labels: Sequence[Sequence[str]],
    groups: Sequence[int],
    shares: Shares,
) -> list[str]:
    """Assign each example to a fold; a group stays together.

    The same examples give the same folds, in whatever order they come. Where every example has
    one label and is a group of its own, each fold's number of examples of a label is within one
    of its share, but each fold with a share has at least one example of each label that has as
    many as there are folds; with two, validation has none, and a single one is for training.
    Several labels per example, and groups, are brought as near to this as they allow.

    Args:
        keys: (N) texts that identify the examples.
        labels: (N) the labels of each, at least one.
        groups: (N) the group of each.
        shares: Of train, validation and test; they add up to 1.

    Returns:
        (N) fold names, from `FOLDS`.
    """
    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    units = [_unit(indices, keys, labels) for indices in members.values()]
    chosen = _Stratification(units, shares).folds()
    folds = [""] * len(keys)
    for indices, fold in zip(members.values(), chosen, strict=True):
        for i in indices:
            folds[i] = FOLDS[fold]
    return folds


@dataclass(frozen=True, slots=True)
class _Unit:
    """A group of examples, which go to one fold."""

    size: int
    labels: Mapping[str, int]  # examples by label
    key: bytes


def _unit(indices: Sequence[int], keys: Sequence[str], labels: Sequence[Sequence[str]]) -> _Unit:
    if len(indices) == 1:
        (i,) = indices
        return _Unit(1, dict.fromkeys(labels[i], 1), text_hash(keys[i]))
    counts = Counter(label for i in indices for label in labels[i])
    return _Unit(len(indices), counts, min(text_hash(keys[i]) for i in indices))


class _Stratification:
    """The state of one split: what each fold still lacks of each label."""

    def __init__(self, units: Sequence[_Unit], shares: Shares) -> None:
        self._units = units
        self._by_label: dict[str, list[int]] = {}
        examples: Counter[str] = Counter()
        for i in sorted(range(len(units)), key=lambda i: (-units[i].size, units[i].key)):
            for label, count in units[i].labels.items():
                self._by_label.setdefault(label, []).append(i)
                examples[label] += count
        self._units_left = {label: len(held) for label, held in self._by_label.items()}
        self._lack: dict[str, list[int]] = {}
        rounding = [0.0] * len(FOLDS)
        for label, count in sorted(examples.items()):
            self._lack[label] = _sizes(count, shares, rounding)
        self._empty = {
            label: {fold for fold, size in enumerate(lack) if size}
            for label, lack in self._lack.items()
        }
        total = sum(unit.size for unit in units)
        self._lack_in_all = [total * share for share in shares]
        self._open = [fold for fold, share in enumerate(shares) if share]

    def folds(self) -> list[int]:
        chosen = [-1] * len(self._units)
        queue = [(count, label) for label, count in self._units_left.items()]
        heapq.heapify(queue)
        while queue:
            count, label = heapq.heappop(queue)
            if count != self._units_left[label]:
                continue  # an older entry
            for i in self._by_label[label]:
                if chosen[i] >= 0:
                    continue
                chosen[i] = self._fold(label, self._units[i])
                self._take(self._units[i], chosen[i])
                for other in self._units[i].labels:
                    if self._units_left[other]:
                        heapq.heappush(queue, (self._units_left[other], other))
        return chosen

    def _fold(self, label: str, unit: _Unit) -> int:
        lack = self._lack[label]
        allowed = self._open
        if self._units_left[label] <= len(self._empty[label]):
            allowed = list(self._empty[label])
        if any(0 in self._empty[m] and self._units_left[m] == 1 for m in unit.labels):
            allowed = [0]  # what is not learnt cannot be recognised
        return max(
            allowed,
            key=lambda fold: (
                lack[fold],
                sum(self._lack[other][fold] for other in unit.labels),
                self._lack_in_all[fold],
                -fold,
            ),
        )

    def _take(self, unit: _Unit, fold: int) -> None:
        self._lack_in_all[fold] -= unit.size
        for label, count in unit.labels.items():
            self._lack[label][fold] -= count
            self._units_left[label] -= 1
            self._empty[label].discard(fold)


def _sizes(count: int, shares: Shares, rounding: list[float]) -> list[int]:
    """How many of a label's examples each fold shall have.

    Args:
        count: Examples of the label.
        shares: Of the folds.
        rounding: What rounding has denied each fold so far; it decides who is rounded up.
    """
    exact = [round(count * share, 9) for share in shares]
    wanted = [fold for fold in _BY_NEED if shares[fold]]
    if count <= len(wanted):
        sizes = [int(fold in wanted[:count]) for fold in range(len(FOLDS))]
    else:
        sizes = [math.floor(size) for size in exact]
        claims = [
            (exact[fold] - sizes[fold] + rounding[fold], fold)
            for fold in wanted
            if exact[fold] > sizes[fold]
        ]
        for _, fold in sorted(claims, reverse=True)[: count - sum(sizes)]:
            sizes[fold] += 1
        for fold in wanted:
            if not sizes[fold]:
                sizes[sizes.index(max(sizes))] -= 1
                sizes[fold] += 1
    for fold in range(len(FOLDS)):
        rounding[fold] += exact[fold] - sizes[fold]
    return sizes
