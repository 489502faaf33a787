"""The kernels for word vectors agree with plain numpy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.native import rows
from nlp_engine.native.vectors import RowIndex, format_rows, parse_rows
from tests.native.instructions import AVAILABLE
from tests.native.ticking import ticks_per_second


def cosines(matrix: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """(Q, V), those with a vector of length 0 being 0."""

    def unit(rows: np.ndarray) -> np.ndarray:
        norms = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        return rows / np.where(norms == 0, 1, norms)

    return unit(queries) @ unit(matrix).T


def check(matrix: np.ndarray, queries: np.ndarray, k: int, threads: int, instructions: str):
    """The found cosines are the highest ones, and are those of the found rows."""
    ids, found = RowIndex(matrix, threads).top_k(queries, k, instructions=instructions)
    expected = cosines(matrix, queries)
    assert ids.shape == found.shape == (len(queries), min(k, len(matrix)))
    best = -np.sort(-expected, axis=1)[:, :k]
    assert np.allclose(found, best, rtol=0, atol=2e-6)
    assert np.allclose(np.take_along_axis(expected, ids, axis=1), found, rtol=0, atol=2e-6)
    assert all(len(set(row)) == len(row) for row in ids.tolist())
    return ids


@given(
    st.integers(1, 700), st.integers(1, 70), st.integers(1, 40), st.integers(1, 4),
    st.sampled_from(AVAILABLE), st.integers(0, 2**32 - 1),
)  # fmt: skip
@settings(max_examples=150)
def test_nearest_rows(
    rows: int, dim: int, k: int, threads: int, instructions: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    # Lengths from tiny to huge, directions from all over to nearly one, some zeros.
    centre = random.choice([0, 3, 100]) * random.standard_normal(dim)
    matrix = (random.standard_normal((rows, dim)) + centre) * 10 ** random.uniform(-9, 9, (rows, 1))
    matrix[random.random(rows) < 0.1] = 0
    queries = np.concatenate([matrix[:3], random.standard_normal((2, dim)), np.zeros((1, dim))])
    check(matrix.astype(np.float32), queries.astype(np.float32), k, threads, instructions)


@pytest.mark.parametrize("instructions", AVAILABLE)
@pytest.mark.parametrize("dim", [100, 2048])
def test_nearest_of_many_rows_do_not_depend_on_threads(instructions: str, dim: int) -> None:
    random = np.random.default_rng(0)
    matrix = random.standard_normal((6000, dim), np.float32)
    matrix[3000:3100] = matrix[3]
    one, four = (check(matrix, matrix[:5], 20, threads, instructions) for threads in (1, 4))
    assert np.array_equal(one, four)
    assert one[3].tolist() == [3, *range(3000, 3019)]  # of equals the first


def test_the_hardest_cases_for_codes_of_one_byte() -> None:
    # One large number makes the codes of the others coarse, and the neighbours differ in those.
    random = np.random.default_rng(0)
    matrix = random.standard_normal((5000, 50), np.float32) * 1e-3
    matrix[:, 0] = 1
    check(matrix, matrix[:20], 10, 2, "best")


def test_views_and_unaligned_rows() -> None:
    random = np.random.default_rng(0)
    wide = random.standard_normal((300, 48), np.float32)
    padded = wide[:, :33]
    raw = np.frombuffer(b"x" + padded.tobytes(), np.uint8)[1:]
    unaligned = raw.view(np.float32).reshape(300, 33)
    assert not unaligned.flags.aligned
    expected = check(np.ascontiguousarray(padded), padded[:9], 7, 2, "best")
    for matrix in (padded, unaligned, np.asfortranarray(padded)):
        assert np.array_equal(check(matrix, matrix[:9], 7, 2, "best"), expected)


def test_rows_that_are_no_numbers_are_last() -> None:
    matrix = np.array([[np.nan, 1], [np.inf, 1], [1, 1], [1, 0]], np.float32)
    ids, found = RowIndex(matrix).top_k(np.array([[1, 1]], np.float32), 4)
    assert ids[0].tolist() == [2, 3, 0, 1]
    assert found[0, 2:].tolist() == [0, 0]


def test_wrong_arguments_are_refused() -> None:
    index = RowIndex(np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match="queries do not fit"):
        index.top_k(np.ones((1, 2), np.float32), 1)
    with pytest.raises(TypeError, match="float32 is expected"):
        RowIndex(np.eye(3))
    with pytest.raises(ValueError, match="65,536 dimensions"):
        RowIndex(np.ones((1, 65_537), np.float32))
    assert index.top_k(np.empty((0, 3), np.float32), 2)[0].shape == (0, 2)
    assert RowIndex(np.empty((0, 3), np.float32)).top_k(np.ones((1, 3), np.float32), 2)[0].size == 0


def test_other_threads_run_during_a_search() -> None:
    index = RowIndex(np.ones((200_000, 64), np.float32))
    queries = np.ones((30, 64), np.float32)
    assert ticks_per_second(lambda: index.top_k(queries, 10)) > 50


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=30))
@settings(max_examples=300)
def test_numbers_come_back_and_are_the_shortest(numbers: list[float]) -> None:
    row = np.array([numbers], np.float32)
    text = format_rows(["w"], row)
    read = np.empty_like(row)
    assert parse_rows(text, read).rows == 1
    assert np.array_equal(read, row)
    for field, number in zip(text.decode().split()[1:], row[0], strict=True):
        assert np.float32(field) == number or np.isinf(number)
        # numpy's own shortest digits are the oracle
        scientific = np.format_float_scientific(number, unique=True, trim="-")
        positional = np.format_float_positional(number, unique=True, trim="-")
        assert len(field) <= min(len(scientific), len(positional))


@pytest.mark.parametrize(
    ("field", "value"),
    [("1e-60", 0), ("1e-40", 1e-40), ("+1.5", 1.5), ("-0", 0), ("1E2", 100), ("inf", np.inf)],
)
def test_numbers_as_other_programs_write_them(field: str, value: float) -> None:
    out = np.empty((1, 1), np.float32)
    assert parse_rows(b"word " + field.encode(), out).rows == 1
    assert out[0, 0] == np.float32(value)


@pytest.mark.parametrize(
    "field", ["1e39", "-1e400", "1_0", "0x10", "1,5", "++1", "+-1", "--1", "."]
)
def test_what_is_no_number(field: str) -> None:
    parsed = parse_rows(b"word " + field.encode(), np.empty((1, 1), np.float32))
    assert (parsed.rows, parsed.problem, parsed.bad_number) == (0, "bad number", field.encode())


@pytest.mark.parametrize("dim", [1, 7, 100])
def test_rows_begin_uniformly_and_the_same_with_any_threads(dim: int) -> None:
    one, several = (np.zeros((2000, dim + 3), np.float32) for _ in range(2))
    rows.fill_uniform(one[:, :dim], 5, threads=1)
    rows.fill_uniform(several[:, :dim], 5, threads=3)
    assert one.tobytes() == several.tobytes()
    assert not one[:, dim:].any()
    values = one[:, :dim].ravel() * dim
    assert scipy.stats.kstest(values, scipy.stats.uniform(-1, 2).cdf).pvalue > 1e-4
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 5 / len(values) ** 0.5
    other = np.zeros((2000, dim), np.float32)
    rows.fill_uniform(other, 6)
    assert abs(np.corrcoef(values, other.ravel())[0, 1]) < 5 / len(values) ** 0.5


@pytest.mark.parametrize("dim", [1, 7, 100])
@pytest.mark.parametrize("threads", [1, 3])
def test_sums_of_rows_as_they_begin(dim: int, threads: int) -> None:
    all_rows = np.zeros((50, dim), np.float32)
    rows.fill_uniform(all_rows, 5)
    random = np.random.default_rng(dim)
    sizes = [1] * 9 + random.integers(0, 8, 20).tolist()
    offsets = np.cumsum([0, *sizes])
    numbers = random.integers(0, 50, offsets[-1])
    got = np.full((len(sizes), dim + 3), 7, np.float32)
    rows.fill_uniform_sums(got[:, :dim], 5, numbers, offsets, threads)
    expected = [all_rows[numbers[a:b]].sum(axis=0) for a, b in itertools.pairwise(offsets)]
    assert got[:, :dim] == pytest.approx(np.array(expected), abs=1e-6)
    assert (got[:, dim:] == 7).all()
