"""Amazon's table of BlazingText's word2vec hyperparameters, row by row."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import pytest

from nlp_engine import settings
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.errors import SettingError

# Name, default, accepted and refused values, as a container's clients send them.
TABLE = [
    ("mode", MISSING, ["batch_skipgram", "skipgram", "cbow"], ["supervised", "Skipgram", ""]),
    ("batch_size", 11, ["1", "10", "20", "32"], ["0", "33", "-1", "11.5", "many"]),
    ("buckets", 2_000_000, ["1", "1000000"], ["0", "-5"]),
    ("epochs", 5, ["1", "15"], ["0", "-1", "1.5"]),
    ("evaluation", True, ["True", "true", "False", "false", "1", "0"], ["yes", "2", ""]),
    ("learning_rate", 0.05, ["0.005", "1e-3", "0.9"], ["0", "-0.1", "nan", "inf", "fast"]),
    ("min_char", 3, ["1", "6"], ["0", "-1"]),
    ("max_char", 6, ["3", "10"], ["0", "2"]),
    ("min_count", 5, ["0", "100"], ["-1", "0.5"]),
    ("negative_samples", 5, ["1", "25"], ["0", "-1"]),
    ("sampling_threshold", 0.0001, ["0.001", "1e-5", "0.99"], ["0", "1", "-0.1", "2"]),
    ("subwords", False, ["True", "true", "1"], ["maybe"]),
    ("vector_dim", 100, ["1", "300", "2048"], ["0", "2049", "-100"]),
    ("window_size", 5, ["1", "10"], ["0", "-2"]),
]
REQUIRED = {"mode": "skipgram"}


def test_the_table_is_complete() -> None:
    ours = {field.name for field in fields(Word2VecSettings)}
    assert {name for name, *_ in TABLE} <= ours


@pytest.mark.parametrize(("name", "default"), [row[:2] for row in TABLE])
def test_defaults(name: str, default: object) -> None:
    (field,) = (field for field in fields(Word2VecSettings) if field.name == name)
    assert field.default == default


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, _, good, _ in TABLE for value in good]
)
def test_accepted(name: str, value: str) -> None:
    made = settings.from_mapping(Word2VecSettings, {**REQUIRED, name: value})
    got = getattr(made, name)
    if isinstance(got, bool):
        assert got is (value.lower() in ("true", "1"))
    else:
        assert got == type(got)(value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, _, _, bad in TABLE for value in bad]
)
def test_refused_with_name_and_value(name: str, value: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.from_mapping(Word2VecSettings, {**REQUIRED, name: value})
    message = str(error.value)
    assert message.startswith(f"{name} is ")
    assert value in message or repr(float(value)) in message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "mode is required; it must be one of batch_skipgram, skipgram, cbow"),
        ({"mode": "sg"}, "mode is 'sg'; it must be one of batch_skipgram, skipgram, cbow"),
        ({**REQUIRED, "vector_dim": "4096"}, "vector_dim is 4096; the largest allowed value is"),
        ({**REQUIRED, "vectordim": "10"}, "unknown setting 'vectordim'; did you mean vector_dim?"),
        ({**REQUIRED, "epoch": "10"}, "did you mean epochs?"),
        ({"mode": "batch_skipgram", "subwords": "True"}, "use mode skipgram or cbow"),
        ({**REQUIRED, "min_char": "5", "max_char": "4"}, "below min_char 5; raise max_char"),
        ({**REQUIRED, "decay_power": "0"}, "decay_power is 0.0; it must be greater than 0"),
        ({**REQUIRED, "engine": "gensim", "decay_power": "1"}, "which engine gensim lacks"),
        ({**REQUIRED, "engine": "fasttext", "ns_exponent": "0.75"}, "fasttext knows only 0.5"),
    ],
)
def test_what_errors_say(values: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.from_mapping(Word2VecSettings, values)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("values", "power", "power_of_a_sixteenth"),
    [
        ({"mode": "batch_skipgram"}, 1.3, 1.3 / 4),
        ({"mode": "skipgram"}, 1.0, 1 / 4),
        ({"mode": "skipgram", "subwords": True}, 1.7, 1.7 * 16**-0.2),
        ({"mode": "cbow"}, 0.5, 0.5 / 4),
        ({"mode": "cbow", "subwords": True}, 0.5, 0.5 / 4),
        ({"mode": "cbow", "decay_power": 1}, 1, 1),
    ],
)
def test_every_mode_has_its_decay_less_in_short_trainings(
    values: dict[str, Any], power: float, power_of_a_sixteenth: float
) -> None:
    chosen = Word2VecSettings(**values)
    assert chosen.decay(80_000_000) == chosen.decay(10**12) == power
    assert chosen.decay(5_000_000) == pytest.approx(power_of_a_sixteenth)


def test_remarks_where_amazon_warns() -> None:
    def remarks(**values: object) -> str:
        return " ".join(Word2VecSettings(**{"mode": "batch_skipgram", **values}).remarks())

    assert remarks() == remarks(mode="skipgram", batch_size=20) == remarks(vector_dim=1499) == ""
    assert "batch_size is 11; with window_size 3 it should be 7" in remarks(window_size=3)
    assert "vector_dim is 1500" in remarks(vector_dim=1500)
