from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from nlp_engine.corpus.labelled import FOLDS
from nlp_engine.corpus.split import Shares, parse_split, stratified_split
from nlp_engine.errors import SettingError

SHARES: list[Shares] = [(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.9, 0.1, 0.0), (0.7, 0.0, 0.3)]


def test_shares() -> None:
    assert parse_split("80/10/10") == (0.8, 0.1, 0.1)
    assert parse_split("100/0/0") == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "text", ["", "80/20", "80/10/20", "a/b/c", "110/-5/-5", "0/50/50", "nan/50/50", "inf/0/0"]
)
def test_what_are_no_shares(text: str) -> None:
    with pytest.raises(SettingError, match="split is"):
        parse_split(text)


def split(labels: list[list[str]], shares: Shares, groups: list[int] | None = None) -> list[str]:
    keys = [str(i) for i in range(len(labels))]
    return stratified_split(keys, labels, groups or list(range(len(labels))), shares)


def used_folds(shares: Shares) -> list[str]:
    return [fold for fold, share in zip(FOLDS, shares, strict=True) if share]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(100, (80, 10, 10)), (1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (7, (5, 1, 1))],
)
def test_sizes_and_at_least_one_per_fold(count: int, sizes: tuple[int, int, int]) -> None:
    folds = Counter(split([["x"]] * count, SHARES[0]))
    assert tuple(folds[fold] for fold in FOLDS) == sizes


@given(
    st.dictionaries(st.text(max_size=3), st.integers(1, 60), min_size=1, max_size=12),
    st.sampled_from(SHARES),
)
def test_each_fold_has_its_share_of_each_class_within_one_example(
    sizes: dict[str, int], shares: Shares
) -> None:
    labels = [[label] for label, size in sizes.items() for _ in range(size)]
    folds = split(labels, shares)
    found = Counter((label, fold) for (label,), fold in zip(labels, folds, strict=True))
    for label, size in sizes.items():
        assert found[label, "train"] > 0
        for fold, share in zip(FOLDS, shares, strict=True):
            if not share:
                assert found[label, fold] == 0
            elif size * min(s for s in shares if s) >= 1:
                assert abs(found[label, fold] - size * share) < 1
            elif size >= len(used_folds(shares)):
                assert found[label, fold] >= 1


def test_classes_are_split_as_scikit_learn_splits_them() -> None:
    random = np.random.default_rng(7)
    labels = random.choice(20, size=3000, p=random.dirichlet(np.ones(20))).tolist()
    sizes = Counter(labels)
    labels = [label for label in labels if sizes[label] >= 10]
    ours = split([[str(label)] for label in labels], (0.8, 0.0, 0.2))
    splitter = StratifiedShuffleSplit(n_splits=1, test_size=0.2, random_state=1)
    _, test = next(splitter.split(labels, labels))
    theirs = Counter(labels[i] for i in test)
    for label in set(labels):
        in_test = [held for held, fold in zip(labels, ours, strict=True) if fold == "test"]
        assert abs(in_test.count(label) - theirs[label]) <= 1
    assert abs(ours.count("test") - len(test)) <= 1


@st.composite
def multi_labelled(draw: st.DrawFn) -> list[list[str]]:
    names = [f"label {i}" for i in range(draw(st.integers(2, 6)))]
    count = draw(st.integers(60, 160))
    one = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)
    return draw(st.lists(one, min_size=count, max_size=count))


@given(multi_labelled(), st.sampled_from([*SHARES]))
def test_folds_have_their_share_of_each_of_several_labels(
    labels: list[list[str]], shares: Shares
) -> None:
    folds = split(labels, shares)
    sizes = Counter(label for held in labels for label in held)
    found = Counter(
        (label, fold) for held, fold in zip(labels, folds, strict=True) for label in held
    )
    for label, size in sizes.items():
        for fold, share in zip(FOLDS, shares, strict=True):
            # A label that stands beside rarer ones can only be balanced by what is left of it.
            assert abs(found[label, fold] - size * share) <= max(5, 0.15 * size)


def test_iterative_stratification_is_more_even_than_chance() -> None:
    random = np.random.default_rng(3)
    weights = 1 / np.arange(1, 31)
    labels = [
        [str(i) for i in np.flatnonzero(random.random(30) < 0.3 * weights)] or ["0"]
        for _ in range(2000)
    ]

    def unevenness(folds: list[str]) -> float:
        sizes = Counter(label for held in labels for label in held)
        test = Counter(
            label
            for held, fold in zip(labels, folds, strict=True)
            for label in held
            if fold == "test"
        )
        return sum(abs(test[label] / size - 0.1) for label, size in sizes.items()) / len(sizes)

    by_chance = random.choice(FOLDS, size=len(labels), p=SHARES[0]).tolist()
    ours = unevenness(split(labels, SHARES[0]))
    assert ours < 0.2 * unevenness(by_chance)


LABELLED = st.lists(
    st.tuples(st.integers(0, 30), st.lists(st.sampled_from("XYZ"), min_size=1, unique=True)),
    min_size=1,
    max_size=80,
)


@given(LABELLED, st.sampled_from(SHARES))
def test_every_example_is_in_one_fold_and_groups_together(
    examples: list[tuple[int, list[str]]], shares: Shares
) -> None:
    groups, labels = [group for group, _ in examples], [held for _, held in examples]
    folds = split(labels, shares, groups)
    assert set(folds) <= set(used_folds(shares))
    assert len(set(zip(groups, folds, strict=True))) == len(set(groups))


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("XYZ")), min_size=1, max_size=60))
def test_with_enough_groups_every_fold_has_every_class(examples: list[tuple[int, str]]) -> None:
    # A group has one class here, as equal texts mostly do.
    groups = [10 * number + "XYZ".index(label) for number, label in examples]
    folds = split([[label] for _, label in examples], SHARES[0], groups)
    for label in "XYZ":
        own = {g for g, (_, its) in zip(groups, examples, strict=True) if its == label}
        found = {f for f, (_, its) in zip(folds, examples, strict=True) if its == label}
        if own:
            assert "train" in found
            assert len(found) == min(len(own), 3)


def test_the_order_of_the_examples_changes_nothing() -> None:
    keys = [str(i) for i in range(200)]
    labels = [["x", "y", "z"][: 1 + i % 3] for i in range(200)]
    groups = [i // 2 for i in range(200)]
    folds = dict(zip(keys, stratified_split(keys, labels, groups, SHARES[0]), strict=True))
    backwards = stratified_split(keys[::-1], labels[::-1], groups[::-1], SHARES[0])
    assert dict(zip(keys[::-1], backwards, strict=True)) == folds
