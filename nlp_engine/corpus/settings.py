"""Settings of the corpus commands."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting
from nlp_engine.text.digits import DIGITS
from nlp_engine.text.tokenizers import TOKENIZERS

FORMATS = ("sentences", "text8")

_DIGITS_HELP = (
    "keep digits, spell each as a word, map each to 0, or drop them; "
    "by default text8 spells and the others keep them"
)


@dataclass(frozen=True, kw_only=True)
class CorpusSettings:
    """How a corpus is made."""

    format: str = setting(
        "sentences",
        choices=FORMATS,
        help="sentences: one tokenised sentence per line; text8: one line of words",
    )
    tokenizer: str | None = setting(
        None,
        choices=tuple(TOKENIZERS),
        help="how text becomes words; by default fast, or text8 for the format text8",
    )
    digits: str | None = setting(None, choices=DIGITS, help=_DIGITS_HELP)
    language: str | None = setting(
        None, metavar="CODE", help="language code such as en; by default what the source says"
    )
    text: tuple[str, ...] = setting(
        ("text",), metavar="COL", help="column that holds text; may be given several times"
    )
    min_words: int = setting(1, minimum=1, help="shorter sentences are left out")
    deduplicate: bool = setting(
        False, help="leave out paragraphs whose words are those of an earlier paragraph"
    )
    shuffle: bool = setting(False, help="put the sentences in an order by chance")
    seed: int = setting(0, minimum=0, help="start of the random generator that shuffles")
    max_bytes: str | None = setting(
        None,
        metavar="SIZE",
        help="stop when the corpus has this size, such as 100MB; by default it takes everything",
    )
    workers: int = setting(1, minimum=1, help="processes that tokenise; the corpus is the same")

    def __post_init__(self) -> None:
        settings.check(self)
        if self.shuffle and self.format == "text8":
            raise SettingError("shuffle needs sentences, and text8 is one line; leave one of them")
        if self.max_bytes is not None:
            settings.byte_size("max_bytes", self.max_bytes)


@dataclass(frozen=True, kw_only=True)
class LabelSettings:
    """How a labelled corpus is made."""

    text: tuple[str, ...] = setting(
        ("text",), metavar="COL", help="column that holds text; may be given several times"
    )
    label: str = setting("label", metavar="COL", help="column that holds the label")
    split: str = setting(
        "80/10/10", metavar="80/10/10", help="shares of train, validation and test"
    )
    tokenizer: str = setting("fast", choices=tuple(TOKENIZERS), help="how text becomes words")
    digits: str | None = setting(None, choices=DIGITS, help=_DIGITS_HELP)
    language: str | None = setting(
        None, metavar="CODE", help="language code such as en; by default what the source says"
    )
    paragraphs: bool = setting(
        False, help="make every paragraph an example of its own instead of the whole text"
    )
    min_words: int = setting(1, minimum=1, help="shorter examples are left out")
    max_labels: int | None = setting(
        None, minimum=2, help="keep only the labels with the most text; by default all"
    )

    def __post_init__(self) -> None:
        settings.check(self)
