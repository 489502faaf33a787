"""The trainer agrees with plain Python step by step, and its draws with their distributions."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.formats.fasttext import ngram_buckets
from nlp_engine.native import LINE_END, word2vec
from nlp_engine.native.rows import zero_rows
from nlp_engine.native.word2vec import SubwordTable, Word2VecCorpus, Word2VecModel, Word2VecState
from tests.native import word2vec_reference as reference
from tests.native.instructions import AVAILABLE

MODES = [
    ("batch_skipgram", False),
    ("skipgram", False),
    ("cbow", False),
    ("skipgram", True),
    ("cbow", True),
]
VOCABULARY = 40
ALWAYS = 2**32 - 1
# Columns of Word2VecState.threads (word2vec.h).
BEGIN, END, EPOCH, PENDING, RANDOM, RATE = 0, 1, 3, 4, 5, 6


def rows_of(values: np.ndarray) -> np.ndarray:
    rows = zero_rows(*values.shape)
    rows[:, : values.shape[1]] = values
    return rows


def make_model(
    mode: str,
    subwords: bool = False,
    *,
    dim: int = 20,
    window: int = 5,
    negatives: int = 5,
    batch_size: int = 11,
) -> Word2VecModel:
    """Random rows, whose dot products are about 1."""
    table = None
    if subwords:
        words = [first + second * 2 for first in "abcdefgh" for second in "klmno"]
        table = word2vec.subword_table(words, min_char=2, max_char=3, buckets=100)
    ngrams = len(table.bucket_ids) if table else 0
    random = np.random.default_rng(dim)
    weights = 1 / np.arange(1, VOCABULARY + 1)
    return Word2VecModel(
        mode=mode,
        dim=dim,
        window=window,
        negatives=negatives,
        batch_size=batch_size,
        input_rows=rows_of(random.normal(0, dim**-0.25, (VOCABULARY + ngrams, dim))),
        output_rows=rows_of(random.normal(0, dim**-0.25, (VOCABULARY, dim))),
        alias=word2vec.alias_table(weights),
        subwords=table,
    )


def make_corpus(
    *lines: int, epochs: int = 1, keep: float = 0.8, learning_rate: float = 0.05
) -> Word2VecCorpus:
    """Lines of so many random words; in a line no word comes again before all others came."""
    random = np.random.default_rng(len(lines))
    ids: list[int] = []
    for length in lines:
        order = random.permutation(VOCABULARY)
        ids += [*np.resize(order, length).tolist(), LINE_END]
    return Word2VecCorpus(
        ids=np.array(ids, np.int32),
        keep=np.full(VOCABULARY, min(keep * 2**32, ALWAYS), np.uint32),
        words=sum(lines),
        epochs=epochs,
        learning_rate=learning_rate,
    )


def on_copies(model: Word2VecModel) -> Word2VecModel:
    dim = model.dim
    return replace(
        model,
        input_rows=rows_of(model.input_rows[:, :dim]),
        output_rows=rows_of(model.output_rows[:, :dim]),
    )


def go_on(*_: object) -> bool:
    return True


# Where nothing comes twice in a step, nothing but rounding makes a difference. What comes twice, a
# word in a window or a negative of one centre, may meet what the first occurrence has changed: a
# difference of second order in the learning rate, so that the rate is small then.
ROUNDING = 1e-4
SMALL_RATE = 1e-3
SECOND_ORDER = 2e-3


def check_against_reference(
    model: Word2VecModel, corpus: Word2VecCorpus, *, repeated: bool
) -> None:
    """Every number is the reference's but for a small share of the largest change."""
    if repeated:
        corpus = replace(corpus, learning_rate=SMALL_RATE)
    start = word2vec.start(corpus, threads=1, seed=1)
    random = int(start.threads[0, RANDOM]) % 2**64
    expected = reference.train(model, corpus, random)
    for instructions in AVAILABLE:
        trained = on_copies(model)
        state = Word2VecState(start.threads.copy())
        word2vec.train(trained, corpus, state, on_tick=go_on, instructions=instructions)
        for name in ("input", "output"):
            rows, before = (getattr(m, f"{name}_rows") for m in (trained, model))
            error = rows[:, : model.dim] - getattr(expected, name)
            change = getattr(expected, name) - before[:, : model.dim]
            share = np.abs(error).max() / np.abs(change).max()
            assert share < (SECOND_ORDER if repeated else ROUNDING), (instructions, name, share)
            assert not rows[:, model.dim :].any(), "padding stays 0"
        assert int(state.threads[0, RANDOM]) % 2**64 == expected.random.state
        assert state.threads[0, RATE : RATE + 1].view(np.float64)[0] == pytest.approx(expected.rate)
        assert state.words_done == corpus.words * corpus.epochs
        assert state.finished(corpus.epochs)


