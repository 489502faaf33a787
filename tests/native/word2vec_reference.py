"""What training word vectors with one thread must do: the same random numbers, in float64.

Rows are float64 (V, D) views; a step changes them in place. Words are ids, places in a text are
positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from nlp_engine.native import LINE_END
from nlp_engine.native.word2vec import SubwordTable, Word2VecCorpus, Word2VecModel

Rows = NDArray[np.float64]

_LONGEST_SENTENCE = 1000
_BLOCK = 512
_PAIRS_AT_ONCE = 4  # in mode skipgram: their gradients are computed before any is applied
_WORDS_BETWEEN_REPORTS = 10_000
_BITS = (1 << 64) - 1


@dataclass
class Random:
    """Vigna's xorshift64*."""

    state: int

    def next(self) -> int:
        self.state ^= self.state >> 12
        self.state ^= self.state << 25 & _BITS
        self.state ^= self.state >> 27
        return self.state * 0x2545F4914F6CDD1D & _BITS

    def next32(self) -> int:
        return self.next() >> 32

    def below(self, count: int) -> int:
        return self.next32() * count >> 32

    def draw(self, alias: Sequence[int]) -> int:
        bits = self.next()
        at = (bits >> 32) * len(alias) >> 32
        chance, other = divmod(alias[at], 1 << 32)
        return at if bits % (1 << 32) < chance else other


@dataclass(frozen=True)
class Window:
    centre: int  # a word
    context: list[int]  # positions
    negatives: list[int]  # words


@dataclass
class Trained:
    input: Rows
    output: Rows
    rate: float
    random: Random
    words_done: int = 0


