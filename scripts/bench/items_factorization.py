"""Ratings of MovieLens, predicted by Factorization Machines and by biases alone, in five folds.

Folds are of ratings, or of items, of which all ratings are left out; those of ml-100k are random,
as Surprise's documentation has them, or u1 to u5, which the data set comes with and papers use.

What decides the weight decay of the factors is a part of the first fold's training ratings: a fifth
of them, or all of a fifth of its items where the items are to be new.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from items_movielens import YEAR, english_sample, lsa_vectors, read_movies, read_ratings
from numpy.typing import NDArray

from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.personalize.factorization.feature_space import FeatureSpace, ItemFeatures
from nlp_engine.personalize.factorization.hyperparameters import FactorizationSettings
from nlp_engine.personalize.factorization.item_features import read_item_features
from nlp_engine.personalize.factorization.machine import FactorizationMachine
from nlp_engine.personalize.items import build_items

FOLDS = 5
RATINGS, NEW_ITEMS, GIVEN = "ratings", "new items", "u1 to u5"
HYPERPARAMETERS: dict[str, Any] = {
    "predictor_type": "regressor",
    "num_factors": 32,
    "epochs": 20,
    "factors_lr": 0.002,
    "linear_lr": 0.005,
    "bias_lr": 0.002,
    "linear_wd": 0.0001,
    "bias_wd": 0,
    "factors_init_sigma": 0.01,
    "bias_init_method": "constant",
}
"""The same for all; the bias begins at the mean of the training ratings."""
FACTORS_WD = (0.0001, 0.0002, 0.0004)
"""Of which one is chosen for each data set, split and model."""


@dataclass(frozen=True, kw_only=True)
class Ratings:
    """Users, items and ratings, in the order of their file, and what the items are."""

    users: Sequence[str]
    items: Sequence[str]
    values: NDArray[np.float32]
    item_features: ItemFeatures


@dataclass(frozen=True, kw_only=True)
class Model:
    """A Factorization Machine: the columns of the items that it has, and whether of each item."""

    columns: Sequence[str] = ()
    item_ids: bool = True


TOPICS, BOTH = ("TOPICS",), ("TOPICS", "ENTITIES")
MODELS: dict[tuple[str, str], dict[str, Model]] = {
    ("ml-latest-small", RATINGS): {
        "users and items": Model(),
        "with topics": Model(columns=TOPICS),
        "with topics and entities": Model(columns=BOTH),
    },
    ("ml-latest-small", NEW_ITEMS): {
        "users and items": Model(),
        "with topics": Model(columns=TOPICS),
        "topics instead of items": Model(columns=TOPICS, item_ids=False),
        "topics and entities instead of items": Model(columns=BOTH, item_ids=False),
    },
    ("ml-100k", RATINGS): {"users and items": Model()},
    ("ml-100k", GIVEN): {"users and items": Model(), "with topics": Model(columns=TOPICS)},
}


def rows(data: Path, ml_100k: Path | None, *, quick: bool) -> Iterator[dict[str, Any]]:
    """A row per data set, split and model: the RMSE over all folds, and of each."""
    sets = {"ml-latest-small": read_small(data)}
    if ml_100k is not None:
        sets["ml-100k"] = read_100k(ml_100k)
    for (name, split), models in MODELS.items():
        if name in sets:
            for row in _rows(sets[name], split, models, range(1 if quick else FOLDS)):
                yield {"data": name, **row}


def _rows(
    ratings: Ratings, split: str, models: Mapping[str, Model], folds: Sequence[int]
) -> Iterator[dict[str, Any]]:
    fold_of = folds_of(ratings, split)
    for name, model in {"biases alone": None, **models}.items():
        chosen = {} if model is None else chosen_settings(ratings, model, fold_of, split)
        errors = [
            error_of(ratings, model, chosen, fold_of != fold, fold_of == fold) for fold in folds
        ]
        yield {
            "split": split,
            "model": name,
            "folds": len(errors),
            "rmse": _rmse(np.concatenate(errors)),
            "rmse of folds": [round(_rmse(found), 4) for found in errors],
            **chosen,
        }


def chosen_settings(
    ratings: Ratings, model: Model, fold_of: NDArray[np.int64], split: str
) -> dict[str, Any]:
    """Those with the lowest error on a part of the first fold's training ratings."""
    training = fold_of != 0
    # Drawn anew, since the folds themselves are all that the first one trains on.
    validation = training & (folds_of(ratings, split, seed=1) == 0)
    found = {}
    for decay in FACTORS_WD:
        chosen = {"factors_wd": decay}
        errors = error_of(ratings, model, chosen, training & ~validation, validation)
        found[decay] = _rmse(errors)
    return {"factors_wd": min(found, key=lambda decay: found[decay])}