SENTENCE = make_corpus(9, keep=1)
TWO_EPOCHS = make_corpus(1, 40, 0, 7, 2, 1, 30, epochs=2)


@pytest.mark.parametrize("dim", [1, 4, 16, 20, 100, 101, 300, 2048])
@pytest.mark.parametrize("negatives", [1, 5])
@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_every_dim_is_that_of_the_reference(
    mode: str, subwords: bool, negatives: int, dim: int
) -> None:
    model = make_model(mode, subwords, dim=dim, negatives=negatives)
    check_against_reference(model, SENTENCE, repeated=negatives > 1)
    check_against_reference(model, TWO_EPOCHS, repeated=negatives > 1)


@pytest.mark.parametrize("window", [1, 5, 12])
@pytest.mark.parametrize("negatives", [1, 5, 6, 13])
@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_every_window_and_number_of_negatives(
    mode: str, subwords: bool, negatives: int, window: int
) -> None:
    model = make_model(mode, subwords, window=window, negatives=negatives)
    check_against_reference(model, TWO_EPOCHS, repeated=negatives > 1)


@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_words_that_come_again_in_a_window(mode: str, subwords: bool) -> None:
    ids = np.resize([3, 5, 3, 3, 8, 5, 1, 3, 5, 5, 5, LINE_END], 60).astype(np.int32)
    corpus = replace(TWO_EPOCHS, ids=ids, words=55)
    check_against_reference(make_model(mode, subwords), corpus, repeated=True)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 10, 32])
def test_every_batch_size(batch_size: int) -> None:
    model = make_model("batch_skipgram", window=7, negatives=1, batch_size=batch_size)
    check_against_reference(model, TWO_EPOCHS, repeated=False)


@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_lines_longer_than_a_sentence_and_many_blocks(mode: str, subwords: bool) -> None:
    model = make_model(mode, subwords, dim=4, negatives=1)
    check_against_reference(model, make_corpus(1500, *[20] * 15, keep=1), repeated=False)


@pytest.mark.parametrize("power", [0.5, 1.0, 1.3])
def test_the_learning_rate_falls_with_the_words_read(power: float) -> None:
    model = make_model("batch_skipgram", dim=4, negatives=1)
    corpus = replace(make_corpus(*[40] * 600, epochs=4, keep=0.03), decay_power=power)
    check_against_reference(model, corpus, repeated=False)


def test_a_negative_that_is_the_centre_does_not_count() -> None:
    # All negatives are word 0, and so are all centres: nothing but positives is trained.
    model = make_model("batch_skipgram", dim=4)
    model = replace(model, alias=word2vec.alias_table(np.array([1.0] + [0.0] * (VOCABULARY - 1))))
    model.input_rows[:, :4] = model.output_rows[:, :4] = 0.5
    corpus = replace(make_corpus(9, keep=1), ids=np.zeros(9, np.int32))
    word2vec.train(model, corpus, word2vec.start(corpus, threads=1, seed=1), on_tick=go_on)
    assert (model.input_rows[0, :4] > 0.5).all() and (model.output_rows[0, :4] > 0.5).all()
    assert (model.output_rows[1:, :4] == 0.5).all()


# Distributions, read off the trained rows. P-values are those of one fixed seed.

