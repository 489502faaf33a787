"""spaCy's tokenization rules, through a blank pipeline: no model is downloaded."""

from __future__ import annotations

from typing import Any

from nlp_engine.errors import SettingError, require
from nlp_engine.languages import Language, language
from nlp_engine.text.digits import digit_rule
from nlp_engine.text.normalize import normalize
from nlp_engine.text.segmenters import Segment, import_for, open_segmenter, pieces, quiet
from nlp_engine.text.sentences import split_sentences

# Where spaCy's own choice would give single characters.
_CONFIGS: dict[str, dict[str, Any]] = {"zh": {"nlp": {"tokenizer": {"segmenter": "jieba"}}}}


class SpacyTokenizer:
    """Tokens by spaCy's rules for the language, lower-case; punctuation is kept as tokens.

    Words that are written with spaces (Vietnamese) are joined by `_`.
    """

    def __init__(self, language_code: str, digits: str) -> None:
        self.language = language(language_code)
        self._digits = digit_rule(self.language, digits)
        self._split = _splitter(self.language)

    def words(self, text: str) -> list[str]:
        """The tokens of `text`, NFC-normalised and lower-case."""
        text = self._digits(normalize(text))
        short = pieces(text, self.language) if self.language.segmenter else [text]
        lower = self.language.lower
        tokens = (lower(token) for piece in short for token in self._split(piece))
        return ["_".join(token.split()) for token in tokens if not token.isspace()]

    def words_by_sentence(self, text: str) -> list[list[str]]:
        """The tokens of each sentence of `text`."""
        return list(map(self.words, self.sentences(text)))

    def sentences(self, text: str) -> list[str]:
        """The sentences of `text`, by the language's terminators and abbreviations."""
        return split_sentences(text, self.language)


def _splitter(language: Language) -> Segment:
    spacy = require("spacy", "spacy")
    segment = open_segmenter(language)
    if language.segmenter == "ko" and segment:
        return segment  # spaCy's Korean needs a MeCab that pip cannot install
    if language.code == "vi":
        import_for("vi", "pyvi", "Vietnamese")
    code = language.segmenter or language.code
    try:
        with quiet():
            nlp: Any = spacy.blank(code, config=_CONFIGS.get(code, {}))
    except ImportError as error:
        raise SettingError(
            f"spaCy has no rules for language {language.code!r}; use --tokenizer fast"
        ) from error
    # Measured on English sentences: `nlp.pipe` is no faster, with one rule set there is nothing
    # to batch.
    tokenize = nlp.tokenizer
    return lambda text: [token.text for token in tokenize(text)]
