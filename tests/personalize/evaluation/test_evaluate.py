from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nlp_engine.errors import InputError, OutputError, SettingError
from nlp_engine.manifest import read_manifest
from nlp_engine.personalize.evaluation.evaluate import evaluate_items
from nlp_engine.personalize.evaluation.interactions import Interactions, read_interactions
from nlp_engine.personalize.evaluation.result import read_eval_json
from nlp_engine.personalize.evaluation.settings import ItemsEvaluationSettings
from nlp_engine.personalize.evaluation.splits import cold_splits, warm_splits

pytest.importorskip("implicit", exc_type=ImportError)

ITEMS, KINDS, USERS, LIKED = 60, 6, 60, 8
FIELDS: list[dict[str, Any]] = [
    {"name": "ITEM_ID", "type": "string"},
    {"name": "KIND", "type": "string", "categorical": True},
    {"name": "COLOUR", "type": ["null", "string"], "categorical": True},
    {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
]


def write_items(folder: Path) -> Path:
    """60 items of six kinds, in colours that say nothing."""
    folder.mkdir()
    schema = {"type": "record", "name": "Items", "fields": FIELDS, "version": "1.0"}
    (folder / "schema.json").write_text(json.dumps(schema))
    colours = np.random.default_rng(1).integers(0, 5, ITEMS)
    rows = [
        f'i{n},kind{n % KINDS},{"|".join(["any", f"c{c}"])},"item {n}"'
        for n, c in enumerate(colours)
    ]
    (folder / "items.csv").write_text("\n".join(["ITEM_ID,KIND,COLOUR,DESCRIPTION", *rows]) + "\n")
    return folder


def write_interactions(path: Path) -> Path:
    """60 users who like one kind each, and repeat themselves."""
    generator = np.random.default_rng(0)
    lines = ["USER_ID,ITEM_ID,TIMESTAMP"]
    for user in range(USERS):
        liked = generator.permutation(np.arange(user % KINDS, ITEMS, KINDS))[:LIKED]
        lines += [f"u{user},i{item},{time}" for time, item in enumerate(liked.tolist())]
        lines.append(f"u{user},i{liked[0]},99")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("evaluation")
    return write_items(folder / "items"), write_interactions(folder / "interactions.csv")


VECTORS = np.repeat(np.eye(KINDS, 10, dtype=np.float32)[None], ITEMS // KINDS, 0).reshape(ITEMS, 10)


def test_what_tells_items_apart_ranks_them(data: tuple[Path, Path], tmp_path: Path) -> None:
    items, interactions = data
    found = evaluate_items(
        items, interactions, tmp_path / "out", text_vectors=VECTORS, factors=8, warm_folds=10
    )
    cold = {name: result.ndcg[10] for name, result in found.cold.items()}
    # Not 1, since of ten items of a kind each user has eight.
    assert cold["KIND"] > 0.85
    assert cold["text vectors"] > 0.85
    assert cold["COLOUR"] < 0.6 and cold["random"] < 0.6
    assert cold["COLOUR"] < cold["all categories"]
    assert found.cold["text vectors"].difference is None
    assert found.cold["random"].difference == pytest.approx(
        cold["random"] - cold["text vectors"], abs=1e-9
    )
    warm = {name: result.ndcg[10] for name, result in found.warm.items()}
    # One of the three items of its kind that each user has not had: (1 + 1/log2(3) + 1/2) / 3.
    for name in ("KIND", "item cosine", "ALS (8 factors)"):
        assert warm[name] == pytest.approx(0.71, abs=0.1)
    assert warm["popularity"] < 0.5
    assert found.warm["KIND"].users == USERS
    assert found.warm["KIND"].precision[5] <= 0.2
    assert "1 of 15 topics" in found.cold
    assert read_eval_json(tmp_path / "out" / "eval.json") == found
    manifest = read_manifest(tmp_path / "out", "items evaluation")
    assert manifest.counts == {"warm_users": USERS, "cold_lists": found.cold["KIND"].users}
    with pytest.raises(OutputError):
        evaluate_items(items, interactions, tmp_path / "out")


def test_the_same_seed_gives_the_same_metrics(data: tuple[Path, Path]) -> None:
    first, second = (evaluate_items(*data, factors=4) for _ in range(2))
    assert first.cold == second.cold
    assert first.warm["random"] == second.warm["random"]


def read(data: tuple[Path, Path], **options: Any) -> Interactions:
    ids = [f"i{n}" for n in range(ITEMS)]
    return read_interactions(data[1], ids, ItemsEvaluationSettings(**options))


def test_a_repeated_pair_of_user_and_item_counts_once(data: tuple[Path, Path]) -> None:
    interactions = read(data)
    assert len(interactions) == USERS * LIKED
    assert interactions.repeated == USERS
    assert interactions.matrix().max() == 1


def test_warm_splits_keep_the_newest_tenth_and_the_tested_users_apart(
    data: tuple[Path, Path],
) -> None:
    interactions = read(data)
    tested = 0
    for split in warm_splits(interactions, folds=10, users=1000, seed=0):
        tested += split.known.shape[0]
        assert (np.diff(split.truth.indptr) == 1).all()
        assert (np.diff(split.known.indptr) == LIKED - 1).all()
        assert split.truth.multiply(split.known).nnz == 0
        assert split.training.nnz == (USERS - split.known.shape[0]) * LIKED
    assert tested == USERS


def test_the_newest_tenth_is_to_be_found() -> None:
    order = np.random.default_rng(3).permutation(25)
    interactions = Interactions(
        users=np.zeros(25, np.int64),
        items=order,
        user_count=1,
        item_count=25,
        repeated=0,
        unknown=0,
    )
    (split,) = warm_splits(interactions, folds=10, users=1, seed=0)
    assert sorted(split.truth.indices.tolist()) == sorted(order[-2:].tolist())
    assert sorted(split.known.indices.tolist()) == sorted(order[:-2].tolist())


def test_cold_items_are_unknown_to_everybody_and_cold_once(data: tuple[Path, Path]) -> None:
    seen: list[int] = []
    for split in cold_splits(read(data), ITEMS, folds=5, users=1000, seed=0):
        assert split.training[:, split.candidates].nnz == 0
        assert split.known[:, split.candidates].nnz == 0
        assert split.truth[:, split.candidates].nnz == split.truth.nnz > 0
        assert (np.diff(split.known.indptr) > 0).all() and (np.diff(split.truth.indptr) > 0).all()
        seen += split.candidates.tolist()
    assert sorted(seen) == list(range(ITEMS))


def test_rows_of_a_low_value_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("userId,movieId,rating,timestamp\n1,a,0.5,1\n1,b,4,2\n2,x,5,3\n")
    chosen = ItemsEvaluationSettings(
        user="userId", item="movieId", timestamp="timestamp", value="rating", min_value=1.5
    )
    found = read_interactions(path, ["a", "b"], chosen)
    assert found.items.tolist() == [1, 2]
    assert found.unknown == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("USER_ID,ITEM_ID\nu,i1\n", "TIMESTAMP"),
        ("USER_ID,ITEM_ID,TIMESTAMP\nu,i1,yesterday\n", "row 1, column TIMESTAMP.*yesterday"),
        ("USER_ID,ITEM_ID,TIMESTAMP\nu,i1,5\n,i1,5\n", "row 2, column USER_ID: empty"),
        ("USER_ID,ITEM_ID,TIMESTAMP\nu,i1,5\n", "too few interactions"),
        ("USER_ID,ITEM_ID,TIMESTAMP\nu,other,5\nu,more,6\n", "no item of column ITEM_ID"),
        ("USER_ID,ITEM_ID,TIMESTAMP\n", "."),
    ],
)
def test_bad_interactions_are_named(
    data: tuple[Path, Path], tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "interactions.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        evaluate_items(data[0], path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_vectors_must_be_as_many_as_items(data: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match=r"shape \(59, 10\).*60 items"):
        evaluate_items(*data, text_vectors=VECTORS[:-1])


def test_settings_out_of_range_are_named(data: tuple[Path, Path]) -> None:
    with pytest.raises(SettingError, match="cold_folds is 1"):
        evaluate_items(*data, cold_folds=1)
