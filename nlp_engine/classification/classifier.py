"""A trained text classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.corpus.labelled import LABEL_PREFIX, escape_word, read_labels
from nlp_engine.errors import FormatError, SettingError, require
from nlp_engine.formats.fasttext import read_model
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer


@dataclass(frozen=True, slots=True)
class Prediction:
    """One label for a text, with its probability (0 to 1)."""

    label: str
    probability: float


class Classifier:
    """A supervised fastText model with the tokenizer and labels it was trained with.

    Attributes:
        label_names: (L) labels as in the training data, by falling count.
        labels: The same by label word (`__label__…`).
        manifest: Of the classifier folder it comes from, else None.
    """

    def __init__(
        self, model: Any, labels: Mapping[str, str], manifest: Manifest | None = None
    ) -> None:
        self._model = model
        self.label_names = [labels.get(word, word) for word in model.get_labels()]
        self.labels = dict(labels)
        self.manifest = manifest

    @classmethod
    def open(cls, path: Path | str) -> Classifier:
        """Open a classifier folder, or a supervised fastText model file.

        Raises:
            InputError: Missing.
            FormatError: A folder or file of another kind, or cut short.
            MissingExtraError: fastText is not installed.
        """
        path = Path(path)
        manifest = read_manifest(path, "classifier") if path.is_dir() else None
        file = path / "model.bin" if manifest else path
        info = read_model(file)
        if info.model != "supervised":
            raise FormatError(f"{file} is a fastText {info.model} model, no classifier")
        names = {word: word.removeprefix(LABEL_PREFIX) for word in info.labels}
        labels = names | read_labels(file.parent)
        return cls(require("fasttext", "fasttext").load_model(str(file)), labels, manifest)

    def tokenizer(self, name: str | None = None) -> Tokenizer:
        """The tokenizer that the training examples were made with, as far as it is known.

        Args:
            name: Another one to use instead, for the same language.
        """
        return open_tokenizer(TokenizerSettings.of(self.manifest).named(name))

    @cached_property
    def _own_tokenizer(self) -> Tokenizer:
        return self.tokenizer()

    def predict(
        self,
        texts: Sequence[str],
        k: int = 1,
        threshold: float = 0.0,
        tokenizer: Tokenizer | None = None,
    ) -> list[list[Prediction]]:
        """The `k` most probable labels of each text, most probable first.

        Args:
            texts: (N) texts as people write them; they are tokenised as the training data was.
            k: Labels per text; more than there are gives all.
            threshold: Less probable labels are left out.
            tokenizer: Another one than the training data was made with.

        Returns:
            (N) lists of predictions. A text without any known word gets the labels' prior.

        Raises:
            SettingError: `k` is below 1.
        """
        words = (tokenizer or self._own_tokenizer).words
        return self.predict_tokenized(
            [" ".join(escape_word(word) for word in words(text)) for text in texts], k, threshold
        )

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The probability of every label for every text.

        Args:
            texts: (N) texts whose words are already separated by spaces.

        Returns:
            float32 (N, L), columns in the order of `label_names`. Rows sum to 1, unless labels
            were trained one against all others.
        """
        columns = {label: column for column, label in enumerate(self.label_names)}
        table = np.zeros((len(texts), len(columns)), np.float32)
        for row, predictions in enumerate(self.predict_tokenized(texts, k=len(columns))):
            for prediction in predictions:
                table[row, columns[prediction.label]] = prediction.probability
        return table

    def predict_tokenized(
        self, texts: Sequence[str], k: int = 1, threshold: float = 0.0
    ) -> list[list[Prediction]]:
        """As `predict`, for texts whose words are already separated by spaces."""
        if k < 1:
            raise SettingError(f"k is {k}; the smallest allowed value is 1")
        if not texts:
            return []
        lines = [" ".join(text.split("\n")) for text in texts]
        all_labels, all_probabilities = self._model.predict(lines, k=k, threshold=threshold)
        return [
            [
                Prediction(self.labels.get(word, word), min(float(probability), 1.0))
                for word, probability in zip(labels, probabilities, strict=True)
            ]
            for labels, probabilities in zip(all_labels, all_probabilities, strict=True)
        ]
