"""Making labelled corpora: examples without duplicates, split into folds, with a class report."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine import settings
from nlp_engine.corpus.class_report import class_report, find_conflicts, write_class_report
from nlp_engine.corpus.duplicates import Groups, group_texts
from nlp_engine.corpus.examples import Example, largest_labels, read_examples
from nlp_engine.corpus.folds import assign_folds, distinct, without_held_out
from nlp_engine.corpus.labelled import FOLDS, LABEL_PREFIX, escape_labels, write_labels
from nlp_engine.corpus.settings import LabelSettings
from nlp_engine.corpus.sources import Source, open_source
from nlp_engine.corpus.sources.listing import CLASSES_FILE
from nlp_engine.corpus.split import parse_split
from nlp_engine.errors import InputError
from nlp_engine.files import new_folder
from nlp_engine.manifest import Manifest, write_manifest
from nlp_engine.progress import Report, silent
from nlp_engine.text.tokenizers import TokenizerSettings, open_tokenizer


def label_corpus(
    source: Path | str,
    out: Path | str,
    *,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make `train.txt`, `validation.txt` and `test.txt` for text classification.

    The folder also gets `labels.json`, the labels by label word, and `classes.json`, the class
    report. Equal and nearly equal texts stay in one fold; the split is deterministic and
    stratified. Folds that a source gives, as `train.csv` and `test.csv`, are kept.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        overwrite: Replace an existing folder.
        report: Told how far the source has been read.
        **options: Fields of `LabelSettings`.

    Returns:
        The folder's manifest; `counts` has labels, examples, examples by fold, documents, and
        what was left out and why.

    Raises:
        InputError: The source cannot be read, has no such columns, or gives under two labels.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    started = time.monotonic()
    chosen = settings.from_mapping(LabelSettings, options)
    shares = parse_split(chosen.split)
    opened = open_source(Path(source), language=chosen.language, reading=chosen)
    opened.check_columns((*chosen.text, chosen.label))
    tokenization = TokenizerSettings(
        name=chosen.tokenizer or ("whitespace" if opened.tokenized else "fast"),
        language=opened.language,
        digits=chosen.digits,
    )
    tokenizer = open_tokenizer(tokenization)
    keep = chosen.duplicates == "keep"
    counts: Counter[str] = Counter()
    with new_folder(Path(out), overwrite=overwrite) as folder:
        examples = list(read_examples(opened, tokenizer, chosen, counts, report))
        if chosen.max_labels is not None:
            examples = largest_labels(examples, chosen.max_labels, counts)
        _check_labels(opened, examples, chosen, counts)
        examples = examples if keep else distinct(examples, counts)
        groups = group_texts([e.words for e in examples], chosen.near_duplicates, report)
        examples, groups = without_held_out(examples, groups, counts, keep=keep)
        folds = assign_folds(examples, groups, shares)
        conflicts = find_conflicts(examples)
        _count(examples, groups, folds, counts)
        counts["conflicts"] = len(conflicts)
        counts |= opened.damaged
        words = escape_labels(dict.fromkeys(label for e in examples for label in e.labels))
        _write_folds(folder, examples, folds, words)
        if chosen.augmented_manifest:
            _write_augmented_manifests(folder, examples, folds, words)
        write_labels(folder, {word: label for label, word in words.items()})
        classes = class_report(examples, folds, groups.tolist(), words, conflicts, counts)
        write_class_report(folder, classes)
        return write_manifest(
            folder,
            format="labelled corpus",
            language=opened.language,
            started=started,
            sources=opened.files,
            parents=opened.parents,
            settings=settings.to_mapping(chosen) | tokenization.for_manifest(),
            counts={"labels": len(words)} | _ordered(counts),
        )


_COUNTS = ("examples", *FOLDS, "documents")


def _ordered(counts: Counter[str]) -> dict[str, int]:
    """What there always is, in this order; then what there is some of."""
    others = {name: count for name, count in counts.items() if count and name not in _COUNTS}
    return {name: counts[name] for name in _COUNTS} | others


def _check_labels(
    source: Source, examples: Sequence[Example], chosen: LabelSettings, counts: Counter[str]
) -> None:
    labels = {label for example in examples for label in example.labels}
    if len(labels) < 2:
        left_out = ", ".join(
            f"{counts[name]:,} {name.replace('_', ' ')}"
            for name in ("without_label", "too_short")
            if counts[name]
        )
        raise InputError(
            f"{source.path}: column {chosen.label!r} gives fewer than two labels with text in "
            f"{counts['documents']:,} documents{f' ({left_out})' if left_out else ''}; "
            "a classifier needs two"
        )


def _count(
    examples: Sequence[Example],
    groups: Groups,
    folds: Sequence[str],
    counts: Counter[str],
) -> None:
    counts["examples"] = len(examples)
    for fold in FOLDS:
        counts[fold] = folds.count(fold)
    sizes = np.bincount(groups)
    counts["near_duplicates"] = int(sizes[sizes > 1].sum())
    counts["near_duplicate_groups"] = int((sizes > 1).sum())


def _write_folds(
    folder: Path, examples: Sequence[Example], folds: Sequence[str], words: Mapping[str, str]
) -> None:
    for fold in FOLDS:
        with (folder / f"{fold}.txt").open("w", encoding="utf-8") as file:
            for example, its_fold in zip(examples, folds, strict=True):
                if its_fold == fold:
                    labels = " ".join(words[label] for label in example.labels)
                    file.write(f"{labels} {example.words}\n")


def _write_augmented_manifests(
    folder: Path, examples: Sequence[Example], folds: Sequence[str], words: Mapping[str, str]
) -> None:
    """BlazingText's augmented manifests: JSON Lines with `source` and `label`, numbers from 1."""
    numbers = {label: number for number, label in enumerate(words, 1)}
    names = (word.removeprefix(LABEL_PREFIX) for word in words.values())
    (folder / CLASSES_FILE).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    for fold in FOLDS:
        with (folder / f"{fold}.manifest").open("w", encoding="utf-8") as file:
            for example, its_fold in zip(examples, folds, strict=True):
                if its_fold == fold:
                    label = [numbers[label] for label in example.labels]
                    line = {"source": example.words, "label": label if len(label) > 1 else label[0]}
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
