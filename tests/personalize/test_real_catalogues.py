"""Real catalogues, which give no warning that a user could not act on."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.personalize.datasets import build_interactions, build_users
from nlp_engine.personalize.items import build_items


def findings(folder: Path) -> list[tuple[str, str | None, int | None]]:
    found = json.loads((folder / "check.json").read_text())
    return [(finding["rule"], finding["column"], finding["row"]) for finding in found]


@pytest.fixture(scope="module")
def vectors() -> WordVectors:
    """The words of both catalogues at random places: what they mean does not matter here."""
    words = sorted({f"{a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop"})
    known = ["the", "and", "with", "for", "of", "a", "in", "comedy", "drama", "action", *words]
    rows = np.random.default_rng(0).standard_normal((len(known), 16)).astype(np.float32)
    return WordVectors(list(dict.fromkeys(known)), rows[: len(set(known))])


def test_retail_demo_store(
    tmp_path: Path, vectors: WordVectors, data: Callable[[str], Path]
) -> None:
    folder = data("recsys/retail-demo-store")
    yaml = pytest.importorskip("yaml")
    with gzip.open(folder / "products.yaml.gz", "rt", encoding="utf-8") as file:
        products = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    source = tmp_path / "products.jsonl"
    source.write_text("\n".join(map(json.dumps, products)), encoding="utf-8")
    made = build_items(
        source,
        tmp_path / "items",
        vectors=vectors,
        title="name",
        text=["description"],
        domain="ECOMMERCE",
        categories=["category=CATEGORY_L1", "style=CATEGORY_L2"],
        numbers=["price"],
    )
    assert made.counts["items"] == 2465
    assert findings(tmp_path / "items") == []
    with gzip.open(folder / "users.json.gz", "rt", encoding="utf-8") as file:
        users = json.load(file)
    (tmp_path / "users.jsonl").write_text("\n".join(map(json.dumps, users)), encoding="utf-8")
    build_users(
        tmp_path / "users.jsonl", tmp_path / "users", integers=["age"], categories=["gender"]
    )
    assert findings(tmp_path / "users") == []


def test_movielens(tmp_path: Path, vectors: WordVectors, data: Callable[[str], Path]) -> None:
    folder = data("recsys/ml-latest-small")
    tags: dict[str, list[str]] = defaultdict(list)
    with (folder / "tags.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            tags[row["movieId"]].append(row["tag"])
    source = tmp_path / "movies.jsonl"
    with (folder / "movies.csv").open(encoding="utf-8", newline="") as file:
        rows = [row | {"tags": tags[row["movieId"]]} for row in csv.DictReader(file)]
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    build_items(
        source,
        tmp_path / "items",
        vectors=vectors,
        id="movieId",
        title="title",
        text=["genres"],
        categories=["genres", "tags"],
    )
    # Few films have tags: leave the column out, or gather more.
    assert findings(tmp_path / "items") == [("completeness", "TAGS", None)]
    build_interactions(
        folder / "ratings.csv.gz", tmp_path / "events", user="userId", item="movieId"
    )
    assert findings(tmp_path / "events") == []
