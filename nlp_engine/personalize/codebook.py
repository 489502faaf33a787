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

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest, write_manifest
from nlp_engine.personalize.encodings.kmeans import (
    fit_kmeans,
    nearest_centroids,
    sample,
    score_blocks,
    unit,
)
from nlp_engine.personalize.text_encoder import TextEncoder

_ITEMS_PER_TOPIC = 4
_TOPICS_PER_CODE = 8
_NEAR_SHARE = 0.05  # of the items, those that lie near a topic: about 32 of 600
_NEAR_ITEMS_PER_TOPIC = 16  # of the sample that the share is taken of
_NAME_WORDS = 3
_NAME_ITEMS = 100  # of a topic, whose words its name is from

NO_TOPIC = -1
"""Stands in a row of codes where there is none."""


@dataclass(frozen=True, slots=True)
class Codebook:
    """K topics, each a centroid of text vectors.

    What all texts have in common, their mean, is taken off first. A topic in a crowded place is
    near to very many texts and tells little of each; so the cosine with a topic counts less the
    more crowded it is, as in cross-domain similarity local scaling (Conneau et al., "Word
    Translation Without Parallel Data", 2018).

    Attributes:
        mean: float32 (D), of the items' text vectors.
        centroids: float32 (K, D), of vectors without the mean, of length 1 each.
        crowding: float32 (K), what is taken off the cosines with each topic: half of the cosine
            that the twentieth of the items that lies nearest to it has at least.
        names: (K) code and typical words of each topic.
        topics_per_item: Codes that an item gets.
        encoder: Makes the text vectors from words; None if they come from elsewhere.
    """

    mean: NDArray[np.float32]
    centroids: NDArray[np.float32]
    crowding: NDArray[np.float32]
    names: Sequence[str]
    topics_per_item: int
    encoder: TextEncoder | None = None

    def codes(self, text_vectors: NDArray[np.float32]) -> NDArray[np.int16]:
        """The topics nearest to each of (N, D) text vectors, nearest first: (N, topics_per_item).

        A zero vector, of a text without any known word, gets `NO_TOPIC` throughout.

        Raises:
            InputError: The vectors have other dimensions than the codebook.
        """
        if text_vectors.ndim != 2 or text_vectors.shape[1] != self.centroids.shape[1]:
            raise InputError(
                f"the text vectors have shape {text_vectors.shape}; the codebook was fitted on "
                f"{self.centroids.shape[1]} dimensions"
            )
        codes = np.full((len(text_vectors), self.topics_per_item), NO_TOPIC, np.int16)
        rows = unit(text_vectors - self.mean)
        for block, cosines in score_blocks(rows, self.centroids, spherical=True):
            codes[block] = _highest(cosines - self.crowding, self.topics_per_item)
        codes[~text_vectors.any(axis=1)] = NO_TOPIC
        return codes

    def save(self, folder: Path) -> None:
        """Write the codebook to a new folder; its manifest has the hash of the content."""
        started = time.monotonic()
        folder.mkdir()
        np.save(folder / "centre.npy", self.mean)
        np.save(folder / "centroids.npy", self.centroids)
        np.save(folder / "crowding.npy", self.crowding)
        names = json.dumps(list(self.names), indent=2, ensure_ascii=False)
        (folder / "names.json").write_text(names + "\n", encoding="utf-8")
        parent = None
        if self.encoder:
            self.encoder.save(folder)
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
    def open(cls, folder: Path, vectors: WordVectors | None = None) -> Codebook:
        """Open a saved codebook, with the word vectors it was fitted on if it was on any.

        Raises:
            InputError: The codebook was fitted on other vectors.
            FormatError: The folder is no codebook.
        """
        manifest = read_manifest(folder, "codebook")
        if vectors is None and "vectors" in manifest.parents:
            raise InputError(f"{folder} was fitted on word vectors; open it with these")
        encoder = None if vectors is None else TextEncoder.open(folder, vectors)
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        per_item = int(manifest.settings["topics_per_item"])
        mean, centroids, crowding = (
            np.load(folder / f"{name}.npy") for name in ("centre", "centroids", "crowding")
        )
        return cls(mean, centroids, crowding, names, per_item, encoder)


