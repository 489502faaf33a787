"""What each kind of model answers: a JSON value per instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nlp_engine.classification.classifier import Classifier
from nlp_engine.corpus.labelled import LABEL_PREFIX
from nlp_engine.embeddings.vectors import WordVectors

Ranker = Any
"""An `EntityRanker`, whose module brings libraries that only building needs."""
_NUMBER_BYTES = 22
_LABEL_BYTES = 48


class Answers(Protocol):
    """Answers instances: words or texts.

    Attributes:
        quick_bytes: A body up to this size takes well below a millisecond, so that others may wait
            for its answer.
    """

    quick_bytes: int

    def answer(self, instances: Sequence[str], ks: Sequence[int]) -> list[Any]:
        """One JSON value per instance.

        Args:
            instances: (N) words or texts.
            ks: (N) how many labels each of them gets at most.
        """

    def size(self, ks: Sequence[int]) -> int:
        """About how many bytes the answers to so many instances will have."""

    def columns(self, answer: Any) -> list[Any]:
        """An answer as the columns of a table, which may be lists."""


class Labels:
    """BlazingText's answers of a classifier: `{"prob": […], "label": ["__label__…", …]}`."""

    quick_bytes = 64 << 10

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        classifier.keep_row_scores()
        words = {label: word for word, label in classifier.labels.items()}
        names = classifier.label_names
        self._words = {name: words.get(name, LABEL_PREFIX + name) for name in names}
        self._alone = {name: [word] for name, word in self._words.items()}
        self._json = classifier.json_labels([self._words[name] for name in names])

    def answer(self, instances: Sequence[str], ks: Sequence[int]) -> list[Any]:
        """The most probable labels of texts whose words are separated by spaces."""
        k = min(max(ks, default=1), len(self._words))
        found = self._classifier.predict_tokenized(instances, k)
        if k == 1:
            alone = self._alone
            try:
                return [{"prob": [p], "label": alone[label]} for ((label, p),) in found]
            except ValueError:  # fastText predicts nothing for a text without features
                pass
        words = self._words
        return [
            {
                "prob": [probability for _, probability in labels[:k]],
                "label": [words[label] for label, _ in labels[:k]],
            }
            for labels, k in zip(found, ks, strict=True)
        ]

    def answer_json(self, body: bytes, most_bytes: int) -> tuple[bytes, int] | None:
        """The answers of a plain request in JSON and their number; None: `answer` has to do.

        With many texts most of the time would be Python's, for objects of them and of the answers.
        """
        return self._json.answer(body, most_bytes // _LABEL_BYTES)

    def size(self, ks: Sequence[int]) -> int:
        """A label and a number for each of `k`."""
        return _LABEL_BYTES * sum(min(k, len(self._words)) for k in ks)

    def columns(self, answer: Any) -> list[Any]:
        """Label and probability; for several of them a list each."""
        labels, probabilities = answer["label"], answer["prob"]
        return [labels[0], probabilities[0]] if len(labels) == 1 else [labels, probabilities]


class Vectors:
    """BlazingText's answers of word vectors: `{"vector": […], "word": "…"}`."""

    quick_bytes = 4 << 10

    def __init__(self, vectors: WordVectors) -> None:
        self._vectors = vectors
        self._zeros = np.zeros(vectors.vector_dim)

    def answer(self, instances: Sequence[str], ks: Sequence[int]) -> list[Any]:  # noqa: ARG002
        """Words' vectors; of words that are unknown those of their sub-words, or zeros."""
        return [{"vector": self._vector(word), "word": word} for word in instances]

    def size(self, ks: Sequence[int]) -> int:
        """All numbers of a vector for each word."""
        return _NUMBER_BYTES * len(self._zeros) * len(ks)

    def columns(self, answer: Any) -> list[Any]:
        """The word and its vector's numbers."""
        return [answer["word"], *answer["vector"].tolist()]

    def _vector(self, word: str) -> NDArray[np.float64]:
        vector = self._vectors.get(word)
        # As double precision: BlazingText prints all digits of the single precision's value.
        return self._zeros if vector is None else vector.astype(np.float64)


class Links:
    """The entities of texts: a list of links each."""

    quick_bytes = 512

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker

    def answer(self, instances: Sequence[str], ks: Sequence[int]) -> list[Any]:  # noqa: ARG002
        """Links with the fields of `EntityLink`, in the order of their mentions."""
        return [self._ranker.link(text) for text in instances]

    def size(self, ks: Sequence[int]) -> int:  # noqa: ARG002
        """Nothing: links are fewer than words."""
        return 0

    def columns(self, answer: Any) -> list[Any]:
        """The list."""
        return [answer]


class Scores:
    """SageMaker's answers of a Factorization Machine, whose instances are numbers, not texts.

    Args:
        predict: Gives `{"predictions": […]}` for a body in JSON; raises InputError for any other.
    """

    quick_bytes = 16 << 10

    def __init__(self, predict: Callable[[bytes], dict[str, Any]]) -> None:
        self.predict = predict
