"""Soft codes keep what vectors know about items that nobody has seen."""

from __future__ import annotations

import csv
import gzip
import os
import re
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.personalize.encodings.kmeans import unit
from nlp_engine.personalize.evaluation.encoded import VECTORS, encoded_features
from nlp_engine.personalize.evaluation.features import category_features, together
from nlp_engine.personalize.evaluation.interactions import Interactions, read_interactions
from nlp_engine.personalize.evaluation.ranking import rank
from nlp_engine.personalize.evaluation.recommenders import by_metadata
from nlp_engine.personalize.evaluation.settings import ItemsEvaluationSettings
from nlp_engine.personalize.evaluation.splits import cold_splits

pytest.importorskip("scipy", exc_type=ImportError)

DATA = Path(os.environ.get("NLP_ENGINE_DATA", "/nonexistent")) / "recsys" / "ml-latest-small"
SEEDS = range(3)


def ndcg(features: object, interactions: Interactions, items: int) -> float:
    splits = list(cold_splits(interactions, items, folds=5, users=10_000, seed=0))
    return float(rank(by_metadata(features), splits, seed=0).ndcg.mean())


def made_up(items: int, users: int) -> tuple[np.ndarray, Interactions]:
    """Items of 60 subjects, which their vectors show dimly, and users who like two subjects."""
    generator = np.random.default_rng(0)
    subjects = generator.normal(size=(60, 20))
    subject_of = generator.integers(0, 60, items)
    rows = subjects[subject_of] + generator.normal(0, 1.1, (items, 20))
    vectors = unit(rows.astype(np.float32))
    tastes = generator.integers(0, 60, (users, 2))
    likes = (subject_of[None, None] == tastes[:, :, None]).any(axis=1)
    liked = np.argsort(generator.random((users, items)) - likes, axis=1)[:, :30]
    interactions = Interactions(
        users=np.repeat(np.arange(users), 30),
        items=liked.ravel(),
        user_count=users,
        item_count=items,
        repeated=0,
        unknown=0,
    )
    return vectors, interactions


@pytest.mark.parametrize("seed", SEEDS)
def test_thirty_two_topics_rank_as_the_vectors_do(seed: int) -> None:
    vectors, interactions = made_up(1200, 150)
    features = encoded_features(vectors, topics=600, seed=seed)
    by_vectors = ndcg(features[VECTORS], interactions, 1200)
    assert by_vectors > 0.15
    assert ndcg(features["32 of 300 topics"], interactions, 1200) >= 0.95 * by_vectors


def test_an_item_without_entities_loses_nothing_by_them() -> None:
    vectors, interactions = made_up(1200, 150)
    topics = encoded_features(vectors, topics=600, seed=0)["32 of 300 topics"]
    noise = category_features([[f"e{n}"] if n % 10 == 0 else [] for n in range(1200)])
    alone = ndcg(topics, interactions, 1200)
    assert ndcg(together([topics, noise]), interactions, 1200) >= alone - 0.005


@pytest.mark.full
@pytest.mark.skipif(not DATA.exists(), reason="the development data has no ml-latest-small")
@pytest.mark.parametrize("with_year", [True, False])
def test_movies_by_topics_as_by_vectors(tmp_path: Path, with_year: bool) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    text = pytest.importorskip("sklearn.feature_extraction.text")
    ratings = gzip.decompress((DATA / "ratings.csv.gz").read_bytes())
    (tmp_path / "ratings.csv").write_bytes(ratings)
    with (DATA / "movies.csv").open(encoding="utf-8", newline="") as file:
        movies = list(csv.DictReader(file))
    tags: dict[str, str] = {}
    with (DATA / "tags.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tags[row["movieId"]] = tags.get(row["movieId"], "") + " " + row["tag"]
    texts = [
        f"{movie['title']} {movie['genres']} {tags.get(movie['movieId'], '')}" for movie in movies
    ]
    if not with_year:
        texts = [re.sub(r"\(\d{4}\)", "", movie) for movie in texts]
    weights = text.TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
    vectors = decomposition.TruncatedSVD(100, random_state=0).fit_transform(weights)
    chosen = ItemsEvaluationSettings(
        user="userId", item="movieId", timestamp="timestamp", value="rating", min_value=1.5
    )
    ids = [movie["movieId"] for movie in movies]
    interactions = read_interactions(tmp_path / "ratings.csv", ids, chosen)
    by_vectors, by_topics = [], []
    for seed in SEEDS:
        features = encoded_features(unit(vectors.astype(np.float32)), topics=600, seed=seed)
        by_vectors.append(ndcg(features[VECTORS], interactions, len(ids)))
        by_topics.append(ndcg(features["32 of 600 topics"], interactions, len(ids)))
    assert np.min(by_topics) >= np.mean(by_vectors)
    if with_year:
        genres = category_features([movie["genres"].split("|") for movie in movies])
        assert np.mean(by_topics) >= 2.5 * ndcg(genres, interactions, len(ids))