def fit_topics(
    text_vectors: NDArray[np.float32],
    texts: Sequence[NDArray[np.int32]],
    words: Sequence[str],
    *,
    topics: int,
    topics_per_item: int,
    seed: int,
) -> Codebook:
    """Fit topics to items by vectors from anywhere, by spherical k-means without their mean.

    Args:
        text_vectors: float32 (N, D) of length 1, or 0 for items without text.
        texts: (N) the items' texts as positions in `words`, for the topics' names.
        words: (V) words.
        topics: Topics at most; few items get fewer, one per four items.
        topics_per_item: Codes per item at most; few topics give fewer, an eighth of them.
        seed: Start of the random generator.
    """
    known = np.flatnonzero(text_vectors.any(axis=1))
    if len(known) == 0:
        raise InputError("no item has a text vector; there is nothing to fit topics to")
    count = max(1, min(topics, len(known) // _ITEMS_PER_TOPIC))
    per_item = min(topics_per_item, max(1, count // _TOPICS_PER_CODE))
    chosen = sample(known, count, seed=seed)
    rows = text_vectors[chosen]
    mean = rows.mean(axis=0)
    rows = unit(rows - mean)
    centroids = fit_kmeans(rows, count, seed=seed, spherical=True)
    topic_of, _ = nearest_centroids(rows, centroids, spherical=True)
    names = _names(topic_of, count, [texts[item] for item in chosen.tolist()], words)
    return Codebook(mean, centroids, _crowding(rows, centroids), names, per_item)


def code_of(topic: int) -> str:
    """The code of a topic as it stands in a cell, e.g. `c0417`."""
    return f"c{topic:04d}"


def _crowding(rows: NDArray[np.float32], centroids: NDArray[np.float32]) -> NDArray[np.float32]:
    """(K) half of the cosine that the share of rows near to each centroid has at least."""
    step = -(-len(rows) // (len(centroids) * _NEAR_ITEMS_PER_TOPIC))
    cosines = rows[::step] @ centroids.T
    return np.asarray(np.quantile(cosines, 1 - _NEAR_SHARE, axis=0) / 2, np.float32)


def _highest(scores: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """The columns of the highest scores of each row, the highest first."""
    if count < scores.shape[1]:
        columns = np.argpartition(scores, -count, axis=1)[:, -count:]
        columns.sort(axis=1)  # so that equal scores keep the order of the columns
    else:
        columns = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    order = np.argsort(-np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _names(
    topic_of: NDArray[np.intp],
    count: int,
    texts: Sequence[NDArray[np.int32]],
    words: Sequence[str],
) -> list[str]:
    """(K) code and most typical words of each topic: the highest tf-idf over its items."""
    documents = np.zeros(len(words), np.int64)
    for ids in texts:
        documents[np.unique(ids)] += 1
    weights = np.log((1 + len(texts)) / np.maximum(documents, 1)).astype(np.float32)
    order = np.argsort(topic_of, kind="stable")
    ends = np.searchsorted(topic_of[order], np.arange(count), side="right")
    begins = np.searchsorted(topic_of[order], np.arange(count), side="left")
    names = []
    for topic in range(count):
        items = order[begins[topic] : ends[topic]][:_NAME_ITEMS]
        seen = [np.unique(texts[item]) for item in items.tolist()]
        ids, occurrences = np.unique(np.concatenate([*seen, []]), return_counts=True)
        scores = occurrences * weights[ids.astype(np.int64)]
        best = ids[np.argsort(-scores, kind="stable")][:_NAME_WORDS].astype(np.int64)
        names.append(" ".join([code_of(topic), *(words[index] for index in best.tolist())]))
    return names