def folds_of(ratings: Ratings, split: str, seed: int | None = None) -> NDArray[np.int64]:
    """The fold of each rating: of its own, or of its item.

    Args:
        ratings: The ratings.
        split: What the folds are of.
        seed: None for the folds that are measured.
    """
    if split == GIVEN and seed is None:
        # u1.test to u5.test are fifths of u.data, one after the other (`mku.sh` of the data set).
        return np.arange(len(ratings.items)) * FOLDS // len(ratings.items)
    generator = np.random.default_rng(seed or 0)
    items = np.unique(ratings.items, return_inverse=True)[1]
    of_ratings = generator.permutation(len(items)) % FOLDS
    of_items = generator.permutation(items.max() + 1) % FOLDS
    return of_items[items] if split == NEW_ITEMS else of_ratings


def error_of(
    ratings: Ratings,
    model: Model | None,
    chosen: Mapping[str, Any],
    training: NDArray[np.bool_],
    test: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """How far the test ratings are from what is predicted, within the scale of ratings."""
    if model is None:
        predicted = by_biases(ratings, training, test)
    else:
        predicted = by_machine(ratings, model, chosen, training, test)
    low, high = ratings.values.min(), ratings.values.max()
    return np.clip(predicted, low, high) - ratings.values[test]


def by_machine(
    ratings: Ratings,
    model: Model,
    chosen: Mapping[str, Any],
    training: NDArray[np.bool_],
    test: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """What the Factorization Machine predicts for the test ratings."""
    features = {name: ratings.item_features[name] for name in model.columns}
    space = FeatureSpace.of(ratings.users, ratings.items, features, item_ids=model.item_ids)
    matrix = space.rows(ratings.users, ratings.items)
    values = ratings.values[training]
    settings = FactorizationSettings(
        feature_dim=space.feature_dim,
        bias_init_value=float(values.mean()),
        **HYPERPARAMETERS,
        **chosen,
    )
    return FactorizationMachine.train(matrix[training], values, settings).score(matrix[test])


def by_biases(
    ratings: Ratings, training: NDArray[np.bool_], test: NDArray[np.bool_]
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


def read_small(data: Path) -> Ratings:
    """ml-latest-small, with topics of titles, genres and tags, and entities of titles and tags."""
    folder = data / "recsys" / "ml-latest-small"
    movies = read_movies(folder)
    found = read_ratings(folder)
    texts = {movie.id: movie.text(year=True, tags=True) for movie in movies}
    linked = {movie.id: " ".join([YEAR.sub("", movie.title), *movie.tags]) for movie in movies}
    with tempfile.TemporaryDirectory() as scratch:
        item_features = features_of(texts, linked, english_sample(data, Path(scratch)))
    return Ratings(
        users=[rating[0] for rating in found],
        items=[rating[1] for rating in found],
        values=np.array([rating[2] for rating in found], np.float32),
        item_features=item_features,
    )


def read_100k(folder: Path) -> Ratings:
    """ml-100k, in RecBole's files, with topics of titles, years and genres."""
    with (folder / "ml-100k.inter").open(encoding="utf-8", newline="") as file:
        found = [row[:3] for row in csv.reader(file, delimiter="\t")][1:]
    with (folder / "ml-100k.item").open(encoding="utf-8", newline="") as file:
        movies = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
    texts = {row[0]: " ".join(row[1:]) for row in movies}
    return Ratings(
        users=[row[0] for row in found],
        items=[row[1] for row in found],
        values=np.array([float(row[2]) for row in found], np.float32),
        item_features=features_of(texts, texts, None),
    )


def features_of(
    texts: Mapping[str, str], linked: Mapping[str, str], kb: KnowledgeBase | None
) -> ItemFeatures:
    """The columns TOPICS and ENTITIES of an items folder, as `items build` makes it.

    Args:
        texts: By item, what topics are of.
        linked: By item, what entities are of.
        kb: Gives entities.
    """
    with tempfile.TemporaryDirectory() as scratch:
        source, folder = Path(scratch) / "movies.jsonl", Path(scratch) / "items"
        movies = [{"id": item, "text": text} for item, text in linked.items()]
        source.write_text("\n".join(map(json.dumps, movies)), encoding="utf-8")
        vectors = lsa_vectors(list(texts.values()))
        build_items(source, folder, text_vectors=vectors, kb=kb, entity_values="entities")
        return read_item_features(folder, TOPICS if kb is None else BOTH)


def _rmse(errors: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))
