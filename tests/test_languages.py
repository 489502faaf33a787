from __future__ import annotations

import pytest

from nlp_engine.errors import SettingError
from nlp_engine.languages import language


@pytest.mark.parametrize(
    ("code", "text", "lower"),
    [
        ("en", "ÉCOLE Straße ΣΟΦΊΑ", "école straße σοφία"),
        ("tr", "IŞIK İSTANBUL", "ışık istanbul"),
        ("az", "İLK QIZ", "ilk qız"),
        ("en", "İstanbul", "istanbul"),  # not i + U+0307
    ],
)
def test_lower_case_by_the_languages_rules(code: str, text: str, lower: str) -> None:
    assert language(code).lower(text) == lower


def test_languages_without_a_row_have_general_facts() -> None:
    gaelic = language("gd")
    assert gaelic.code == "gd"
    assert gaelic.digit_words == ()
    assert "." in gaelic.sentence_ends
    assert "।" in language("hi").sentence_ends


@pytest.mark.parametrize("code", ["", "E", "English", "../etc", "en us", "x" * 40])
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(SettingError, match="it must be a code such as en"):
        language(code)


def test_digit_words_are_ten_or_none() -> None:
    for code in ("en", "de", "fr", "es", "it", "ru"):
        assert len(language(code).digit_words) == 10
