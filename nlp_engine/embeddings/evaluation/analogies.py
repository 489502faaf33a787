"""Analogies: how often the vectors give the fourth word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.evaluation.sets import Analogies
from nlp_engine.embeddings.evaluation.vocabulary import find_rows
from nlp_engine.embeddings.vectors import LINE_END_WORD, WordVectors

_BATCH = 256  # questions at once: 30 MB of scores with 30,000 words


@dataclass(frozen=True, slots=True)
class AnalogyScore:
    """The outcome on some questions.

    Attributes:
        correct: Questions answered with the very word.
        not_found: Questions of which a word is not in the vocabulary; they are left out.
        total: All questions.
    """

    correct: int
    not_found: int
    total: int

    @property
    def accuracy(self) -> float:
        """Share of correct answers to the questions that were found; 0 if none was."""
        found = self.total - self.not_found
        return self.correct / found if found else 0.0


@dataclass(frozen=True, slots=True)
class AnalogyResult:
    """The outcome on one set of analogies.

    Attributes:
        sections: The outcome by section, in the file's order.
    """

    sections: Mapping[str, AnalogyScore]

    @property
    def all(self) -> AnalogyScore:
        """Over all sections."""
        return _sum(self.sections)

    @property
    def syntactic(self) -> AnalogyScore:
        """Over the sections whose name begins with `gram`, as Google's set names them."""
        return _sum({name: s for name, s in self.sections.items() if _is_syntactic(name)})

    @property
    def semantic(self) -> AnalogyScore:
        """Over the other sections."""
        return _sum({name: s for name, s in self.sections.items() if not _is_syntactic(name)})


def evaluate_analogies(
    vectors: WordVectors, analogies: Analogies, restrict_vocab: int
) -> AnalogyResult:
    """Answer analogies by 3CosAdd: the word nearest to b - a + c that is none of the three.

    Source: Mikolov, Yih, Zweig, "Linguistic Regularities in Continuous Space Word
    Representations", 2013.

    Args:
        vectors: The vectors.
        analogies: The questions.
        restrict_vocab: Questions and answers are of that many of the most frequent words only.
    """
    words = [w for questions in analogies.sections.values() for q in questions for w in q]
    rows = find_rows(vectors, words, restrict_vocab).reshape(-1, 4)
    found = np.asarray((rows >= 0).all(axis=1))
    correct = np.zeros(len(rows), bool)
    answers = _answers(vectors, rows[found, :3], restrict_vocab)
    correct[found] = np.equal(answers, rows[found, 3])
    scores, start = {}, 0
    for name, questions in analogies.sections.items():
        part = slice(start, start + len(questions))
        scores[name] = AnalogyScore(
            correct=int(correct[part].sum()),
            not_found=int((~found[part]).sum()),
            total=len(questions),
        )
        start = part.stop
    return AnalogyResult(scores)


def _answers(
    vectors: WordVectors, asked: NDArray[np.int64], restrict_vocab: int
) -> NDArray[np.int64]:
    """(N) rows of the answers to (N, 3) rows of questions."""
    unit = np.asarray(vectors.unit[:restrict_vocab])
    line_ends = [row for row, word in enumerate(vectors.words[:restrict_vocab])
                 if word == LINE_END_WORD]  # fmt: skip
    answers = np.empty(len(asked), np.int64)
    for start in range(0, len(asked), _BATCH):
        batch = asked[start : start + _BATCH]
        a, b, c = (unit[batch[:, i]] for i in range(3))
        scores = (b - a + c) @ unit.T  # not scaled to cosines: that changes no order
        scores[np.arange(len(batch))[:, None], batch] = -np.inf
        scores[:, line_ends] = -np.inf
        answers[start : start + _BATCH] = scores.argmax(axis=1)
    return answers


def _is_syntactic(section: str) -> bool:
    return section.startswith("gram")


def _sum(scores: Mapping[str, AnalogyScore]) -> AnalogyScore:
    return AnalogyScore(
        correct=sum(score.correct for score in scores.values()),
        not_found=sum(score.not_found for score in scores.values()),
        total=sum(score.total for score in scores.values()),
    )