UNLIKELY = 1e-4


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("window", [1, 2, 5, 12])
@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_windows_reach_uniformly_far(
    mode: str, subwords: bool, window: int, instructions: str
) -> None:
    # Each line has words of its own. Only the middle word's output is not 0, so that only the words
    # in its window move, but for what their move does to others: the learning rate squared.
    lines, length, rate = 2000, 2 * window + 1, 1e-5
    words = lines * length
    none = words  # the only negative, a word that no line has
    ids = np.full((lines, length + 1), LINE_END, np.int32)
    ids[:, :length] = np.arange(words).reshape(lines, length)
    output = np.zeros((words + 1, 4))
    output[ids[:, window], 0] = 1
    alone = SubwordTable(
        offsets=np.arange(words + 2), rows=np.arange(words + 1, dtype=np.int32),
        bucket_ids=np.empty(0, np.int64),
    )  # fmt: skip
    model = replace(
        make_model(mode, dim=4, window=window, negatives=1),
        input_rows=zero_rows(words + 1, 4),
        output_rows=rows_of(output),
        alias=word2vec.alias_table((np.arange(words + 1) == none).astype(np.float64)),
        subwords=alone if subwords else None,
    )
    corpus = Word2VecCorpus(
        ids=ids.ravel(), keep=np.full(words + 1, ALWAYS, np.uint32), words=10**12, epochs=1,
        learning_rate=rate,
    )  # fmt: skip
    state = word2vec.start(corpus, threads=1, seed=3)
    word2vec.train(model, corpus, state, on_tick=go_on, instructions=instructions)
    moved = np.abs(model.input_rows[:words, 0].reshape(lines, length)) > rate / 10
    reach = moved[:, :window].sum(axis=1)
    assert (moved[:, window:].sum(axis=1) == reach).all(), "as far to both sides"
    near = np.abs(np.arange(length) - window)
    assert (moved == ((near > 0) & (near <= reach[:, None]))).all(), "without gaps"
    counts = np.bincount(reach, minlength=window + 1)
    assert counts[0] == 0
    assert window == 1 or scipy.stats.chisquare(counts[1:]).pvalue > UNLIKELY


def counting_model(mode: str, subwords: bool, weights: np.ndarray) -> Word2VecModel:
    """Output rows that count: each positive adds half the learning rate, each negative takes it."""
    return replace(
        make_model(mode, subwords, dim=1),
        input_rows=rows_of(np.ones((1000, 1))),
        output_rows=rows_of(np.zeros((VOCABULARY, 1))),
        alias=word2vec.alias_table(weights),
    )


def counted(model: Word2VecModel, corpus: Word2VecCorpus, threads: int = 1) -> np.ndarray:
    state = word2vec.start(corpus, threads=threads, seed=5)
    word2vec.train(model, corpus, state, on_tick=go_on)
    return np.rint(model.output_rows[:, 0] / np.float32(corpus.learning_rate / 2)).astype(int)


TINY = 2.0**-40  # learning rate: every gradient is half of it


@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_negatives_are_drawn_by_their_weights(mode: str, subwords: bool) -> None:
    weights = (VOCABULARY / np.arange(1, VOCABULARY + 1)) ** 0.75
    weights[:2] = 0  # they are the text
    model = counting_model(mode, subwords, weights)
    pairs = 20_000
    corpus = replace(make_corpus(keep=1, learning_rate=TINY), words=10**12)
    corpus = replace(corpus, ids=np.tile(np.array([0, 1, LINE_END], np.int32), pairs))
    drawn = -counted(model, corpus)[2:]
    assert drawn.sum() == 2 * pairs * model.negatives
    expected = weights[2:] / weights.sum() * drawn.sum()
    assert scipy.stats.chisquare(drawn, expected).pvalue > UNLIKELY


def test_frequent_words_are_dropped_by_word2vecs_formula() -> None:
    counts = np.array([*np.geomspace(100_000, 1000, VOCABULARY - 1).astype(int), 0])
    ids = np.random.default_rng(0).permutation(np.repeat(np.arange(VOCABULARY), counts))
    none = (np.arange(VOCABULARY) == VOCABULARY - 1).astype(np.float64)
    model = replace(counting_model("cbow", False, none), window=1)
    corpus = replace(make_corpus(learning_rate=TINY), ids=ids.astype(np.int32), words=10**12)
    keep = word2vec.keep_chances(np.maximum(counts, 1), 1e-3)
    kept = counted(model, replace(corpus, keep=keep))[:-1]  # every kept word is a centre once
    share = counts[:-1] / counts.sum()
    chance = np.minimum(np.sqrt(1e-3 / share) + 1e-3 / share, 1)
    deviation = np.sqrt(counts[:-1] * chance * (1 - chance))
    assert (np.abs(kept - counts[:-1] * chance) <= 5 * deviation + 1).all()
    assert chance.min() < 0.2 and chance.max() == 1


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=300))
def test_alias_tables_hold_the_weights(weights: list[float]) -> None:
    table = word2vec.alias_table(np.array(weights))
    itself = (table >> np.uint64(32)) / 2**32
    chances = itself.copy()
    np.add.at(chances, (table & np.uint64(2**32 - 1)).astype(int), 1 - itself)
    expected = np.array(weights) / sum(weights) * len(weights)
    assert np.allclose(chances, expected, rtol=0, atol=1e-9 * len(weights))


