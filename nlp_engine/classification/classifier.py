"""A trained text classifier."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.artifacts import MODEL_FILES
from nlp_engine.corpus.labelled import LABEL_PREFIX, escape_word, read_labels
from nlp_engine.errors import FormatError, SettingError
from nlp_engine.formats.fasttext import FastTextClassifier, open_classifier
from nlp_engine.manifest import Manifest, read_manifest
from nlp_engine.native.classifier import ClassifierModel, JsonLabels, LineFeatures, matrix_rows
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer

_LOSSES = {
    "softmax": "softmax",
    "hs": "hierarchical_softmax",
    "ova": "one_vs_all",
    "ns": "one_vs_all",  # it tells labels apart one by one, too
}


class Prediction(NamedTuple):
    """One label for a text, with its probability (0 to 1)."""

    label: str
    probability: float


class Contribution(NamedTuple):
    """What a word of a text adds to the score of a label."""

    word: str
    score: float


class Explanation(NamedTuple):
    """Why a text has a label.

    Attributes:
        label: The label.
        score: How far its score lies above the mean of all labels' scores; one against all, the
            score itself, whose logistic function is the probability.
        contributions: What each word adds to that, in text order. An n-gram's share is divided
            among its words. The end of the line, which is a word to fastText, is `</s>`.
    """

    label: str
    score: float
    contributions: list[Contribution]


class Classifier:
    """A supervised fastText model with the tokenizer and labels it was trained with.

    Attributes:
        label_names: (L) labels as in the training data, by falling count.
        labels: The same by label word (`__label__…`).
        loss: What it was trained with: `softmax`, `hs`, `ova` or `ns`.
        manifest: Of the classifier folder it comes from, else None.
    """

    def __init__(
        self,
        model: FastTextClassifier,
        labels: Mapping[str, str] | None = None,
        manifest: Manifest | None = None,
        *,
        threads: int | None = None,
    ) -> None:
        about = model.model
        names = {word: word.removeprefix(LABEL_PREFIX) for word in about.labels}
        self.labels = names | dict(labels or {})
        self.label_names = [self.labels[word] for word in about.labels]
        self.loss = about.loss
        self.manifest = manifest
        self._stored = model
        self._threads = threads or os.cpu_count() or 1
        self._features = LineFeatures(
            about.words,
            about.labels,
            word_ngrams=about.word_ngrams,
            buckets=about.buckets,
            min_char=about.min_char,
            max_char=about.max_char,
            kept_buckets=about.kept_buckets,
        )
        self._model = ClassifierModel(
            model.input_matrix,
            model.output_matrix,
            loss=_LOSSES[about.loss],
            label_counts=np.asarray(about.label_counts, np.int64),
        )

    @classmethod
    def open(cls, path: Path | str, *, threads: int | None = None) -> Classifier:
        """Open a classifier folder, or a supervised fastText model file, quantised or not.

        The model stays in the file, which is mapped into memory: it is read when it is used, and
        processes share it.

        Args:
            path: The folder or file.
            threads: Threads to predict with; by default all processors.

        Raises:
            InputError: Missing.
            FormatError: A folder or file of another kind, or cut short.
        """
        path = Path(path)
        manifest = read_manifest(path, "classifier") if path.is_dir() else None
        file = model_file(path) if manifest else path
        model = open_classifier(file)
        return cls(model, read_labels(file.parent), manifest, threads=threads)

    @property
    def words(self) -> list[str]:
        """The words it knows, by falling count."""
        return self._stored.model.words

    @property
    def vector_dim(self) -> int:
        """Length of its vectors."""
        return self._stored.model.vector_dim

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
        return self.predict_tokenized(self._tokenized(texts, tokenizer), k, threshold)

    def predict_tokenized(
        self, texts: Sequence[str], k: int = 1, threshold: float = 0.0
    ) -> list[list[Prediction]]:
        """As `predict`, for texts whose words are already separated by spaces."""
        if k < 1:
            raise SettingError(f"k is {k}; the smallest allowed value is 1")
        return self._model.predict(
            self._features, texts, k, threshold, self._threads, self.label_names, Prediction
        )

    def keep_row_scores(self) -> None:
        """From now on keep what words and n-grams add to the labels' scores: for many texts.

        It takes memory as they are met: 32 bytes each with up to 8 labels, 32 more for every 8
        further ones, and at most a quarter of the model; nothing is kept if that would be more.
        """
        self._model.keep_row_scores()

    def json_labels(self, labels: Sequence[str]) -> JsonLabels:
        """What answers requests as BlazingText's endpoint has them.

        Args:
            labels: (L) what answers call the labels of `label_names`.
        """
        return JsonLabels(self._model, self._features, labels, self._threads)

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The probability of every label for every text.

        Args:
            texts: (N) texts whose words are already separated by spaces.

        Returns:
            float32 (N, L), columns in the order of `label_names`. Rows sum to 1, unless labels
            were trained one against all others.
        """
        return self._model.probabilities(self._features, texts, self._threads)

    def explain(
        self, text: str, label: str | None = None, tokenizer: Tokenizer | None = None
    ) -> Explanation:
        """What each word of a text adds to the score of a label.

        A score is a mean over the features of the text, so that each has its share.

        Args:
            text: The text as people write it.
            label: The label; by default the most probable one.
            tokenizer: Another one than the training data was made with.

        Raises:
            SettingError: There is no such label, or labels form a hierarchy (loss `hs`), in which
                they have no scores of their own.
        """
        if self.loss == "hs":
            raise SettingError("the model's loss is hs, in which labels have no scores to explain")
        (line,) = self._tokenized([text], tokenizer)
        number = self._number(label) if label is not None else self._best(line)
        outputs = matrix_rows(self._stored.output_matrix, np.arange(len(self.label_names)))
        direction = outputs[number]
        if self.loss == "softmax":
            direction = direction - outputs.mean(axis=0)
        rows, first, last = self._features.read_line(line)
        words = [*line.split(" "), "</s>"] if line else ["</s>"]
        shares = matrix_rows(self._stored.input_matrix, rows) @ direction / max(len(rows), 1)
        scores = np.zeros(len(words))
        for share, begin, end in zip(shares.tolist(), first.tolist(), last.tolist(), strict=True):
            scores[begin:end] += share / (end - begin)
        return Explanation(
            self.label_names[number],
            float(shares.sum()),
            [Contribution(*pair) for pair in zip(words, scores.tolist(), strict=True)],
        )

    def nearest_labels(self, label: str, k: int = 10) -> list[tuple[str, float]]:
        """The labels whose rows of the output matrix are nearest to a label's, with cosines.

        Raises:
            SettingError: There is no such label, or labels form a hierarchy (loss `hs`).
        """
        if self.loss == "hs":
            raise SettingError("the model's loss is hs, in which labels have no rows of their own")
        number = self._number(label)
        rows = matrix_rows(self._stored.output_matrix, np.arange(len(self.label_names)))
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        cosines = unit @ unit[number]
        order = [other for other in np.argsort(-cosines, kind="stable") if other != number]
        return [(self.label_names[other], float(cosines[other])) for other in order[:k]]

    def _tokenized(self, texts: Sequence[str], tokenizer: Tokenizer | None) -> list[str]:
        words = (tokenizer or self._own_tokenizer).words
        return [" ".join(escape_word(word) for word in words(text)) for text in texts]

    def _best(self, line: str) -> int:
        return int(self.probabilities([line])[0].argmax())

    def _number(self, label: str) -> int:
        try:
            return self.label_names.index(label)
        except ValueError:
            shown = ", ".join(self.label_names[:5]) + ", …" * (len(self.label_names) > 5)
            raise SettingError(f"there is no label {label!r}; labels are {shown}") from None


def model_file(folder: Path) -> Path:
    """The model file of a classifier folder.

    Raises:
        FormatError: There is none.
    """
    for name in MODEL_FILES:
        if (folder / name).exists():
            return folder / name
    raise FormatError(f"{folder} has none of {', '.join(MODEL_FILES)}; train it again")
