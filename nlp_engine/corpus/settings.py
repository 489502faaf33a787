"""Settings of the corpus commands."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting
from nlp_engine.text.digits import DIGITS
from nlp_engine.text.tokenizers import TOKENIZERS

FORMATS = ("sentences", "text8")
ENCODING_ERRORS = ("strict", "replace", "skip")
DOCUMENTS = ("line", "block", "file")
DUPLICATES = ("drop", "keep")

_DIGITS_HELP = (
    "keep digits, spell each as a word, map each to 0, or drop them; "
    "by default text8 spells and the others keep them"
)


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """How the files of a source are read."""

    encoding: str = setting(
        "utf-8", metavar="NAME", help="encoding of text files, such as latin-1, cp1252 or utf-16"
    )
    encoding_errors: str = setting(
        "strict",
        choices=ENCODING_ERRORS,
        help="what becomes of bytes that are not in the encoding: strict stops at them; replace "
        "puts U+FFFD; skip leaves out the line, or the record of a CSV file",
    )
    files: str | None = setting(
        None, metavar="PATTERN", help="which files of a folder, such as *.csv; by default all"
    )
    documents: str = setting(
        "line",
        choices=DOCUMENTS,
        help="what one document of a plain text file is: a line, a block of lines between blank "
        "lines, or the file",
    )
    header: bool = setting(True, help="whether the first line of a CSV file names its columns")
    columns: str | None = setting(
        None,
        metavar="A,B,…",
        help="names of the columns of a CSV file without header; by default 1,2,…",
    )
    delimiter: str | None = setting(
        None, metavar="CHAR", help="what separates CSV fields; by default a comma, in .tsv a tab"
    )
    quoting: bool = setting(True, help="whether double quotes enclose CSV fields")

    def __post_init__(self) -> None:
        settings.check(self)

    @property
    def has_header(self) -> bool:
        """Whether the first line of a CSV file names its columns; not if they are named here."""
        return self.header and self.columns is None


@dataclass(frozen=True, kw_only=True)
class CorpusSettings(SourceSettings):
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
    workers: int = setting(
        1, minimum=1, recorded=False, help="processes that tokenise; the corpus is the same"
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.shuffle and self.format == "text8":
            raise SettingError("shuffle needs sentences, and text8 is one line; leave one of them")
        if self.max_bytes is not None:
            settings.byte_size("max_bytes", self.max_bytes)


@dataclass(frozen=True, kw_only=True)
class LabelSettings(SourceSettings):
    """How a labelled corpus is made."""

    text: tuple[str, ...] = setting(
        ("text",), metavar="COL", help="column that holds text; may be given several times"
    )
    label: str = setting(
        "label", metavar="COL", help="column that holds the label, or a list of labels"
    )
    label_separator: str | None = setting(
        None, metavar="TEXT", help="what separates several labels in one field, such as |"
    )
    split: str = setting(
        "80/10/10", metavar="80/10/10", help="shares of train, validation and test"
    )
    given_folds: bool = setting(
        True, help="keep the folds of files named train, validation and test in a folder"
    )
    duplicates: str = setting(
        "drop",
        choices=DUPLICATES,
        help="drop: equal texts with equal labels count once, and what is like a given test or "
        "validation example does not go to train; keep: all stay",
    )
    near_duplicates: float = setting(
        0.8,
        minimum=0.7,
        maximum=1.0,
        help="texts that share this part of their 5-character pieces (Jaccard) go to the same "
        "fold; 1: equal texts only",
    )
    tokenizer: str | None = setting(
        None,
        choices=tuple(TOKENIZERS),
        help="how text becomes words; by default fast, or whitespace for text with fastText labels",
    )
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
    augmented_manifest: bool = setting(
        False,
        help="also write train.manifest, … for BlazingText's augmented manifest mode, with numbers "
        "as labels: line N of classes.txt is label N",
    )

    def __post_init__(self) -> None:
        settings.check(self)
        if self.label_separator == "":
            raise SettingError("label_separator is empty; it must be a text such as |")
