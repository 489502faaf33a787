"""The tokenizers `fast` and `text8`: runs of letters, without punctuation."""

from __future__ import annotations

from collections.abc import Callable

import regex

from nlp_engine.languages import Language, language
from nlp_engine.text.digits import digit_rule, digit_words
from nlp_engine.text.normalize import normalize
from nlp_engine.text.segmenters import open_segmenter, pieces
from nlp_engine.text.sentences import split_sentences

# A combining mark belongs to the letter before it, a joiner to the letters on both sides. Numbers
# such as ² and ½ are no digits; the ideographic zero and Roman numerals (Nl) are letters in use.
_WORDS = {
    True: regex.compile(r"[\p{L}\p{Nl}\p{Nd}][\p{L}\p{Nl}\p{M}\p{Nd}]*+"),
    False: regex.compile(r"[\p{L}\p{Nl}][\p{L}\p{Nl}\p{M}]*+"),
}
_JOINED_WORDS = {
    digits: regex.compile(rf"{words.pattern}(?:[\u200c\u200d]++[\p{{L}}\p{{Nl}}\p{{M}}]++)*+")
    for digits, words in _WORDS.items()
}
_SOFT_HYPHEN = "\xad"
_ZWNJ, _ZWJ = "\u200c", "\u200d"

# Eight-bit character sets that hold nearly all text of a language, typographic punctuation
# included; all their characters are NFC-normalised. Others are cp1252's, or are not helped.
_CHARACTER_SETS = {
    **dict.fromkeys("be bg mk ru sr uk".split(), "cp1251"),
    **dict.fromkeys("cs hr hu pl sk sl".split(), "cp1250"),
    "tr": "cp1254",
}


class FastTokenizer:
    """Runs of letters, combining marks and digits, lower-case; punctuation is dropped.

    Languages without spaces between words are segmented first, by the package of their extra.
    """

    def __init__(self, language_code: str, digits: str) -> None:
        self.language = language(language_code)
        self._segment = open_segmenter(self.language)
        self._digits = digit_rule(self.language, digits)
        self._words = _WORDS[digits in ("keep", "map")]
        self._joined_words = _JOINED_WORDS[digits in ("keep", "map")]
        self._eight_bit_words = None if self._segment else self._find_eight_bit_words(digits)

    def words(self, text: str) -> list[str]:
        """The words of `text`, NFC-normalised and lower-case."""
        if self._eight_bit_words:
            try:
                return self._eight_bit_words(text)
            except UnicodeEncodeError:
                pass
        return self._any_words(text)

    def sentences(self, text: str) -> list[str]:
        """The sentences of `text`, by the language's terminators and abbreviations."""
        return split_sentences(text, self.language)

    def _find_eight_bit_words(self, digits: str) -> Callable[[str], list[str]] | None:
        if self.language.dotless_i and self.language.code not in _CHARACTER_SETS:
            return None  # cp1252 has no ı
        codec = _CHARACTER_SETS.get(self.language.code, "cp1252")
        return _eight_bit_words(self.language, codec, digits)

    def _any_words(self, text: str) -> list[str]:
        """The words of a text in any script."""
        text = normalize(text).replace(_SOFT_HYPHEN, "")
        if self._segment:
            segment = self._segment
            text = " ".join(w for piece in pieces(text, self.language) for w in segment(piece))
        text = self._digits(self.language.lower(text))
        joined = _ZWNJ in text or _ZWJ in text
        found: list[str] = (self._joined_words if joined else self._words).findall(text)
        return found


class Text8Tokenizer(FastTokenizer):
    """Words as in Matt Mahoney's text8: letters only, digits spelled out one by one.

    English keeps a-z alone, as the original does; other languages keep their letters and
    combining marks. Where a language's digit words are unknown, digits are dropped.
    Rules: http://mattmahoney.net/dc/textdata.html
    """

    def _find_eight_bit_words(self, digits: str) -> Callable[[str], list[str]] | None:
        if self.language.code == "en":
            return _eight_bit_words(self.language, "ascii", digits, errors="replace")
        return super()._find_eight_bit_words(digits)


def _eight_bit_words(
    language: Language, codec: str, digits: str, errors: str = "strict"
) -> Callable[[str], list[str]]:
    """A function that finds words as `_any_words` does, but through a table of 256 characters.

    Args:
        language: Its capitals and digit words are used.
        codec: The character set.
        digits: One of `nlp_engine.text.digits.DIGITS`.
        errors: `strict`, or `replace` to take other characters for spaces.
    """
    characters = (bytes([code]).decode(codec, "replace") for code in range(256))
    table = "".join(
        language.lower(c) if c.isalpha() or c.isdecimal() else " " for c in characters
    ).encode(codec)
    replaced = []
    words = digit_words(language, digits)
    if words and all(len(word) == 1 for word in words):
        table = table.translate(bytes.maketrans(b"0123456789", "".join(words).encode()))
    elif words:
        replaced = [(str(digit), word) for digit, word in enumerate(words)]
    deleted = b"" if codec == "ascii" else _SOFT_HYPHEN.encode(codec)

    def find(text: str) -> list[str]:
        text = text.encode(codec, errors).translate(table, deleted).decode(codec)
        for digit, word in replaced:
            text = text.replace(digit, word)
        return text.split()

    return find
