"""Seconds and memory of items build and items check, and of k-means beside scikit-learn's."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import measure
import numpy as np

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.personalize.encodings.kmeans import fit_kmeans, nearest_centroids, sample, unit

_WORDS, _DIM, _TEXT_WORDS, _TOPICS = 50_000, 100, 30, 1000
_ITEMS_PER_WRITE = 10_000


def build_and_check(*, quick: bool) -> Iterator[dict[str, Any]]:
    """The commands on items whose words are drawn by Zipf's law; each in a process of its own."""
    items = 20_000 if quick else 1_000_000
    program = [sys.executable, "-m", "nlp_engine", "items"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make = [sys.executable, __file__, str(folder), str(items)]
        measure.run([make])
        source, vectors, out = folder / "items.csv", folder / "vectors.bin", folder / "out"
        build = [*program, "build", source, "--vectors", vectors, "-o", out, "--title", "title"]
        build += ["--categories", "kind", "--timestamp", "time", "--quiet"]
        build += ["--topics", str(_TOPICS)]
        total = 0.0
        for name, command in (("build", build), ("check", [*program, "check", out])):
            used = measure.run([command])
            total += used.wall
            yield {
                "command": name,
                "items": items,
                "seconds": used.wall,
                "cpu seconds": used.cpu,
                "GB": used.memory / 1e9,
            }
        yield {"command": "both", "items": items, "seconds": total}


def kmeans(*, quick: bool) -> Iterator[dict[str, Any]]:
    """1,000 centroids of vectors around 3,000 points: time, and the mean distance that is left."""
    count = 50_000 if quick else 1_000_000
    generator = np.random.default_rng(0)
    centres = unit(generator.standard_normal((3000, _DIM), np.float32))
    chosen = generator.integers(0, len(centres), count)
    noise = generator.standard_normal((count, _DIM), np.float32) * np.float32(0.08)
    rows = unit(centres[chosen] + noise)

    def left(centroids: Any) -> float:
        _, scores = nearest_centroids(rows, unit(centroids.astype(np.float32)), spherical=True)
        return float(np.mean(2 - 2 * scores.astype(np.float64)))

    def ours() -> Any:
        numbers = sample(np.arange(count), _TOPICS, seed=0)
        return fit_kmeans(rows[numbers], _TOPICS, seed=0, spherical=True)

    def peer() -> Any:
        from sklearn.cluster import MiniBatchKMeans

        return MiniBatchKMeans(_TOPICS, n_init=1, random_state=0).fit(rows).cluster_centers_

    contenders = {"ours": ours, "scikit-learn's MiniBatchKMeans": peer}
    for name, fit in contenders.items():
        started = time.perf_counter()
        centroids = fit()
        seconds = time.perf_counter() - started
        yield {"k-means": name, "rows": count, "seconds": seconds, "distance": left(centroids)}


def _make(folder: Path, items: int) -> None:
    """Word vectors, and items of 30 words each."""
    generator = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(_WORDS)])
    vectors = generator.standard_normal((_WORDS, _DIM), np.float32)
    WordVectors(words.tolist(), vectors).save(folder / "vectors.bin", binary=True)
    odds = 1 / np.arange(10, _WORDS + 10)
    cumulated = np.cumsum(odds / odds.sum())
    with (folder / "items.csv").open("w", encoding="utf-8") as file:
        file.write("id,title,text,kind,time\n")
        for begin in range(0, items, _ITEMS_PER_WRITE):
            drawn = np.searchsorted(cumulated, generator.random((_ITEMS_PER_WRITE, _TEXT_WORDS)))
            for number, row in enumerate(words[np.minimum(drawn, _WORDS - 1)], begin):
                text = " ".join(row)
                kind = number % 50
                file.write(f"i{number},Item {number},{text},kind{kind},{1_600_000_000 + number}\n")


if __name__ == "__main__":
    _make(Path(sys.argv[1]), int(sys.argv[2]))
