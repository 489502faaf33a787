"""Does it help to compare texts with candidates by word vectors? On links of es_vital, held out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import entities_links
import numpy as np
from numpy.typing import NDArray

from nlp_engine.corpus.build import build_corpus
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.evaluation import disambiguate, held_out_pages
from nlp_engine.entities.ranking import EntityRanker

_WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0)
_EVERY = 3  # pages: the comparison takes long


class TitleSimilarity:
    """Cosine of a text's mean word vector and that of a title; words by their inverse frequency."""

    def __init__(self, vectors: WordVectors) -> None:
        self._tokenizer = vectors.tokenizer()
        matrix = np.asarray(vectors.matrix, np.float32)
        matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        rank = np.arange(1, len(matrix) + 1)
        self._matrix = matrix * (np.log1p(rank) / np.log1p(rank[-1]))[:, None]
        self._number = {word: number for number, word in enumerate(vectors.words)}
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, text: str, titles: Sequence[str]) -> NDArray[np.float64]:
        """(n) cosines."""
        rows = np.array([self._vector(title) for title in titles])
        return np.asarray(rows @ self._vector(text), np.float64)

    def _vector(self, text: str) -> NDArray[np.float32]:
        if text not in self._known:
            words = self._tokenizer.words(text)
            numbers = [self._number[word] for word in words if word in self._number]
            mean = self._matrix[numbers].sum(axis=0)
            self._known[text] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        return self._known[text]


def table(data: Path, cache: Path) -> None:
    """Print accuracy by the weight of the comparison."""
    source = entities_links.extracted("es_vital", data, cache)
    folder = cache / "entities" / "es_vital"
    corpus = build_corpus(source, folder / "corpus", language="es", overwrite=True)
    del corpus
    vectors = train_vectors(
        folder / "corpus", folder / "vectors", mode="batch_skipgram", evaluation=False,
        overwrite=True,
    )  # fmt: skip
    similarity = TitleSimilarity(vectors)
    parts = [
        (entities_links.knowledge_base("es_vital", data, cache, fold),
         list(held_out_pages([source], fold))[::_EVERY])
        for fold in entities_links.FOLDS
    ]  # fmt: skip
    print("| es_vital, comparing texts with titles by word vectors, weight | accuracy |\n|---|---|")
    for weight in _WEIGHTS:
        right = ambiguous = 0
        for kb, pages in parts:
            ranker = EntityRanker(
                kb, similarity=similarity if weight else None, similarity_weight=weight
            )
            found = disambiguate(ranker, pages)
            own = np.array(found.ambiguous, bool)
            right += int(np.array(found.right, bool)[own].sum())
            ambiguous += int(own.sum())
        print(f"| {weight} | {100 * right / ambiguous:.2f} |", flush=True)
