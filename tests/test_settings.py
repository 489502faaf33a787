from __future__ import annotations

from dataclasses import dataclass

import pytest

from nlp_engine import settings
from nlp_engine.embeddings.hyperparameters import Word2VecSettings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting


@dataclass(frozen=True, kw_only=True)
class Example:
    mode: str = setting(choices=("fast", "slow"), help="how")
    size: int = setting(3, minimum=1, maximum=9, help="how large")
    rate: float = setting(0.5, above=0, below=1, help="how quick")
    deep: bool = setting(False, help="how deep")
    limit: int | None = setting(None, minimum=1, help="how far")
    columns: tuple[str, ...] = setting(("text",), help="where")

    def __post_init__(self) -> None:
        settings.check(self)


def test_strings_become_values() -> None:
    made = settings.from_mapping(
        Example, {"mode": "slow", "size": "4", "rate": "1e-2", "deep": "True", "limit": "7"}
    )
    assert made == Example(mode="slow", size=4, rate=0.01, deep=True, limit=7)


@pytest.mark.parametrize("text", ["True", "true", "1", "TRUE"])
def test_all_spellings_of_true_that_aws_clients_send(text: str) -> None:
    assert settings.from_mapping(Example, {"mode": "fast", "deep": text}).deep is True


def test_lists_become_tuples() -> None:
    assert settings.from_mapping(Example, {"mode": "fast", "columns": ["a", "b"]}).columns == (
        "a",
        "b",
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "fast", "sise": 2}, "unknown setting 'sise'; did you mean size?"),
        ({"mode": "fast", "zzz": 2}, "known are columns, deep"),
        ({}, "mode is required; it must be one of fast, slow"),
        ({"mode": "warp"}, "mode is 'warp'; it must be one of fast, slow"),
        ({"mode": "fast", "size": 0}, "size is 0; the smallest allowed value is 1"),
        ({"mode": "fast", "size": 10}, "size is 10; the largest allowed value is 9"),
        ({"mode": "fast", "size": "2.5"}, "size is '2.5'; it must be an integer"),
        ({"mode": "fast", "size": 2.5}, "size is 2.5; it must be an integer"),
        ({"mode": "fast", "size": "x" * 9999}, f"size is '{'x' * 99}…; it must be an integer"),
        ({"mode": "fast", "size": True}, "size is True; it must be an integer"),
        ({"mode": "fast", "rate": 0}, "rate is 0.0; it must be greater than 0"),
        ({"mode": "fast", "rate": 1}, "rate is 1.0; it must be less than 1"),
        ({"mode": "fast", "rate": "nan"}, "rate is nan; it must be a finite number"),
        ({"mode": "fast", "rate": "fast"}, "rate is 'fast'; it must be a number"),
        ({"mode": "fast", "deep": "maybe"}, "deep is 'maybe'; it must be True or False"),
        ({"mode": "fast", "limit": 0}, "limit is 0; the smallest allowed value is 1"),
        ({"mode": 3}, "mode is 3; it must be text"),
    ],
)
def test_errors_name_setting_value_and_limit(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.from_mapping(Example, values)
    assert message in str(error.value)


def test_word2vec_defaults_are_blazingtexts() -> None:
    # Amazon SageMaker developer guide, "BlazingText hyperparameters".
    documented = {
        "vector_dim": 100,
        "window_size": 5,
        "negative_samples": 5,
        "sampling_threshold": 0.0001,
        "min_count": 5,
        "epochs": 5,
        "learning_rate": 0.05,
        "batch_size": 11,
        "subwords": False,
        "min_char": 3,
        "max_char": 6,
        "buckets": 2_000_000,
        "evaluation": True,
    }
    made = settings.to_mapping(Word2VecSettings(mode="cbow"))
    assert {name: made[name] for name in documented} == documented


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "batch_skipgram", "subwords": "True"}, "use mode skipgram"),
        ({"mode": "cbow", "min_char": 5, "max_char": 3}, "max_char is 3, below min_char 5"),
        ({"mode": "cbow", "vector_dim": 2049}, "the largest allowed value is 2048"),
        ({"mode": "cbow", "vector_size": 10}, "did you mean vector_dim?"),
    ],
)
def test_word2vec_settings_that_contradict(values: dict[str, object], message: str) -> None:
    with pytest.raises(SettingError) as error:
        settings.from_mapping(Word2VecSettings, values)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("500MB", 500_000_000),
        ("2 gb", 2_000_000_000),
        ("1.5GiB", 1_610_612_736),
        ("64k", 64_000),
        ("7", 7),
        ("1TB", 10**12),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert settings.byte_size("memory", text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "0", "0.0001KB", "2GBs", "1e3MB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(SettingError, match="^memory is '.*'; it must be a size such as 500MB"):
        settings.byte_size("memory", text)
