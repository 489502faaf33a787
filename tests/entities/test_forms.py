from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp_engine.entities.forms import form_key, title_form, tokens
from nlp_engine.languages import language

ENGLISH = language("en")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Tim Cook", "tim cook"),
        ("Lincoln's", "lincoln s"),
        ("  AT&T ", "at t"),
        ("rock-and-roll", "rock and roll"),
        ("42", ""),
        ("x", ""),
        ("!?", ""),
        ("C++", ""),
        ("Z\u0065\u0301ro", "zéro"),
        ("東京", "東 京"),
    ],
)
def test_keys(text: str, key: str) -> None:
    assert form_key(text, ENGLISH) == key


def test_tokens_know_their_place() -> None:
    text = "Tim\u00a0Cook, Cupertino's own."
    found = tokens(text, ENGLISH)
    assert [token.key for token in found] == ["tim", "cook", "cupertino", "s", "own"]
    assert [text[token.start : token.end] for token in found] == [
        "Tim", "Cook", "Cupertino", "s", "own",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "form"),
    [
        ("Apple (fruit)", "Apple"),
        ("Cupertino, California", "Cupertino, California"),
        ("(What's the Story)", "(What's the Story)"),
        ("A (b) c", "A (b) c"),
    ],
)
def test_titles_as_people_write_them(title: str, form: str) -> None:
    assert title_form(title) == form


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("Οδυσσεύς", "οδυσσεύσ"),
        ("İstanbul", "istanbul"),
        ("iPhone東京タワー", "iphone 東 京 タ ワ ー"),
        ("กรุงเทพ", "ก รุ ง เ ท พ"),
        ("नमस्ते", "नमस्ते"),
        ("❤\ufe0fParis", "paris"),
    ],
)
def test_keys_of_many_scripts(text: str, key: str) -> None:
    assert form_key(text, ENGLISH) == key


def test_turkish_i() -> None:
    assert form_key("ISPARTA İzmir", language("tr")) == "ısparta izmir"


@given(st.text())
def test_the_places_of_tokens_are_those_of_their_keys(text: str) -> None:
    for token in tokens(text, ENGLISH):
        assert [t.key for t in tokens(text[token.start : token.end], ENGLISH)] == [token.key]


@given(st.text())
def test_keys_do_not_depend_on_normal_forms(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert form_key(unicodedata.normalize(form, text), ENGLISH) == form_key(text, ENGLISH)
