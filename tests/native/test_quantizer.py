"""Product quantisation against a plain Python reference."""

from __future__ import annotations

import numpy as np
import pytest

from nlp_engine.native.quantizer import CENTROIDS, find_centroids, quantize_rows
from tests.native import quantizer_reference as reference
from tests.native.instructions import AVAILABLE


def points(kind: str, count: int, dim: int) -> np.ndarray:
    """Whole numbers, whose sums are exact in any order; `few` has fewer than 256 different ones."""
    random = np.random.default_rng(1)
    if kind == "few":
        return random.integers(0, 3, (count, dim)).astype(np.float32)
    far = random.integers(-9, 10, (count, 1)) ** 3  # most lie near the middle
    return (random.integers(-50, 51, (count, dim)) + far).astype(np.float32)


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize(
    ("kind", "count", "dim"),
    [
        ("many", 3000, 2), ("many", 1000, 1), ("many", 500, 4), ("many", 300, 7), ("few", 600, 2),
        ("many", 257, 3), ("many", 256, 2), ("many", 1, 2),
    ],
)  # fmt: skip
def test_centroids_and_codes_are_those_of_the_reference(
    instructions: str, kind: str, count: int, dim: int
) -> None:
    given = points(kind, count, dim)
    found = find_centroids(given, dim, seed=3, threads=1, instructions=instructions)
    expected = reference.find_centroids(given, 3 << 20)
    np.testing.assert_array_equal(found.reshape(CENTROIDS, dim), expected)
    codes = quantize_rows(given, dim, found, threads=1, instructions=instructions)
    np.testing.assert_array_equal(codes[:, 0], reference.nearest(given, expected)[0])


def test_parts_are_quantised_one_by_one_with_a_shorter_last_one() -> None:
    given = points("many", 900, 7)
    centroids = find_centroids(given, 3, seed=1, threads=2)
    codes = quantize_rows(given, 3, centroids, threads=2)
    assert codes.shape == (900, 3)
    for part, begin in enumerate((0, 3, 6)):
        its_own = given[:, begin : begin + 3]
        expected = reference.find_centroids(its_own, (1 << 20) + part)
        size = its_own.shape[1]
        found = centroids[CENTROIDS * begin : CENTROIDS * (begin + size)].reshape(CENTROIDS, size)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(codes[:, part], reference.nearest(its_own, expected)[0])


def test_threads_and_instruction_sets_do_not_matter_but_the_seed_does() -> None:
    given = np.random.default_rng(2).standard_normal((5000, 10), np.float32)
    made = [
        find_centroids(given, 2, seed=seed, threads=threads, instructions=instructions)
        for instructions in AVAILABLE
        for seed, threads in ((1, 1), (1, 3), (2, 1))
    ]
    for same in (*made[1::3], *made[::3]):
        np.testing.assert_array_equal(same, made[0])
    assert (made[2] != made[0]).any()
    codes = [quantize_rows(given, 2, made[0], threads=threads) for threads in (1, 4)]
    np.testing.assert_array_equal(*codes)


def test_centroids_are_better_than_scikit_learns_from_a_start_by_chance() -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    given = np.random.default_rng(3).standard_normal((4000, 2), np.float32) ** 3

    def error(centroids: np.ndarray) -> float:
        return float(reference.nearest(given, centroids.astype(np.float32))[1].sum())

    ours = error(find_centroids(given, 2, seed=1, threads=1).reshape(CENTROIDS, 2))
    theirs = cluster.KMeans(CENTROIDS, init="random", n_init=1, max_iter=25, random_state=1)
    assert ours < error(theirs.fit(given).cluster_centers_)


def test_shapes_that_do_not_fit_are_refused() -> None:
    given = points("many", 300, 4)
    with pytest.raises(ValueError, match="256 centroids for each part"):
        quantize_rows(given, 2, np.zeros(7, np.float32), threads=1)
    with pytest.raises(ValueError, match="there must be points"):
        find_centroids(given[:0], 2, seed=1, threads=1)