def test_keep_chances_of_rare_words_are_whole() -> None:
    assert word2vec.keep_chances(np.array([10**6, 1]), 1e-4).tolist()[1] == ALWAYS


@given(
    st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=20),
    st.integers(1, 4), st.integers(0, 3), st.sampled_from([1, 7, 1000, 2_000_000]),
)  # fmt: skip
def test_subwords_are_fasttexts(words: list[str], min_char: int, more: int, buckets: int) -> None:
    table = word2vec.subword_table(
        words, min_char=min_char, max_char=min_char + more, buckets=buckets
    )
    assert (np.diff(table.bucket_ids) > 0).all()
    for at, word in enumerate(words):
        own, *ngrams = table.rows[table.offsets[at] : table.offsets[at + 1]].tolist()
        assert own == at
        found = [table.bucket_ids[row - len(words)] for row in ngrams]
        assert found == ngram_buckets(word, min_char, min_char + more, buckets)


# Threads, pauses, interrupts.


@given(
    st.lists(st.integers(0, 60), max_size=200), st.integers(1, 9), st.booleans(),
)  # fmt: skip
def test_threads_share_the_ids_by_whole_lines(lines: list[int], threads: int, short: bool) -> None:
    corpus = make_corpus(*(lines if short else [3000, *lines]))
    parts = word2vec.start(corpus, threads=threads, seed=1).threads
    assert parts[0, BEGIN] == 0 and parts[-1, END] == len(corpus.ids)
    assert (parts[1:, BEGIN] == parts[:-1, END]).all()
    assert (parts[:, BEGIN] <= parts[:, END]).all()
    assert len(set(parts[:, RANDOM].tolist())) == threads
    if short:
        inner = parts[1:, BEGIN]
        inner = inner[inner > 0]
        assert (corpus.ids[inner - 1] == LINE_END).all()


@pytest.mark.parametrize("threads", [1, 2, 3, 8, 50])
def test_all_threads_read_every_word_in_each_epoch(threads: int) -> None:
    corpus = make_corpus(*[20] * 30, epochs=3, keep=0.5)
    model = make_model("cbow", dim=4)
    state = word2vec.start(corpus, threads=threads, seed=1)
    word2vec.train(model, corpus, state, on_tick=go_on)
    assert state.words_done == 600 * 3
    assert state.finished(3)
    assert np.isfinite(model.input_rows).all()


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_threads_lose_nothing_of_the_most_frequent_words(threads: int) -> None:
    # The text is words 0 and 1, all negatives are words 2 and 3: the four of 1,024 of which every
    # thread has output rows of its own.
    words, pairs = 1024, 20_000
    weights = np.isin(np.arange(words), [2, 3]).astype(np.float64)
    model = replace(
        counting_model("skipgram", False, weights),
        input_rows=rows_of(np.ones((words, 1))),
        output_rows=rows_of(np.zeros((words, 1))),
    )
    corpus = Word2VecCorpus(
        ids=np.tile(np.array([0, 1, LINE_END], np.int32), pairs),
        keep=np.full(words, ALWAYS, np.uint32), words=10**12, epochs=1, learning_rate=TINY,
    )  # fmt: skip
    counts = counted(model, corpus, threads)
    assert counts[:2].tolist() == [pairs, pairs]
    assert counts[2:4].sum() == -2 * pairs * model.negatives
    assert not counts[4:].any()


