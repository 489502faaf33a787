"""Does it help to compare texts with candidates? On links of es_vital, held out.

By word vectors of their titles; by the words of the titles that their pages link to.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import entities_links
import numpy as np
from numpy.typing import NDArray

from nlp_engine.corpus.build import build_corpus
from nlp_engine.embeddings.train import train_vectors
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.evaluation import disambiguate, held_out_pages
from nlp_engine.entities.forms import tokens
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker, Similarity

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


class LinkedTitles:
    """Cosine of a text's words and those of the titles that an entity's page links to, by idf."""

    def __init__(self, kb: KnowledgeBase) -> None:
        self._kb = kb
        self._idf: dict[str, float] = {}
        self._known: dict[str, Mapping[str, float]] = {}

    def __call__(self, text: str, titles: Sequence[str]) -> NDArray[np.float64]:
        """(n) cosines."""
        own = self._weighted([text])
        return np.array([self._cosine(own, title) for title in titles])

    def _cosine(self, own: Mapping[str, float], title: str) -> float:
        if title not in self._known:
            entity = self._kb.entity(title)
            links = [] if entity is None else self._kb.out_links(entity).tolist()
            self._known[title] = self._weighted([self._kb.title(link) for link in links])
        return sum(own.get(word, 0.0) * share for word, share in self._known[title].items())

    def _weighted(self, texts: Sequence[str]) -> Mapping[str, float]:
        counts = Counter(token.key for text in texts for token in tokens(text, self._kb.language))
        weights = {word: math.sqrt(n) * self._rareness(word) for word, n in counts.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items()}

    def _rareness(self, word: str) -> float:
        if word not in self._idf:
            form = self._kb.form(word)  # how many pages have another word is not known
            pages = math.sqrt(self._kb.articles) if form is None else int(self._kb.documents[form])
            self._idf[word] = math.log((self._kb.articles + 1) / (pages + 1))
        return self._idf[word]


def table(data: Path, cache: Path) -> None:
    """Print accuracy by the weight of both comparisons."""
    source = entities_links.extracted("es_vital", data, cache)
    folder = cache / "entities" / "es_vital"
    build_corpus(source, folder / "corpus", language="es", overwrite=True)
    vectors = train_vectors(
        folder / "corpus", folder / "vectors", mode="batch_skipgram", evaluation=False,
        overwrite=True,
    )  # fmt: skip
    by_vectors = TitleSimilarity(vectors)
    print("| es_vital, comparing texts with candidates, weight | accuracy |\n|---|---|")
    for name, compare in (
        ("word vectors of titles", lambda kb: by_vectors),  # noqa: ARG005
        ("words of linked titles", LinkedTitles),
    ):
        for weight, accuracy in accuracies(data, cache, compare).items():
            print(f"| {name}, {weight} | {accuracy:.2f} |", flush=True)


def accuracies(
    data: Path, cache: Path, compare: Callable[[KnowledgeBase], Similarity]
) -> dict[float, float]:
    """Accuracy on ambiguous links of three folds, times 100, by the comparison's weight."""
    source = entities_links.extracted("es_vital", data, cache)
    right, ambiguous = Counter[float](), Counter[float]()
    for fold in entities_links.FOLDS:
        kb = entities_links.knowledge_base("es_vital", data, cache, fold)
        pages = list(held_out_pages([source], fold))[::_EVERY]
        similarity = compare(kb)
        for weight in _WEIGHTS:
            ranker = EntityRanker(
                kb, similarity=similarity if weight else None, similarity_weight=weight
            )
            found = disambiguate(ranker, pages)
            own = np.array(found.ambiguous, bool)
            right[weight] += int(np.array(found.right, bool)[own].sum())
            ambiguous[weight] += int(own.sum())
    return {weight: 100 * right[weight] / ambiguous[weight] for weight in _WEIGHTS}
