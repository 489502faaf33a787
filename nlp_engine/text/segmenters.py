"""Segmenters: finding words where a script writes no spaces between them."""

from __future__ import annotations

import contextlib
import importlib
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nlp_engine.errors import MissingExtraError
from nlp_engine.languages import Language
from nlp_engine.text.sentences import split_sentences

Segment = Callable[[str], Iterable[str]]

_PIECE = 10_000  # SudachiPy takes 49,149 bytes, and a character has up to four


def open_segmenter(language: Language) -> Segment | None:
    """A function that splits one of a text's `pieces` into words and what is between them.

    Returns:
        None for a language that needs no segmenter.

    Raises:
        MissingExtraError: The language's extra is not installed.
    """
    if language.segmenter is None:
        return None
    with quiet():
        return {"zh": _chinese, "ja": _japanese, "ko": _korean, "th": _thai}[language.segmenter]()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings to itself that segmenters give about their own code and names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pieces(text: str, language: Language) -> Iterator[str]:
    """A text in pieces that a segmenter can take: its sentences, overlong ones cut."""
    for sentence in split_sentences(text, language):
        for start in range(0, len(sentence), _PIECE):
            yield sentence[start : start + _PIECE]


def import_for(extra: str, module: str, what: str) -> Any:
    """Import a package that finds the words of a language.

    Raises:
        MissingExtraError: It is not installed; the message says why it is needed.
    """
    try:
        with quiet():
            return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{what} needs {error.name} to find its words; "
            f"it comes with: pip install 'nlp-engine[{extra}]'"
        ) from error


def _chinese() -> Segment:
    jieba = import_for("zh", "jieba", "Chinese")
    jieba.setLogLevel(logging.WARNING)
    segmenter = jieba.Tokenizer()
    return lambda text: segmenter.cut(text)


def _japanese() -> Segment:
    sudachi = import_for("ja", "sudachipy", "Japanese")
    import_for("ja", "sudachidict_core", "Japanese")
    tokenizer = sudachi.Dictionary(dict="core").create(mode=sudachi.SplitMode.A)
    return lambda text: (word.surface() for word in tokenizer.tokenize(text))


def _korean() -> Segment:
    tagger = import_for("ko", "mecab_ko", "Korean").Tagger("-Owakati")
    return lambda text: tagger.parse(text).split()


def _thai() -> Segment:
    thai = import_for("th", "pythainlp.tokenize", "Thai")
    return lambda text: thai.word_tokenize(text, engine="newmm")
