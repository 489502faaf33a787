"""Augmented manifests: labelled texts as JSON Lines, in the form that SageMaker reads and writes.

A line is an object with the text under `source` and its label, or a list of labels, under another
name, which a labelling job chooses; what it adds itself is under names that end in `-metadata`.
In a pipe SageMaker sends the values alone, each as a record, in the order that a training job asks
for; BlazingText's is the text, then the label.
Source: Amazon SageMaker developer guide, "Augmented manifest files" and "BlazingText".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nlp_engine.corpus.examples import labels_of
from nlp_engine.corpus.labelled import LABEL_PREFIX, escape_word, label_name, split_words
from nlp_engine.errors import InputError
from nlp_engine.files import open_input

TEXT, LABEL = "source", "label"
_ADDED = "-metadata"
_HEAD_BYTES = 1 << 10


def is_augmented_manifest(path: Path) -> bool:
    """Whether a file begins as an augmented manifest does: with a JSON object."""
    with open_input(path) as file:
        return file.read(_HEAD_BYTES).lstrip().startswith(b"{")


def write_labelled(path: Path, out: Path) -> dict[str, str]:
    """Write an augmented manifest as fastText's `__label__NAME word word …`, a line each.

    Texts are taken as they are: their words are those between spaces.

    Returns:
        The labels as they were, by label word.

    Raises:
        InputError: The file is missing or damaged, or a line is no such object; the message names
            the line.
    """
    names: dict[str, str] = {}
    with out.open("w", encoding="utf-8", newline="") as target:
        for number, record in _records(path):
            try:
                labels = labels_of(record[_label_key(record)], None)
                words = [escape_word(word) for word in split_words(_text(record))]
            except (TypeError, KeyError) as error:
                raise InputError(f"{path}, line {number}: {error.args[0]}") from error
            escaped = [LABEL_PREFIX + label_name(label) for label in labels]
            for word, label in zip(escaped, labels, strict=True):
                if names.setdefault(word, label) != label:
                    raise InputError(
                        f"{path}, line {number}: the labels {names[word]!r} and {label!r} would "
                        f"both be {word}, as labels have no spaces; rename one"
                    )
            target.write(" ".join([*dict.fromkeys(escaped), *words]) + "\n")
    return names


def write_manifest_of_records(records: Iterable[bytes], out: Path, name: str) -> None:
    """Write an augmented manifest of what a pipe brings of one: texts, and behind each its label.

    Both may be as JSON has them or plain.

    Args:
        records: The values, UTF-8.
        out: The file to write.
        name: Of the pipe, for errors.

    Raises:
        InputError: A record is no text or no label, or the last label is missing.
    """
    values = iter(_texts(records, name))
    with out.open("w", encoding="utf-8") as target:
        for number, text in enumerate(values):
            label = next(values, None)
            if label is None:
                raise InputError(f"{name}, record {2 * number}: a text without a label behind it")
            text, label = _plain(text), _json(label)
            if number == 0 and not isinstance(_json(text), str) and " " in str(label):
                raise InputError(
                    f"{name} begins with {text!r:.60}, then {label!r:.60}: a label before its "
                    f"text? The job's AttributeNames must be {TEXT!r}, then the label's name"
                )
            try:
                labels_of(label, None)
            except TypeError as error:
                raise InputError(f"{name}, record {2 * number + 1}: {error}") from error
            target.write(json.dumps({TEXT: text, LABEL: label}, ensure_ascii=False) + "\n")


def _texts(records: Iterable[bytes], name: str) -> Iterator[str]:
    for number, record in enumerate(records):
        try:
            yield record.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{name}, record {number} is not UTF-8 ({error.reason})") from error


def _json(value: str) -> Any:
    """The value if it is JSON, else the text as it is."""
    try:
        return json.loads(value)
    except ValueError:
        return value


def _plain(text: str) -> str:
    """A text, which may be in quotation marks as in JSON."""
    value = _json(text) if text.startswith('"') else text
    return value if isinstance(value, str) else text


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with open_input(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise InputError(f"{path}, line {number}: no JSON ({error})") from error
            if not isinstance(record, dict):
                raise InputError(f"{path}, line {number}: no JSON object")
            yield number, record


def _label_key(record: Mapping[str, Any]) -> str:
    keys = [key for key in record if key != TEXT and not key.endswith(_ADDED)]
    if len(keys) != 1:
        found = ", ".join(map(repr, keys)) or "nothing"
        raise KeyError(f"beside {TEXT!r} one name with the label is expected, found {found}")
    return keys[0]


def _text(record: Mapping[str, Any]) -> str:
    text = record.get(TEXT)
    if not isinstance(text, str):
        raise TypeError(f"{TEXT!r} is {text!r:.60}; it must be the text")
    return text.replace("\n", " ")
