from __future__ import annotations

import numpy as np
import pytest

from nlp_engine.errors import SettingError
from nlp_engine.personalize.encodings.kmeans import fit_kmeans, nearest_centroids, sample
from nlp_engine.personalize.encodings.pca import PrincipalComponents, column_name
from nlp_engine.personalize.encodings.product import ProductQuantizer

GENERATOR = np.random.default_rng(7)
CORNERS = np.array([[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 4]], np.float32)
NEAR = (CORNERS[np.arange(400) % 4] + GENERATOR.normal(0, 0.2, (400, 4))).astype(np.float32)


def distortion(rows: np.ndarray, centroids: np.ndarray) -> float:
    return float(np.square(rows[:, None] - centroids).sum(axis=2).min(axis=1).sum())


@pytest.mark.parametrize("spherical", [False, True])
def test_rows_around_a_point_share_their_centroid(spherical: bool) -> None:
    rows = NEAR / np.linalg.norm(NEAR, axis=1, keepdims=True) if spherical else NEAR
    found = min(
        (fit_kmeans(rows, 4, seed=seed, spherical=spherical) for seed in range(5)),
        key=lambda centroids: distortion(rows, centroids),
    )
    nearest, _ = nearest_centroids(rows, found, spherical)
    assert nearest.tolist() == nearest[:4].tolist() * 100
    assert len(set(nearest[:4].tolist())) == 4


def test_means_are_about_as_near_as_those_of_scikit_learn() -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    rows = GENERATOR.normal(size=(3000, 10)).astype(np.float32)
    theirs = cluster.KMeans(50, n_init=1, random_state=0).fit(rows).cluster_centers_
    ours = fit_kmeans(rows, 50, seed=0)
    assert distortion(rows, ours) < 1.05 * distortion(rows, theirs)


def test_as_many_centroids_as_rows_are_the_rows() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    found = fit_kmeans(rows, 6, seed=0)
    assert sorted(found.tolist()) == rows.tolist()


def test_of_many_rows_a_sample_is_taken() -> None:
    rows = np.arange(100_000)[::2]
    chosen = sample(rows, 10, seed=0)
    assert len(chosen) == len(set(chosen.tolist())) == 1280
    assert (np.diff(chosen) > 0).all() and set(chosen.tolist()) <= set(rows.tolist())
    assert np.array_equal(chosen, sample(rows, 10, seed=0))
    assert not np.array_equal(chosen, sample(rows, 10, seed=1))
    assert np.array_equal(sample(rows[:1280], 10, seed=0), rows[:1280])


def test_equal_rows_end() -> None:
    found = fit_kmeans(np.ones((50, 3), np.float32), 5, seed=0, spherical=False)
    assert np.array_equal(found, np.ones((5, 3)))


def test_product_quantisation_has_a_code_for_each_piece_within_a_column() -> None:
    quantizer = ProductQuantizer.fit(NEAR, pieces=2, seed=0)
    codes = quantizer.codes(NEAR)
    pieces, count, _ = quantizer.centroids.shape
    assert codes.shape == (400, 2)
    assert pieces * count <= 1000
    assert ((codes // count) == [0, 1]).all()
    # Decoded, a row is about where it was.
    decoded = np.concatenate(
        [quantizer.centroids[m][codes[:, m] - m * count] for m in range(pieces)], axis=1
    )
    assert np.abs(decoded - NEAR).mean() < 0.1


def test_pieces_that_do_not_divide_the_dimensions_are_refused() -> None:
    with pytest.raises(SettingError, match="3 pieces do not divide vectors of 4"):
        ProductQuantizer.fit(NEAR, pieces=3, seed=0)


def test_principal_components_keep_distances_if_all_are_kept() -> None:
    columns = PrincipalComponents.fit(NEAR, 4).columns(NEAR)
    gram = (NEAR - NEAR.mean(0)) @ (NEAR - NEAR.mean(0)).T
    np.testing.assert_allclose(columns @ columns.T, gram, atol=1e-3)
    variances = columns.var(axis=0)
    assert (np.diff(variances) <= 0).all()


def test_names_of_columns_have_no_digits() -> None:
    names = [column_name(number) for number in range(99)]
    assert names[:2] == ["EMB_AA", "EMB_AB"] and names[26] == "EMB_BA"
    assert len(set(names)) == 99 and not any(letter.isdigit() for name in names for letter in name)