def train(model: Word2VecModel, corpus: Word2VecCorpus, random: int) -> Trained:
    """The matrices after training from the given random state."""
    to = Trained(
        input=model.input_rows[:, : model.dim].astype(np.float64),
        output=model.output_rows[:, : model.dim].astype(np.float64),
        rate=corpus.learning_rate,
        random=Random(random),
    )
    mode = "skipgram" if model.subwords and model.mode != "cbow" else model.mode
    train_text = _MODES[mode, model.subwords is not None]
    pending = 0
    for block, words in _blocks(corpus, to.random):
        text = list(chain.from_iterable(block))
        train_text(model, to, text, list(_windows(model, block, to.random)))
        pending += words
        if pending >= min(_WORDS_BETWEEN_REPORTS, corpus.words * corpus.epochs // 1000):
            to.words_done += pending
            pending = 0
            left = 1 - to.words_done / (corpus.words * corpus.epochs)
            to.rate = corpus.learning_rate * max(left**corpus.decay_power, 1e-4)
    return to


def _blocks(corpus: Word2VecCorpus, random: Random) -> Iterator[tuple[list[list[int]], int]]:
    """Sentences of at least 512 kept words in all, and how many words were read for them."""
    ids, keep = corpus.ids.tolist(), corpus.keep.tolist()
    block: list[list[int]] = []
    words = 0
    for _ in range(corpus.epochs):
        sentence: list[int] = []
        for at, word in enumerate(ids):
            if word != LINE_END:
                words += 1
                if random.next32() <= keep[word]:
                    sentence.append(word)
            last = at + 1 == len(ids)
            if word == LINE_END or len(sentence) == _LONGEST_SENTENCE or last:
                block += [sentence] if len(sentence) > 1 else []
                sentence = []
                if block and (last or sum(map(len, block)) >= _BLOCK):
                    yield block, words
                    block, words = [], 0


def _windows(model: Word2VecModel, block: list[list[int]], random: Random) -> Iterator[Window]:
    alias = model.alias.tolist()
    per_pair = model.mode == "skipgram" and model.subwords is None
    first = 0
    for sentence in block:
        for at, word in enumerate(sentence):
            reach = 1 + random.below(model.window)
            near = range(max(at - reach, 0), min(at + reach + 1, len(sentence)))
            context = [first + other for other in near if other != at]
            count = model.negatives * (len(context) if per_pair else 1)
            yield Window(word, context, [random.draw(alias) for _ in range(count)])
        first += len(sentence)


def step(rows: Sequence[Rows], outputs: Sequence[int], to: Trained) -> None:
    """Gradient ascent for `rows` against the first, true output and the others, all at once."""
    apply(rows, outputs, gradients(rows, outputs, to), to)


def gradients(rows: Sequence[Rows], outputs: Sequence[int], to: Trained) -> Rows:
    x, o = np.array(rows), to.output[list(outputs)]
    labels = np.arange(len(outputs)) == 0
    found: Rows = to.rate * (labels - 1 / (1 + np.exp(-x @ o.T)))
    for column, word in enumerate(outputs):
        if column and word == outputs[0]:
            found[:, column] = 0
    return found


def apply(rows: Sequence[Rows], outputs: Sequence[int], found: Rows, to: Trained) -> None:
    x, o = np.array(rows), to.output[list(outputs)]
    for row, change in zip(rows, found @ o, strict=True):
        row += change
    np.add.at(to.output, list(outputs), found.T @ x)


def _batch_skipgram(
    model: Word2VecModel, to: Trained, text: list[int], windows: list[Window]
) -> None:
    for window in windows:
        rows = [to.input[text[at]] for at in window.context]
        for begin in range(0, len(rows), model.batch_size):
            batch = rows[begin : begin + model.batch_size]
            step(batch, [window.centre, *window.negatives], to)


def _skipgram(model: Word2VecModel, to: Trained, text: list[int], windows: list[Window]) -> None:
    pairs = []
    for window in windows:
        negatives = np.reshape(window.negatives, (-1, model.negatives)).tolist()
        for at, own in zip(window.context, negatives, strict=True):
            pairs.append(([to.input[text[at]]], [window.centre, *own]))
    for begin in range(0, len(pairs), _PAIRS_AT_ONCE):
        group = pairs[begin : begin + _PAIRS_AT_ONCE]
        found = [gradients(rows, outputs, to) for rows, outputs in group]
        for (rows, outputs), own in zip(group, found, strict=True):
            apply(rows, outputs, own, to)


def _cbow(model: Word2VecModel, to: Trained, text: list[int], windows: list[Window]) -> None:
    for window in windows:
        if window.context:
            words = [text[at] for at in window.context]
            before = to.input[words].mean(axis=0)
            mean = before.copy()
            step([mean], [window.centre, *window.negatives], to)
            np.add.at(to.input, words, mean - before)


class _Ring:
    """Sums of sub-word rows, taken when a window can first reach a position; what the windows did
    is added to the rows when none can reach it any more."""

    def __init__(self, model: Word2VecModel, to: Trained, text: list[int], *, mean: bool) -> None:
        assert model.subwords is not None
        self._table: SubwordTable = model.subwords
        self._to, self._text, self._mean, self._window = to, text, mean, model.window
        self.vectors: dict[int, Rows] = {}
        self.changes: dict[int, Rows] = {}

    def rows(self, at: int) -> list[int]:
        begin, end = self._table.offsets[self._text[at] :][:2]
        return self._table.rows[begin:end].tolist()

    def move(self, centre: int) -> None:
        for at in [at for at in self.vectors if at < centre - self._window]:
            rows, change = self.rows(at), self.changes.pop(at)
            vector = self.vectors.pop(at)
            np.add.at(self._to.input, rows, change + vector if self._mean else change)
        for at in range(max(centre - self._window, 0), centre + self._window + 1):
            if at < len(self._text) and at not in self.vectors:
                rows = self._to.input[self.rows(at)]
                self.vectors[at] = rows.mean(axis=0) if self._mean else rows.sum(axis=0)
                self.changes[at] = -self.vectors[at] if self._mean else 0 * self.vectors[at]


def _skipgram_subwords(
    model: Word2VecModel, to: Trained, text: list[int], windows: list[Window]
) -> None:
    ring = _Ring(model, to, text, mean=True)
    for centre, window in enumerate(windows):
        ring.move(centre)
        if window.context:
            rows = [ring.vectors[at] for at in window.context]
            step(rows, [window.centre, *window.negatives], to)
    ring.move(len(text) + model.window)


def _cbow_subwords(
    model: Word2VecModel, to: Trained, text: list[int], windows: list[Window]
) -> None:
    ring = _Ring(model, to, text, mean=False)
    for centre, window in enumerate(windows):
        ring.move(centre)
        if window.context:
            counts = {at: len(ring.rows(at)) for at in window.context}
            before = sum(ring.vectors[at] for at in window.context) / sum(counts.values())
            mean = before.copy()
            step([mean], [window.centre, *window.negatives], to)
            for at, count in counts.items():
                ring.changes[at] += mean - before
                ring.vectors[at] += count * (mean - before)
    ring.move(len(text) + model.window)


_MODES = {
    ("batch_skipgram", False): _batch_skipgram,
    ("skipgram", False): _skipgram,
    ("cbow", False): _cbow,
    ("skipgram", True): _skipgram_subwords,
    ("cbow", True): _cbow_subwords,
}
