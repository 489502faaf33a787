"""Cold items of MovieLens, ranked by their text vectors and by each encoding of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from items_movielens import (
    MIN_RATING,
    Movie,
    english_sample,
    lsa_vectors,
    read_movies,
    read_ratings,
)

from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.personalize.evaluation.encoded import VECTORS, encoded_features, topic_features
from nlp_engine.personalize.evaluation.evaluate import evaluate_features
from nlp_engine.personalize.evaluation.features import category_features, together, vector_features
from nlp_engine.personalize.evaluation.interactions import Interactions, read_interactions
from nlp_engine.personalize.evaluation.ranking import rank
from nlp_engine.personalize.evaluation.recommenders import by_metadata, random_recommender
from nlp_engine.personalize.evaluation.result import RankingResult
from nlp_engine.personalize.evaluation.settings import ItemsEvaluationSettings
from nlp_engine.personalize.evaluation.splits import cold_splits

TOPICS = 600  # the default
FINER_TOPICS = 1000  # the most
SEEDS = range(3)  # of k-means; the folds are always the same
TEXTS = {
    "title, genres, tags": {"year": True, "tags": True},
    "title, genres": {"year": True, "tags": False},
    "title without year, genres, tags": {"year": False, "tags": True},
    "title without year, genres": {"year": False, "tags": False},
}
_FIRST = (next(iter(TEXTS)), 0)  # of which all encodings and the warm split are measured


def rows(data: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """A row per text, seed of k-means, and recommender."""
    folder = data / "recsys" / "ml-latest-small"
    movies = read_movies(folder)
    interactions = _interactions(folder, movies)
    genres = category_features([movie.genres for movie in movies])
    # Not of the genres: they are categories already, and as words they are linked to themselves.
    plain = [replace(movie, genres=()) for movie in movies]
    entities = {
        tags: _entities(data, [movie.text(year=False, tags=tags) for movie in plain])
        for tags in (True, False)
    }
    yield {"items": len(movies), "interactions": len(interactions)} | {
        f"with entities of titles{' and tags' if tags else ''}": sum(map(bool, found)) / len(found)
        for tags, found in entities.items()
    }
    for text, chosen in list(TEXTS.items())[: 1 if quick else None]:
        vectors = lsa_vectors([movie.text(**chosen) for movie in movies])
        columns = {"genres": genres, "entities": category_features(entities[chosen["tags"]])}
        for seed in SEEDS[: 1 if quick else None]:
            if (text, seed) == _FIRST:
                features = columns | dict(encoded_features(vectors, topics=TOPICS, seed=seed))
                for kind, name, result in _on_both_splits(
                    interactions, features | _with_others(features), len(movies)
                ):
                    yield _row(text, seed, kind, name, result)
            features = columns | {VECTORS: vector_features(vectors)}
            features |= topic_features(vectors, topics=TOPICS, seed=seed)
            features |= _with_others(features)
            finer = topic_features(vectors, topics=FINER_TOPICS, seed=seed)
            features |= {name: finer[name] for name in finer if name.startswith(("32 of", "48 of"))}
            for name, result in _on_new_items(interactions, features, len(movies)):
                if (text, seed) != _FIRST or name in finer:
                    yield _row(text, seed, "cold", name, result)


def _with_others(features: Mapping[str, Any]) -> dict[str, Any]:
    """Topics beside the other columns."""
    found = {}
    for number in (32, 48, 64):
        topics = features[f"{number} of {TOPICS} topics"]
        found[f"{number} of {TOPICS} topics, entities"] = together([topics, features["entities"]])
        found[f"{number} of {TOPICS} topics, genres"] = together([topics, features["genres"]])
    return found


def _on_both_splits(
    interactions: Interactions, features: Mapping[str, Any], items: int
) -> Iterator[tuple[str, str, RankingResult]]:
    """Known users and movies are ranked once, since what k-means finds makes no difference."""
    found = evaluate_features(interactions, features, items, ItemsEvaluationSettings(warm_folds=10))
    for kind in ("cold", "warm"):
        for name, result in getattr(found, kind).items():
            yield kind, name, result


def _on_new_items(
    interactions: Interactions, features: Mapping[str, Any], items: int
) -> Iterator[tuple[str, RankingResult]]:
    """The same as `evaluate_features` finds for items that nobody has seen."""
    chosen = ItemsEvaluationSettings()
    splits = list(
        cold_splits(
            interactions, items, folds=chosen.cold_folds, users=chosen.users, seed=chosen.seed
        )
    )
    recommenders = {"random": random_recommender(chosen.seed)}
    recommenders |= {name: by_metadata(rows) for name, rows in features.items()}
    lists = {name: rank(made, splits, seed=chosen.seed) for name, made in recommenders.items()}
    for name, made in lists.items():
        compared = None if name == VECTORS else lists[VECTORS]
        yield name, made.result(interactions.item_count, compared)


def _row(text: str, seed: int, kind: str, name: str, result: RankingResult) -> dict[str, Any]:
    return {
        "text": text,
        "seed": seed,
        "split": kind,
        "recommender": name,
        "ndcg@10": result.ndcg[10],
        "to vectors": result.difference or 0.0,
        "+-": result.difference_error or 0.0,
        "mrr@25": result.mean_reciprocal_rank_at_25,
        "precision@10": result.precision[10],
        "hit@10": result.hit_rate_at_10,
        "coverage": result.coverage,
    }


def _interactions(folder: Path, movies: Sequence[Movie]) -> Interactions:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "ratings.csv"
        lines = ["USER_ID,ITEM_ID,RATING,TIMESTAMP"]
        lines += [",".join(map(str, rating)) for rating in read_ratings(folder)]
        path.write_text("\n".join(lines) + "\n")
        settings = ItemsEvaluationSettings(value="RATING", min_value=MIN_RATING)
        return read_interactions(path, [movie.id for movie in movies], settings)


def _entities(data: Path, texts: Sequence[str]) -> list[list[str]]:
    """Entities of a knowledge base of the English sample that gensim has, too."""
    with tempfile.TemporaryDirectory() as scratch:
        ranker = EntityRanker(english_sample(data, Path(scratch)))
        return [list(dict.fromkeys(link.title for link in ranker.link(text))) for text in texts]
