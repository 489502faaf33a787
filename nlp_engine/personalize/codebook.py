"""Topic codes: text vectors become categories by the nearest of K centroids.

Personalize takes no vectors, but a categorical column may hold several values. The codes of the
nearest centroids, joined by `|`, keep much of a vector's neighbourhood. A codebook is fitted
once and saved: the same text gives the same codes in a bulk import and in PutItems.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError, require
from nlp_engine.manifest import read_manifest, write_manifest

_ITEMS_PER_TOPIC = 4
_TOPICS_PER_CODE = 8
_NAME_WORDS = 3
_MINI_BATCH_ABOVE = 20_000


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Text vectors: the mean of word vectors, weighted by how few items have the word.

    Attributes:
        vectors: V words with vectors of D dimensions.
        weights: (V) inverse document frequency of each word over the items, 0 if in none.
        mean: (D) of all items' vectors before it is taken off them.
    """

    vectors: WordVectors
    weights: NDArray[np.float32]
    mean: NDArray[np.float32]

    @classmethod
    def fit(
        cls, vectors: WordVectors, texts: Sequence[NDArray[np.int32]]
    ) -> tuple[TextEncoder, NDArray[np.float32]]:
        """Fit to (N) items' texts, as word ids; return the encoder and the (N, D) vectors."""
        documents = np.zeros(len(vectors), np.int64)
        for ids in texts:
            documents[np.unique(ids)] += 1
        weights = np.zeros(len(vectors), np.float32)
        known = documents > 0
        weights[known] = np.log((1 + len(texts)) / documents[known])
        plain = cls(vectors, weights, np.zeros(vectors.vector_dim, np.float32))
        mean = np.mean([plain.encode(ids) for ids in texts], axis=0)
        encoder = cls(vectors, weights, mean)
        return encoder, np.stack([encoder.encode(ids) for ids in texts])

    def encode(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """The (D) unit vector of a text given as word ids; zeros if it has no known word."""
        total = self.weights[ids] @ self.vectors.unit[ids]
        norm = np.linalg.norm(total)
        if norm == 0:
            return np.zeros_like(self.mean)
        centred = total / norm - self.mean
        return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-12), np.float32)


@dataclass(frozen=True, slots=True)
class Codebook:
    """K topics, each a centroid of text vectors.

    Attributes:
        encoder: Makes the text vectors.
        centroids: float32 (K, D).
        names: (K) code and typical words of each topic.
        topics_per_item: Codes that an item gets.
    """

    encoder: TextEncoder
    centroids: NDArray[np.float32]
    names: Sequence[str]
    topics_per_item: int

    def codes(self, text_vectors: NDArray[np.float32]) -> list[list[int]]:
        """The topics nearest to each of (N, D) text vectors, nearest first.

        A zero vector, of a text without any known word, gets none.
        """
        scores = text_vectors @ self.centroids.T
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.topics_per_item]
        is_known = np.any(text_vectors, axis=1)
        return [
            row if known else []
            for row, known in zip(order.tolist(), np.atleast_1d(is_known), strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Write the codebook to a new folder."""
        started = time.monotonic()
        folder.mkdir()
        np.save(folder / "weights.npy", self.encoder.weights)
        np.save(folder / "mean.npy", self.encoder.mean)
        np.save(folder / "centroids.npy", self.centroids)
        names = json.dumps(list(self.names), indent=2, ensure_ascii=False)
        (folder / "names.json").write_text(names + "\n", encoding="utf-8")
        parent = self.encoder.vectors.manifest
        write_manifest(
            folder,
            format="codebook",
            language=parent.language if parent else "en",
            started=started,
            parents=[parent] if parent else [],
            settings={"topics_per_item": self.topics_per_item},
            counts={"topics": len(self.names)},
        )

    @classmethod
    def open(cls, folder: Path, vectors: WordVectors) -> Codebook:
        """Open a saved codebook with the vectors it was fitted on.

        Raises:
            InputError: There is no such folder, or it was fitted on other vectors.
        """
        manifest = read_manifest(folder, "codebook")
        own = vectors.manifest.id if vectors.manifest else None
        if manifest.parents.get("vectors") != own:
            raise InputError(
                f"{folder} was fitted on the vectors {manifest.parents.get('vectors')}, "
                f"not on {own}; open it with its own vectors"
            )
        encoder = TextEncoder(
            vectors, np.load(folder / "weights.npy"), np.load(folder / "mean.npy")
        )
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        per_item = int(manifest.settings["topics_per_item"])
        return cls(encoder, np.load(folder / "centroids.npy"), names, per_item)


def fit_codebook(
    vectors: WordVectors,
    texts: Sequence[NDArray[np.int32]],
    *,
    topics: int,
    topics_per_item: int,
    seed: int,
) -> tuple[Codebook, list[list[int]]]:
    """Fit topics to items by k-means.

    Args:
        vectors: The word vectors.
        texts: (N) the items' texts as positions in `vectors`.
        topics: Topics at most; few items get fewer, one per four items.
        topics_per_item: Codes per item at most; few topics give fewer, an eighth of them.
        seed: Start of the random generator.

    Returns:
        The codebook and the (N) items' codes, nearest topic first.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    cluster = require("sklearn.cluster", "items")
    encoder, text_vectors = TextEncoder.fit(vectors, texts)
    count = max(1, min(topics, len(texts) // _ITEMS_PER_TOPIC))
    kind = cluster.KMeans if len(texts) <= _MINI_BATCH_ABOVE else cluster.MiniBatchKMeans
    means: Any = kind(count, n_init=3, random_state=seed).fit(text_vectors)
    centroids = _unit(np.asarray(means.cluster_centers_, np.float32))
    per_item = min(topics_per_item, max(1, count // _TOPICS_PER_CODE))
    names = _names(encoder, np.argmax(text_vectors @ centroids.T, axis=1), count, texts)
    codebook = Codebook(encoder, centroids, names, per_item)
    return codebook, codebook.codes(text_vectors)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, np.finfo(np.float32).tiny))


def _names(
    encoder: TextEncoder, topic_of: NDArray[np.intp], count: int, texts: Sequence[NDArray[np.int32]]
) -> list[str]:
    """(K) code and most typical words of each topic: the highest tf-idf over its items."""
    names = []
    for topic in range(count):
        scores = np.zeros(len(encoder.vectors), np.float32)
        for item in np.flatnonzero(topic_of == topic).tolist():
            ids, occurrences = np.unique(texts[item], return_counts=True)
            scores[ids] += np.log1p(occurrences) * encoder.weights[ids]
        best = np.argsort(-scores, kind="stable")[:_NAME_WORDS]
        words = [encoder.vectors.words[index] for index in best if scores[index] > 0]
        names.append(" ".join([code_of(topic), *words]))
    return names


def code_of(topic: int) -> str:
    """The code of a topic as it stands in a cell, e.g. `c0417`."""
    return f"c{topic:04d}"
