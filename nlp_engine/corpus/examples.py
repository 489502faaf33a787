"""Labelled examples: from the rows of a source to labels and words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine.corpus.labelled import FOLDS, escape_word
from nlp_engine.corpus.settings import LabelSettings
from nlp_engine.corpus.sources import Source, text_of
from nlp_engine.errors import InputError
from nlp_engine.progress import Report
from nlp_engine.text.tokenizers import Tokenizer

_FOLD_NAMES = {name: name for name in FOLDS} | dict.fromkeys(("valid", "val", "dev"), "validation")
_FOLD_IN_NAME = re.compile(rf"(?:^|[._-])({'|'.join(_FOLD_NAMES)})(?:[._-]|$)", re.I)


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text.

    Attributes:
        labels: Its labels, all different, in the order of the source.
        words: Its escaped words, joined by single spaces.
        fold: The fold that the source puts it in, if it says so.
    """

    labels: tuple[str, ...]
    words: str
    fold: str | None = None


def read_examples(
    source: Source,
    tokenizer: Tokenizer,
    chosen: LabelSettings,
    counts: Counter[str],
    report: Report,
) -> Iterator[Example]:
    """The examples of a source, in its order.

    Args:
        source: Where the rows are.
        tokenizer: Makes words of texts.
        chosen: Which columns hold what.
        counts: Gets `documents`, and of those `without_label`; `too_short` counts what has
            fewer than `min_words` words.
        report: Told how far the source has been read.

    Raises:
        InputError: The source cannot be read, or holds something else than labels.
    """
    folds = given_folds(source.path, source.parts) if chosen.given_folds else {}
    for path, row in source.rows_by_file(report):
        counts["documents"] += 1
        try:
            labels = labels_of(row[chosen.label], chosen.label_separator)
        except TypeError as error:
            raise InputError(
                f"{path}, row {counts['documents']} of the source, column {chosen.label!r}: {error}"
            ) from error
        if not labels:
            counts["without_label"] += 1
            continue
        text = text_of(row, chosen.text).replace("\0", " ")  # fastText ends words at NUL
        for piece in text.splitlines() if chosen.paragraphs else [text]:
            words = [escape_word(word) for word in tokenizer.words(piece)]
            if len(words) >= chosen.min_words:
                yield Example(labels, " ".join(words), folds.get(path))
            else:
                counts["too_short"] += 1


def labels_of(value: Any, separator: str | None) -> tuple[str, ...]:
    """The labels in a field: none, one, or several as a list or between separators.

    Raises:
        TypeError: It is something else.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ()
    if isinstance(value, dict | bytes):
        raise TypeError(f"a label is a text, a number or a list of those, not {value!r:.60}")
    if isinstance(value, list | tuple):
        pieces = [piece for item in value for piece in labels_of(item, separator)]
    elif separator is not None:
        pieces = [piece.strip() for piece in str(value).split(separator)]
    else:
        pieces = [str(value)]
    return tuple(dict.fromkeys(piece for piece in pieces if piece.replace("\0", " ").strip()))


def given_folds(root: Path, files: Sequence[Path]) -> dict[Path, str]:
    """The folds of files that are named after them, or lie in folders that are.

    Args:
        root: The folder of the source.
        files: Its files, such as `train.csv` and `test.csv`, or `train/pos/1.txt`.

    Returns:
        The fold by file; {} unless every file is named so, one for training and one for another.
    """
    folds = {}
    for path in files:
        match = _FOLD_IN_NAME.search(path.name)
        folders = path.parent.relative_to(root).parts if path != root else ()
        names = [match[1].lower()] if match else [f.lower() for f in folders]
        fold = next((_FOLD_NAMES[name] for name in names if name in _FOLD_NAMES), None)
        if fold is None:
            return {}
        folds[path] = fold
    found = set(folds.values())
    return folds if FOLDS[0] in found and len(found) > 1 else {}


def largest_labels(examples: list[Example], count: int, counts: Counter[str]) -> list[Example]:
    """The examples of the labels with the most text; `other_labels` counts those left out."""
    size: Counter[str] = Counter()
    for example in examples:
        for label in example.labels:
            size[label] += len(example.words)
    kept = {label for label, _ in size.most_common(count)}
    result = []
    for example in examples:
        labels = tuple(label for label in example.labels if label in kept)
        if labels:
            result.append(Example(labels, example.words, example.fold))
    counts["other_labels"] = len(examples) - len(result)
    return result
