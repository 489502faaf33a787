"""Labelled corpora in fastText's format: `__label__NAME word word …`, one example per line.

By fastText's rules (dictionary.cc) any word that begins with the prefix is a label wherever it
stands, a word `</s>` ends the line, and labels hold no white space. Words are escaped here so
that no label is ever invented, split or lost.
"""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp_engine import settings
from nlp_engine.corpus.settings import LabelSettings
from nlp_engine.corpus.sources import Source, open_source, text_of
from nlp_engine.corpus.split import FOLDS, parse_split, stratified_split
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file, new_folder
from nlp_engine.manifest import Manifest, manifest_of_file, read_manifest, write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer

LABEL_PREFIX = "__label__"
LABELS_FILE = "labels.json"


@dataclass(frozen=True, slots=True)
class _Example:
    label: str
    words: str  # joined by single spaces


def label_corpus(
    source: Path | str,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make `train.txt`, `validation.txt` and `test.txt` for text classification.

    Equal texts under one label count once. The split is deterministic and stratified.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told how far the source has been read.
        **options: Fields of `LabelSettings`.

    Returns:
        The folder's manifest; `counts` has documents, labels, examples, and examples by fold.

    Raises:
        InputError: The source cannot be read, has no such columns, or gives under two labels.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    started = time.monotonic()
    chosen = settings.from_mapping(LabelSettings, options)
    shares = parse_split(chosen.split)
    opened = open_source(Path(source), language=chosen.language)
    opened.check_columns((*chosen.text, chosen.label))
    tokenization = TokenizerSettings(
        name=chosen.tokenizer, language=opened.language, digits=chosen.digits
    )
    tokenizer = open_tokenizer(tokenization)
    with new_folder(Path(out), overwrite=overwrite) as folder:
        examples = list(dict.fromkeys(_examples(opened, tokenizer, chosen, report)))
        if chosen.max_labels is not None:
            examples = _largest_labels(examples, chosen.max_labels)
        if len({example.label for example in examples}) < 2:
            raise InputError(
                f"{opened.path}: column {chosen.label!r} gives fewer than two labels with text; "
                "a classifier needs two"
            )
        escaped = escape_labels(dict.fromkeys(example.label for example in examples))
        folds = stratified_split(
            [example.words for example in examples], [example.label for example in examples], shares
        )
        for fold in FOLDS:
            with (folder / f"{fold}.txt").open("w", encoding="utf-8") as file:
                for example, its_fold in zip(examples, folds, strict=True):
                    if its_fold == fold:
                        file.write(f"{escaped[example.label]} {example.words}\n")
        labels = {name: label for label, name in escaped.items()}
        write_labels(folder, labels)
        return write_manifest(
            folder,
            format="labelled corpus",
            language=opened.language,
            started=started,
            sources=opened.files,
            parents=opened.parents,
            settings=settings.to_mapping(chosen) | tokenization.for_manifest(),
            counts={"labels": len(labels), "examples": len(examples)} | Counter(folds),
        )


@dataclass(frozen=True, slots=True)
class LabelledFiles:
    """Where a labelled corpus lies: its files and the manifest of its folder, if it has one."""

    train: Path
    validation: Path | None
    test: Path | None
    labels: Mapping[str, str]
    manifest: Manifest | None


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
        name = re.sub(r"[\s\0]+", "_", unicodedata.normalize("NFC", label).strip()) or "_"
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique)
        escaped[label] = LABEL_PREFIX + unique
    return escaped


def escape_word(word: str) -> str:
    """A word that fastText reads as one word and not as a label or line end."""
    if word.startswith(LABEL_PREFIX):
        return "_" + word
    return "&lt;/s&gt;" if word == "</s>" else word


def _examples(
    source: Source, tokenizer: Tokenizer, chosen: LabelSettings, report: Report
) -> Iterator[_Example]:
    for row in source.rows(report):
        label = row[chosen.label]
        if label is None or str(label).strip() == "":
            continue
        text = text_of(row, chosen.text)
        for piece in text.splitlines() if chosen.paragraphs else [text]:
            words = [escape_word(word) for word in tokenizer.words(piece)]
            if len(words) >= chosen.min_words:
                yield _Example(str(label), " ".join(words))


def _largest_labels(examples: list[_Example], count: int) -> list[_Example]:
    size: Counter[str] = Counter()
    for example in examples:
        size[example.label] += len(example.words)
    kept = {label for label, _ in size.most_common(count)}
    return [example for example in examples if example.label in kept]
