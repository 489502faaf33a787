"""Ratings of MovieLens, predicted by a Factorization Machine and by biases alone, in five folds.

Folds of ratings are as Surprise's documentation has them; those of items leave all ratings of an
item out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from items_movielens import lsa_vectors, read_movies, read_ratings
from numpy.typing import NDArray

from nlp_engine.personalize.codebook import NO_TOPIC, code_of, fit_topics
from nlp_engine.personalize.factorization.features import FeatureSpace
from nlp_engine.personalize.factorization.hyperparameters import FactorizationSettings
from nlp_engine.personalize.factorization.machine import FactorizationMachine

FOLDS = 5
HYPERPARAMETERS: dict[str, Any] = {
    "num_factors": 32,
    "epochs": 30,
    "factors_lr": 0.001,
    "linear_lr": 0.005,
    "factors_wd": 0.0001,
    "linear_wd": 0.00002,
    "bias_wd": 0,
    "factors_init_sigma": 0.01,
}
"""The same for every data set, features and fold."""


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """Users, items and ratings, and what the items are."""

    users: Sequence[str]
    items: Sequence[str]
    values: NDArray[np.float32]
    topics: Mapping[str, Sequence[str]]


def rows(data: Path, ml_100k: Path | None, *, quick: bool) -> Iterator[dict[str, Any]]:
    """A row per data set, split and model: the RMSE over all folds."""
    name = "ml-100k" if ml_100k else "ml-latest-small"
    ratings = read_100k(ml_100k) if ml_100k else read_small(data / "recsys" / name)
    models = {
        "biases alone": None,
        "users and items": {},
        "with topics": ratings.topics,
    }
    for split, fold_of in splits(ratings).items():
        for model, features in models.items():
            folds = range(1 if quick else FOLDS)
            errors = [error_of(ratings, features, fold_of == fold) for fold in folds]
            rmse = float(np.sqrt(np.mean(np.square(np.concatenate(errors)))))
            yield {
                "data": name,
                "split": split,
                "model": model,
                "folds": len(folds),
                "rmse": rmse,
            }


def splits(ratings: Ratings) -> dict[str, NDArray[np.int64]]:
    """The fold of each rating: of its own, or of its item."""
    generator = np.random.default_rng(0)
    items = np.unique(ratings.items, return_inverse=True)[1]
    return {
        "ratings": generator.permutation(len(items)) % FOLDS,
        "new items": (generator.permutation(items.max() + 1) % FOLDS)[items],
    }


def error_of(
    ratings: Ratings, features: Mapping[str, Sequence[str]] | None, test: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How far the test ratings are from what is predicted, within the scale of ratings."""
    predict = by_biases if features is None else by_machine
    predicted = predict(ratings, features or {}, ~test, test)
    low, high = ratings.values.min(), ratings.values.max()
    return np.clip(predicted, low, high) - ratings.values[test]


def by_machine(
    ratings: Ratings,
    features: Mapping[str, Sequence[str]],
    training: NDArray[np.bool_],
    test: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """What the Factorization Machine predicts for the test ratings."""
    space = FeatureSpace.of(ratings.users, ratings.items, features)
    matrix = space.rows(ratings.users, ratings.items)
    chosen = FactorizationSettings(
        feature_dim=space.feature_dim, predictor_type="regressor", **HYPERPARAMETERS
    )
    machine = FactorizationMachine.train(matrix[training], ratings.values[training], chosen)
    return machine.score(matrix[test])


def by_biases(
    ratings: Ratings,
    _features: Mapping[str, Sequence[str]],
    training: NDArray[np.bool_],
    test: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Mean, user and item biases by alternating least squares, as Surprise's BaselineOnly."""
    users = np.unique(ratings.users, return_inverse=True)[1]
    items = np.unique(ratings.items, return_inverse=True)[1]
    mean = ratings.values[training].mean()
    of_user, of_item = np.zeros(users.max() + 1), np.zeros(items.max() + 1)
    values, user, item = ratings.values[training] - mean, users[training], items[training]
    per_item = 10 + np.bincount(item, minlength=len(of_item))
    per_user = 15 + np.bincount(user, minlength=len(of_user))
    for _ in range(10):
        of_item = np.bincount(item, values - of_user[user], len(of_item)) / per_item
        of_user = np.bincount(user, values - of_item[item], len(of_user)) / per_user
    return mean + of_user[users[test]] + of_item[items[test]]


def read_small(folder: Path) -> Ratings:
    """ml-latest-small."""
    movies = read_movies(folder)
    found = read_ratings(folder)
    texts = {movie.id: movie.text(year=True, tags=True) for movie in movies}
    return Ratings(
        users=[rating[0] for rating in found],
        items=[rating[1] for rating in found],
        values=np.array([rating[2] for rating in found], np.float32),
        topics=topics_of(texts),
    )


def read_100k(folder: Path) -> Ratings:
    """ml-100k, in RecBole's files."""
    with (folder / "ml-100k.inter").open(encoding="utf-8", newline="") as file:
        found = [row[:3] for row in csv.reader(file, delimiter="\t")][1:]
    with (folder / "ml-100k.item").open(encoding="utf-8", newline="") as file:
        movies = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    return Ratings(
        users=[row[0] for row in found],
        items=[row[1] for row in found],
        values=np.array([float(row[2]) for row in found], np.float32),
        topics=topics_of({row[0]: " ".join(row[1:]) for row in movies}),
    )


def topics_of(texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Topic codes by item."""
    vectors = lsa_vectors(list(texts.values()))
    empty = [np.empty(0, np.int32)] * len(vectors)
    book = fit_topics(vectors, empty, [], topics=1000, topics_per_item=32, seed=0)
    return {
        item: [code_of(topic) for topic in row if topic != NO_TOPIC]
        for item, row in zip(texts, book.codes(vectors).tolist(), strict=True)
    }
