"""Text vectors as columns of a dataset, fitted once and saved."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.manifest import Manifest, read_manifest, write_manifest
from nlp_engine.personalize import limits
from nlp_engine.personalize.codebook import NO_TOPIC, Codebook, code_of, fit_topics
from nlp_engine.personalize.encodings.pca import PrincipalComponents, column_name
from nlp_engine.personalize.encodings.product import ProductQuantizer
from nlp_engine.personalize.number_lists import NumberLists
from nlp_engine.personalize.schema import Column
from nlp_engine.personalize.settings import ItemSettings
from nlp_engine.personalize.text_encoder import TextEncoder

_PCA_ROWS = 200_000
_DECIMALS = 5


@dataclass(frozen=True, slots=True)
class TextColumns:
    """What makes columns of text vectors.

    Attributes:
        encoding: `topics`, `cluster`, `product` or `pca`.
        model: What the encoding has learned.
        encoder: Makes text vectors of words; None if they come from elsewhere.
    """

    encoding: str
    model: Codebook | ProductQuantizer | PrincipalComponents
    encoder: TextEncoder | None

    @property
    def columns(self) -> list[Column]:
        """The columns, in order."""
        if isinstance(self.model, Codebook):
            names = ("TOPICS", "TOPIC") if self.encoding == "topics" else ("TOPIC",)
            return [Column(name=name, categorical=True) for name in names]
        if isinstance(self.model, ProductQuantizer):
            return [Column(name="TEXT_CODES", categorical=True)]
        count = len(self.model.directions)
        return [Column(name=column_name(number), type="float") for number in range(count)]

    @property
    def topics(self) -> int:
        """How many topics there are."""
        return len(self.model.names) if isinstance(self.model, Codebook) else 0

    def cells(self, text_vectors: NDArray[np.float32]) -> list[list[Any]]:
        """The (N) cells of each column, for (N, D) text vectors; None where there is no text."""
        if isinstance(self.model, Codebook):
            return self._topic_cells(self.model, text_vectors)
        known: list[bool] = np.any(text_vectors, axis=1).tolist()
        if isinstance(self.model, ProductQuantizer):
            rows = self.model.codes(text_vectors).tolist()
            codes = [limits.VALUE_SEPARATOR.join(f"p{code:04d}" for code in row) for row in rows]
            return [
                [cell if is_known else None for cell, is_known in zip(codes, known, strict=True)]
            ]
        columns = np.round(self.model.columns(text_vectors).astype(np.float64), _DECIMALS).T
        return [
            [number if is_known else None for number, is_known in zip(column, known, strict=True)]
            for column in columns.tolist()
        ]

    def _topic_cells(self, book: Codebook, text_vectors: NDArray[np.float32]) -> list[list[Any]]:
        codes = [code_of(topic) for topic in range(len(book.names))]
        rows = book.codes(text_vectors).tolist()
        # A word of other tokenizers may be the separator itself.
        names = [" ".join(name.replace(limits.VALUE_SEPARATOR, " ").split()) for name in book.names]
        nearest = [None if row[0] == NO_TOPIC else names[row[0]] for row in rows]
        if self.encoding == "cluster":
            return [nearest]
        cells = [
            None
            if row[0] == NO_TOPIC
            else limits.VALUE_SEPARATOR.join([codes[topic] for topic in row])
            for row in rows
        ]
        return [cells, nearest]

    def save(self, folder: Path) -> Manifest:
        """Write it to a new folder, whose manifest has the hash of the content."""
        if isinstance(self.model, Codebook):
            self.model.save(folder)
            return read_manifest(folder, "codebook")
        started = time.monotonic()
        folder.mkdir()
        for name, array in self._arrays().items():
            np.save(folder / f"{name}.npy", array)
        if self.encoder:
            self.encoder.save(folder)
        parent = self.encoder.vectors.manifest if self.encoder else None
        return write_manifest(
            folder,
            format="codebook",
            language=parent.language if parent else "en",
            started=started,
            parents=[parent] if parent else [],
            settings={"encoding": self.encoding},
        )

    def _arrays(self) -> dict[str, NDArray[np.float32]]:
        if isinstance(self.model, ProductQuantizer):
            return {"pieces": self.model.centroids}
        assert isinstance(self.model, PrincipalComponents)
        return {"centre": self.model.mean, "directions": self.model.directions}

    @classmethod
    def open(cls, folder: Path, encoding: str, vectors: WordVectors | None) -> TextColumns:
        """Open what was saved, with the word vectors that it was fitted on if it was on any.

        Raises:
            InputError: It was fitted on other vectors.
            FormatError: The folder is no codebook.
        """
        before = read_manifest(folder, "codebook").parents.get("vectors")
        encoder = TextEncoder.open(folder, vectors) if vectors is not None else None
        if encoder is None and (folder / "weights.npy").exists():
            was = f"the vectors {before}" if before else "word vectors"
            raise InputError(f"{folder} was fitted on {was}, not on these; give the same")
        if encoding == "product":
            return cls(encoding, ProductQuantizer(np.load(folder / "pieces.npy")), encoder)
        if encoding == "pca":
            centre, directions = np.load(folder / "centre.npy"), np.load(folder / "directions.npy")
            return cls(encoding, PrincipalComponents(centre, directions), encoder)
        return cls(encoding, Codebook.open(folder, vectors), encoder)


def fit_text_columns(
    text_vectors: NDArray[np.float32],
    texts: NumberLists,
    words: Sequence[str],
    encoder: TextEncoder | None,
    chosen: ItemSettings,
) -> TextColumns:
    """Fit the encoding that the settings name.

    Args:
        text_vectors: float32 (N, D) of length 1, or 0 for items without text.
        texts: (N) the items' texts as positions in `words`, for the topics' names.
        words: (V) words.
        encoder: What made the text vectors, if it was one.
        chosen: The settings.

    Raises:
        InputError: No item has a text vector.
        SettingError: The encoding cannot be for vectors of this size.
    """
    if not any(
        text_vectors[begin : begin + 4096].any() for begin in range(0, len(text_vectors), 4096)
    ):
        raise InputError("no item has a text vector; there is nothing to make columns of")
    if chosen.vector_encoding == "pca":
        step = max(1, len(text_vectors) // _PCA_ROWS)
        rows = np.asarray(text_vectors[::step])
        rows = rows[rows.any(axis=1)]
        count = min(chosen.components, text_vectors.shape[1])
        return TextColumns("pca", PrincipalComponents.fit(rows, count), encoder)
    if chosen.vector_encoding == "product":
        quantizer = ProductQuantizer.fit(
            np.asarray(text_vectors), pieces=chosen.pieces, seed=chosen.seed
        )
        return TextColumns("product", quantizer, encoder)
    book = fit_topics(
        text_vectors,
        texts,
        words,
        topics=chosen.topics,
        topics_per_item=chosen.topics_per_item if chosen.vector_encoding == "topics" else 1,
        seed=chosen.seed,
    )
    return TextColumns(chosen.vector_encoding, replace(book, encoder=encoder), encoder)
