"""The format of labelled corpora: fastText's `__label__NAME word word …`, one example per line.

By fastText's rules (dictionary.cc) words end at ASCII white space or NUL alone; any word that
begins with the prefix is a label wherever it stands; a word `</s>` ends the line; a labelled line
may be of any length. Words are escaped here so that no label is ever invented, split or lost.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.files import check_input_file
from nlp_engine.manifest import Manifest, manifest_of_file, read_manifest

FOLDS = ("train", "validation", "test")
LABEL_PREFIX = "__label__"
QUOTED_LABEL = f'"{LABEL_PREFIX}'  # as writers of CSV put it
LABELS_FILE = "labels.json"
LINE_END_WORD = "</s>"
_SPACE = re.compile(r"[ \n\r\t\v\f\0]+")


@dataclass(frozen=True, slots=True)
class LabelledFiles:
    """Where a labelled corpus lies: its files and the manifest of its folder, if it has one."""

    train: Path
    validation: Path | None
    test: Path | None
    labels: Mapping[str, str]
    manifest: Manifest | None

    @property
    def folds(self) -> dict[str, Path | None]:
        """The files by fold; None for those that are missing."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def labelled_files(path: Path) -> LabelledFiles:
    """The files of a labelled corpus folder; or one labelled file for training.

    `labels` maps label words such as `__label__Abraham_Lincoln` to the labels as they were.

    Raises:
        InputError: Missing, or a folder that is no labelled corpus.
    """
    if not path.is_dir():
        manifest = manifest_of_file(check_input_file(path), "labelled corpus")
        labels = read_labels(path.parent) if manifest else {}
        return LabelledFiles(path, None, None, labels, manifest)
    manifest = read_manifest(path, "labelled corpus")
    train, *others = (path / f"{fold}.txt" for fold in FOLDS)
    validation, test = (other if other.stat().st_size else None for other in others)
    return LabelledFiles(train, validation, test, read_labels(path), manifest)


def read_labels(folder: Path) -> dict[str, str]:
    """The labels by label word from a folder's `labels.json`; {} if it has none."""
    path = folder / LABELS_FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_labels(folder: Path, labels: Mapping[str, str]) -> None:
    """Write `labels.json`: the labels by label word."""
    text = json.dumps(labels, indent=2, ensure_ascii=False)
    (folder / LABELS_FILE).write_text(text + "\n", encoding="utf-8")


def escape_labels(labels: Iterable[str]) -> dict[str, str]:
    """FastText label words for labels: prefix added, white space replaced, all different.

    Args:
        labels: The labels, any text.

    Returns:
        The label word by label, e.g. `__label__Abraham_Lincoln` for `Abraham Lincoln`.
    """
    escaped: dict[str, str] = {}
    taken: set[str] = set()
    for label in labels:
        name = label_name(label)
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique)
        escaped[label] = LABEL_PREFIX + unique
    return escaped


def label_name(label: str) -> str:
    """A label as one word: NFC, with underscores for white space."""
    return re.sub(r"[\s\0]+", "_", unicodedata.normalize("NFC", label).strip()) or "_"


def escape_word(word: str) -> str:
    """A word that fastText reads as one word and not as a label or line end."""
    if word.startswith(LABEL_PREFIX):
        return "_" + word
    return "&lt;/s&gt;" if word == LINE_END_WORD else word


def split_words(line: str) -> list[str]:
    """The words of a line as fastText separates them."""
    return [word for word in _SPACE.split(line) if word]
