"""The tokenizers `fast` and `text8`, runs of letters without punctuation, and `whitespace`."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable
from functools import cache

import regex

from nlp_engine.languages import Language, language
from nlp_engine.text.digits import digit_rule, digit_words
from nlp_engine.text.normalize import normalize
from nlp_engine.text.segmenters import open_segmenter, pieces
from nlp_engine.text.sentences import split_sentences

# A combining mark belongs to the letter before it, a joiner to the letters on both sides. Numbers
# such as ² and ½ are no digits; the ideographic zero and Roman numerals (Nl) are letters in use.
_LETTERS, _MARKS, _DIGITS = r"\p{L}\p{Nl}", r"\p{M}", r"\p{Nd}"
_RARE = re.compile("[\u200c\u200d\ud800-\udfff\U00010000-\U0010ffff]")

_log = logging.getLogger(__name__)

_SOFT_HYPHEN = "\xad"
_FOREIGN = "?"  # what `encode` writes for characters outside of a set

# Eight-bit character sets that hold nearly all text of a language, typographic punctuation
# included; all their characters are NFC-normalised. Other languages have cp1252, or a script
# that no such set serves, or (Azeri) letters that none has all of.
_CHARACTER_SETS = {
    **dict.fromkeys("be bg mk ru sr uk".split(), "cp1251"),
    **dict.fromkeys("cs hr hu pl sk sl".split(), "cp1250"),
    "tr": "cp1254",
}
_NO_CHARACTER_SET = frozenset(
    "am ar arz as az bn bo crh dz el fa gag gu he hi hy ka km kn lo ml mr my ne or pa ps pnb sa "
    "sd si ta te ug ur yi".split()
)


class FastTokenizer:
    """Runs of letters, combining marks and digits, lower-case; punctuation is dropped.

    Languages without spaces between words are segmented first, by the package of their extra.
    """

    def __init__(self, language_code: str, digits: str) -> None:
        self.language = language(language_code)
        self._segment = open_segmenter(self.language)
        if not (self.language.spaces or self._segment):
            _log.warning(
                "language %s writes no spaces between words, and no segmenter for it is known: "
                "whole phrases become words",
                language_code,
            )
        self._digits = digit_rule(self.language, digits)
        self._characters = _LETTERS + _DIGITS if digits in ("keep", "map") else _LETTERS
        self._through_table = None if self._segment else self._make_table(digits)

    def words(self, text: str) -> list[str]:
        """The words of `text`, NFC-normalised and lower-case."""
        if self._through_table:
            mapped = self._through_table(text)
            if _FOREIGN not in mapped:
                return mapped.split()
        return self._any_words(text)

    def sentences(self, text: str) -> list[str]:
        """The sentences of `text`, by the language's terminators and abbreviations."""
        return split_sentences(text, self.language)

    def words_by_sentence(self, text: str) -> list[list[str]]:
        """The words of each sentence of `text`."""
        sentences = self.sentences(text)
        if not self._through_table:
            return list(map(self._any_words, sentences))
        lines = self._through_table("\n".join(sentences)).split("\n")
        return [
            self._any_words(sentence) if _FOREIGN in line else line.split()
            for sentence, line in zip(sentences, lines, strict=bool(sentences))
        ]

    def _make_table(self, digits: str) -> Callable[[str], str] | None:
        if self.language.code in _NO_CHARACTER_SET:
            return None
        codec = _CHARACTER_SETS.get(self.language.code, "cp1252")
        return _through_table(self.language, codec, digits)

    def _any_words(self, text: str) -> list[str]:
        """The words of a text in any script."""
        text = unicodedata.normalize("NFC", text).replace(_SOFT_HYPHEN, "")
        if self._segment:
            text, segment = normalize(text), self._segment
            text = " ".join(w for piece in pieces(text, self.language) for w in segment(piece))
        text = self._digits(self.language.lower(text))
        pattern = (_rare_words if _RARE.search(text) else _words)(self._characters)
        found: list[str] = pattern.findall(text)
        return found


class Text8Tokenizer(FastTokenizer):
    """Words as in Matt Mahoney's text8: letters only, digits spelled out one by one.

    English keeps a-z alone, as the original does; other languages keep their letters and
    combining marks. Where a language's digit words are unknown, digits are dropped.
    Rules: http://mattmahoney.net/dc/textdata.html
    """

    def _make_table(self, digits: str) -> Callable[[str], str] | None:
        if self.language.code == "en":
            return _through_table(self.language, "ascii", digits)
        return super()._make_table(digits)


class WhitespaceTokenizer:
    """What stands between white space, as it is: for text that is tokenised already."""

    def __init__(self, language_code: str, digits: str) -> None:
        self.language = language(language_code)
        self._digits = digit_rule(self.language, digits)

    def words(self, text: str) -> list[str]:
        """The words of `text`, but for digits unchanged."""
        return self._digits(text).split()

    def sentences(self, text: str) -> list[str]:
        """The lines of `text`."""
        return [line.strip() for line in text.split("\n") if line.strip()]

    def words_by_sentence(self, text: str) -> list[list[str]]:
        """The words of each line of `text`."""
        return list(map(self.words, self.sentences(text)))


@cache
def _rare_words(characters: str) -> regex.Pattern[str]:
    """Words of any characters, joined ones included."""
    word = rf"[{characters}][{characters}{_MARKS}]*+"
    return regex.compile(rf"{word}(?:[\u200c\u200d]++[{characters}{_MARKS}]++)*+")


@cache
def _words(characters: str) -> re.Pattern[str]:
    """Words without joiners of the first 65,536 characters.

    `re` looks those up in one table, and is twice as fast with it as `regex` with properties.
    """
    return re.compile(f"[{_ranges(characters)}][{_ranges(characters + _MARKS)}]*+")


def _ranges(characters: str) -> str:
    plane = "".join(map(chr, range(0x10000)))
    runs = regex.finditer(f"[{characters}]+", plane)
    return "".join(f"\\u{run.start():04x}-\\u{run.end() - 1:04x}" for run in runs)


def _through_table(language: Language, codec: str, digits: str) -> Callable[[str], str]:
    """A function that lower-cases words and puts spaces between them, by a table of 256 bytes.

    Line breaks stay. Where it meets a character outside of the set, it writes `_FOREIGN`, which
    nothing else becomes; with ASCII those characters are spaces.

    Args:
        language: Its capitals and digit words are used.
        codec: The character set.
        digits: One of `nlp_engine.text.digits.DIGITS`.
    """
    characters = [bytes([code]).decode(codec, "replace") for code in range(256)]
    kept = {"\n"} if codec == "ascii" else {"\n", _FOREIGN}
    table = "".join(
        language.lower(c) if c.isalpha() or c.isdecimal() or c in kept else " " for c in characters
    ).encode(codec)
    replaced = []
    words = digit_words(language, digits)
    if words and all(len(word) == 1 for word in words):
        table = table.translate(bytes.maketrans(b"0123456789", "".join(words).encode()))
    elif words:
        replaced = [(str(digit), word) for digit, word in enumerate(words)]
    deleted = b"" if codec == "ascii" else _SOFT_HYPHEN.encode(codec)

    def through_table(text: str) -> str:
        data = text.replace(_FOREIGN, " ").encode(codec, "replace")
        text = data.translate(table, deleted).decode(codec)
        for digit, word in replaced:
            text = text.replace(digit, word)
        return text

    return through_table
