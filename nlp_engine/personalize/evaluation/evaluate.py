"""Evaluating the metadata of an items folder on interactions."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.manifest import FileRecord, read_manifest, write_manifest
from nlp_engine.personalize.encodings.kmeans import unit
from nlp_engine.personalize.evaluation.dataset import ItemsDataset
from nlp_engine.personalize.evaluation.encoded import VECTORS, encoded_features
from nlp_engine.personalize.evaluation.interactions import Interactions, read_interactions
from nlp_engine.personalize.evaluation.ranking import Lists, rank
from nlp_engine.personalize.evaluation.recommenders import (
    baselines,
    by_metadata,
    random_recommender,
)
from nlp_engine.personalize.evaluation.result import ItemsEvaluation, RankingResult, eval_json
from nlp_engine.personalize.evaluation.settings import ItemsEvaluationSettings
from nlp_engine.personalize.evaluation.splits import cold_splits, warm_splits
from nlp_engine.progress import Progress, Report, silent


def evaluate_items(
    items: Path | str,
    interactions: Path | str,
    out: Path | str | None = None,
    *,
    vectors: WordVectors | None = None,
    text_vectors: NDArray[Any] | Path | str | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> ItemsEvaluation:
    """Evaluate how well an Items dataset's metadata recommends items, by Personalize's metrics.

    Each categorical column, and all of them together, recommend items like those that a user knows;
    with text vectors, each encoding of them does, too. Beside them stand recommenders that need no
    metadata.

    Args:
        items: A folder with `schema.json` and `items.csv`.
        interactions: CSV, JSON Lines or Parquet; of repeated pairs of user and item the first
            counts.
        out: A folder to make, with `eval.json`.
        vectors: The word vectors that the folder's codebook was fitted on, for text vectors.
        text_vectors: Or any (N, D) numbers, a row per row of `items.csv`, or their `.npy` file.
        overwrite: Replace an existing folder.
        report: Told of the interactions read and the recommenders done.
        **options: Fields of `ItemsEvaluationSettings`.

    Raises:
        InputError: A file is missing, or the interactions and items do not fit together.
        SettingError: An option that does not exist or is out of range.
        OutputError: The folder exists or cannot be written.
        MissingExtraError: The extra `items` is not installed.
    """
    started = time.monotonic()
    chosen = settings.from_mapping(ItemsEvaluationSettings, options)
    dataset = ItemsDataset.read(Path(items))
    features = dataset.features()
    count = len(dataset.ids)
    rows = None
    if text_vectors is not None:
        rows = _read_vectors(text_vectors, count)
    elif vectors is not None:
        rows = dataset.text_vectors(Path(items) / "codebook", vectors)
    if rows is not None:
        features |= encoded_features(rows, topics=chosen.topics, seed=chosen.seed)
    read = read_interactions(Path(interactions), dataset.ids, chosen, report)
    if not (read.items < count).any():
        raise InputError(
            f"no item of column {chosen.item} of {interactions} is in {items}; do both have the "
            "same ids?"
        )
    evaluation = evaluate_features(read, features, count, chosen, report=report)
    if out is not None:
        _write(Path(out), Path(items), Path(interactions), evaluation, chosen, started, overwrite)
    return evaluation


def evaluate_features(
    interactions: Interactions,
    features: Mapping[str, Any],
    items: int,
    chosen: ItemsEvaluationSettings,
    *,
    report: Report = silent,
) -> ItemsEvaluation:
    """Rank by each of the features and by the baselines, on both splits.

    Args:
        interactions: What users did.
        features: By name, (N, D) arrays or sparse matrices; those of `text vectors` are what the
            others are compared with.
        items: N, items of the catalogue.
        chosen: The settings.
        report: Told of the recommenders done.
    """
    warm = list(
        warm_splits(interactions, folds=chosen.warm_folds, users=chosen.users, seed=chosen.seed)
    )
    cold = list(
        cold_splits(
            interactions, items, folds=chosen.cold_folds, users=chosen.users, seed=chosen.seed
        )
    )
    if not warm or not cold:
        raise InputError(
            "there are too few interactions: no user is left to evaluate with, who has two items, "
            "or one new to all and one known"
        )
    by_features = {name: by_metadata(rows) for name, rows in features.items()}
    parts = {
        "warm": (baselines(chosen.factors, chosen.seed) | by_features, warm),
        "cold": ({"random": random_recommender(chosen.seed)} | by_features, cold),
    }
    total = sum(len(recommenders) for recommenders, _ in parts.values())
    results: dict[str, dict[str, RankingResult]] = {}
    done = 0
    for part, (recommenders, splits) in parts.items():
        lists: dict[str, Lists] = {}
        for name, recommender in recommenders.items():
            lists[name] = rank(recommender, splits, seed=chosen.seed)
            done += 1
            report(Progress("ranking", done, total, "recommenders"))
        compared = lists.get(VECTORS)
        results[part] = {
            name: made.result(interactions.item_count, None if made is compared else compared)
            for name, made in lists.items()
        }
    return ItemsEvaluation(warm=results["warm"], cold=results["cold"])


def _read_vectors(given: NDArray[Any] | Path | str, items: int) -> NDArray[np.float32]:
    """(N, D) vectors of length 1."""
    name = "the text vectors"
    if isinstance(given, Path | str):
        name = str(given)
        try:
            given = np.asarray(np.load(check_input_file(Path(given)), allow_pickle=False))
        except ValueError as error:
            raise InputError(f"{name} is no array as numpy.save writes it: {error}") from None
    if given.ndim != 2 or len(given) != items or given.dtype.kind not in "fiu":
        raise InputError(
            f"{name}: {given.dtype} of shape {given.shape}; a row of numbers for each of {items} "
            "items is needed"
        )
    rows = np.asarray(given, np.float32)
    if not np.isfinite(rows).all():
        raise InputError(f"{name}: a number is not finite")
    return unit(rows)


def _write(
    out: Path,
    items: Path,
    interactions: Path,
    evaluation: ItemsEvaluation,
    chosen: ItemsEvaluationSettings,
    started: float,
    overwrite: bool,
) -> None:
    with new_folder(out, overwrite=overwrite) as folder:
        text = json.dumps(eval_json(evaluation), indent=2) + "\n"
        (folder / "eval.json").write_text(text, encoding="utf-8")
        parents = [read_manifest(items, "items")] if (items / "manifest.json").exists() else []
        write_manifest(
            folder,
            format="items evaluation",
            language=parents[0].language if parents else "en",
            started=started,
            sources=[FileRecord.of(interactions)] if interactions.is_file() else [],
            parents=parents,
            settings=settings.to_mapping(chosen),
            counts={
                "warm_users": next(iter(evaluation.warm.values())).users,
                "cold_lists": next(iter(evaluation.cold.values())).users,
            },
        )
