from __future__ import annotations

import numpy as np
import pytest

from nlp_engine.personalize import metrics

# AWS's developer guide, "Evaluating a solution version with metrics": five items are recommended,
# and of these the second and the fifth are in the testing set.
EXAMPLE = np.array([[False, True, False, False, True]])
TWO = np.array([2])


def test_the_worked_example_of_the_developer_guide() -> None:
    assert metrics.precision_at(EXAMPLE, 5) == pytest.approx([0.4])
    assert metrics.reciprocal_rank_at(EXAMPLE, 5) == pytest.approx([0.5])
    assert metrics.ndcg_at(EXAMPLE, TWO, 5) == pytest.approx([0.6241], abs=5e-5)


def test_precision_is_divided_by_k_even_if_fewer_items_are_relevant() -> None:
    # Unlike implicit's, which divides by the smaller of k and the relevant items.
    hits = np.array([[True] + [False] * 24])
    assert [metrics.precision_at(hits, k)[0] for k in (5, 10, 25)] == pytest.approx(
        [1 / 5, 1 / 10, 1 / 25]
    )


def test_a_shorter_list_than_k_counts_as_one_with_misses() -> None:
    assert metrics.precision_at(EXAMPLE, 10) == pytest.approx([0.2])
    assert metrics.ndcg_at(EXAMPLE, TWO, 10) == pytest.approx([0.6241], abs=5e-5)


def test_an_ideal_list_has_gain_one_whatever_the_relevant_items() -> None:
    hits = np.array([[True] * 3 + [False] * 7, [True] * 10])
    assert metrics.ndcg_at(hits, np.array([3, 40]), 10) == pytest.approx([1, 1])


def test_without_a_hit_all_are_zero() -> None:
    none = np.zeros((1, 25), bool)
    for value in (
        metrics.precision_at(none, 25),
        metrics.reciprocal_rank_at(none, 25),
        metrics.ndcg_at(none, np.array([1]), 25),
        metrics.hit_rate_at(none, 25),
    ):
        assert value.tolist() == [0]


def test_a_hit_after_k_does_not_count() -> None:
    hits = np.array([[False] * 10 + [True]])
    assert metrics.reciprocal_rank_at(hits, 10).tolist() == [0]
    assert metrics.hit_rate_at(hits, 10).tolist() == [0]
    assert metrics.reciprocal_rank_at(hits, 25) == pytest.approx([1 / 11])


def test_coverage_counts_items_once_and_no_gaps() -> None:
    assert metrics.coverage(np.array([[0, 1], [1, -1]]), 8) == 0.25