@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_pauses_change_nothing(mode: str, subwords: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec, "_TICK_SECONDS", 1e-3)
    corpus = make_corpus(*[40] * 100, epochs=100)
    paused, whole = (make_model(mode, subwords, dim=100) for _ in range(2))
    word2vec.train(whole, corpus, word2vec.start(corpus, threads=1, seed=2), on_tick=go_on)
    state = word2vec.start(corpus, threads=1, seed=2)
    pauses = 0
    while not state.finished(100):
        assert state.words_done + state.threads[0, PENDING] <= 400_000
        word2vec.train(paused, corpus, state, on_tick=lambda *_: False)
        pauses += 1
    assert pauses > 1
    assert state.words_done == 400_000
    assert paused.input_rows.tobytes() == whole.input_rows.tobytes()
    assert paused.output_rows.tobytes() == whole.output_rows.tobytes()


def test_ticks_tell_words_and_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec, "_TICK_SECONDS", 1e-3)
    told: list[tuple[int, float | None]] = []

    def on_tick(words: int, loss: float | None) -> bool:
        told.append((words, loss))
        return True

    corpus = make_corpus(*[40] * 100, epochs=60)
    model = make_model("skipgram", dim=100)
    word2vec.train(model, corpus, word2vec.start(corpus, threads=1, seed=2), on_tick=on_tick)
    assert [words for words, _ in told] == sorted(words for words, _ in told)
    assert told[-1][0] == 240_000
    losses = [loss for _, loss in told if loss is not None]
    assert losses[0] > losses[-1] > 0


@pytest.mark.parametrize(("mode", "subwords"), MODES)
def test_untrained_rows_lose_ln_2_for_a_pair_and_each_negative(mode: str, subwords: bool) -> None:
    told: list[float | None] = []
    weights = (np.arange(VOCABULARY) >= 2).astype(np.float64)  # words 0 and 1 are the text
    corpus = replace(make_corpus(keep=1, learning_rate=1e-6), words=2000, epochs=1)
    corpus = replace(corpus, ids=np.tile(np.array([0, 1, LINE_END], np.int32), 1000))
    word2vec.train(
        counting_model(mode, subwords, weights), corpus,
        word2vec.start(corpus, threads=1, seed=2), on_tick=lambda _, loss: not told.append(loss),
    )  # fmt: skip
    assert [loss for loss in told if loss is not None] == [pytest.approx(6 * np.log(2), rel=1e-3)]


def test_an_error_while_told_stops_the_threads() -> None:
    corpus = make_corpus(*[40] * 100, epochs=1_000_000)
    state = word2vec.start(corpus, threads=2, seed=1)

    def on_tick(*_: object) -> bool:
        raise RuntimeError("told")

    with pytest.raises(RuntimeError, match="told"):
        word2vec.train(make_model("skipgram", dim=100), corpus, state, on_tick=on_tick)
    assert 0 < state.words_done + state.threads[:, PENDING].sum() < corpus.words * 1_000_000


def test_ctrl_c_stops_it() -> None:
    code = (
        "from tests.native.test_word2vec import *\n"
        "corpus = make_corpus(*[40] * 100, epochs=1_000_000)\n"
        "state = word2vec.start(corpus, threads=2, seed=1)\n"
        "def tick(*_):\n    print('running', flush=True)\n    return True\n"
        "word2vec.train(make_model('skipgram', dim=100), corpus, state, on_tick=tick)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert errors.decode().splitlines()[-1] == "KeyboardInterrupt"


@pytest.mark.parametrize(
    "change",
    [
        lambda model: {"mode": "skip"},
        lambda model: {"dim": 17},
        lambda model: {"output_rows": zero_rows(VOCABULARY, 20)},
        lambda model: {"output_rows": zero_rows(VOCABULARY - 1, 16)},
        lambda model: {"input_rows": np.zeros((VOCABULARY, 16 + 1), np.float32)[:, :16]},
        lambda model: {"input_rows": zero_rows(VOCABULARY - 1, 16)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    change: Callable[[Word2VecModel], dict[str, object]],
) -> None:
    model = make_model("cbow", dim=16)
    model = replace(model, **change(model))
    corpus = make_corpus(9)
    state = word2vec.start(corpus, threads=1, seed=1)
    with pytest.raises((ValueError, TypeError)):
        word2vec.train(model, corpus, state, on_tick=go_on)


def test_an_unknown_instruction_set_is_refused() -> None:
    corpus = make_corpus(9)
    state = word2vec.start(corpus, threads=1, seed=1)
    with pytest.raises(ValueError, match="mmx"):
        word2vec.train(make_model("cbow"), corpus, state, on_tick=go_on, instructions="mmx")
