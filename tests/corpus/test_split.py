from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.corpus.split import FOLDS, parse_split, stratified_split
from nlp_engine.errors import SettingError


def test_shares() -> None:
    assert parse_split("80/10/10") == (0.8, 0.1, 0.1)
    assert parse_split("100/0/0") == (1.0, 0.0, 0.0)


@pytest.mark.parametrize("text", ["", "80/20", "80/10/20", "a/b/c", "110/-5/-5", "0/50/50"])
def test_what_are_no_shares(text: str) -> None:
    with pytest.raises(SettingError, match="split is"):
        parse_split(text)


def split(count: int, shares: tuple[float, float, float] = (0.8, 0.1, 0.1)) -> Counter[str]:
    return Counter(stratified_split([str(i) for i in range(count)], ["x"] * count, shares))


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(100, (80, 10, 10)), (1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (7, (5, 1, 1))],
)
def test_sizes_and_at_least_one_per_fold(count: int, sizes: tuple[int, int, int]) -> None:
    assert tuple(split(count)[fold] for fold in FOLDS) == sizes


LABELLED = st.lists(
    st.tuples(st.text("abc", max_size=4), st.sampled_from("XYZ")), min_size=1, max_size=80
)


@given(LABELLED, st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.9, 0.1, 0.0)]))
def test_every_example_is_in_one_fold_and_equal_ones_together(
    examples: list[tuple[str, str]], shares: tuple[float, float, float]
) -> None:
    keys, labels = [key for key, _ in examples], [label for _, label in examples]
    folds = stratified_split(keys, labels, shares)
    assert len(folds) == len(examples)
    assert set(folds) <= {fold for fold, share in zip(FOLDS, shares, strict=True) if share}
    together: dict[tuple[str, str], str] = {}
    for example, fold in zip(examples, folds, strict=True):
        assert together.setdefault(example, fold) == fold
    assert {label for label, fold in zip(labels, folds, strict=True) if fold == "train"} == set(
        labels
    )


def test_the_order_of_the_examples_changes_nothing() -> None:
    keys, labels = [str(i) for i in range(50)], ["x", "y"] * 25
    folds = dict(zip(keys, stratified_split(keys, labels, (0.8, 0.1, 0.1)), strict=True))
    backwards = stratified_split(keys[::-1], labels[::-1], (0.8, 0.1, 0.1))
    assert dict(zip(keys[::-1], backwards, strict=True)) == folds
