"""Labelled examples to evaluate on, in fastText's format and by fastText's rules.

Words end at ASCII white space or NUL; a word that begins with `__label__` is a label wherever it
stands; a line's end or a word `</s>` ends an example; what has no label is no example.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlp_engine.corpus.labelled import LABEL_PREFIX, LINE_END_WORD, QUOTED_LABEL, split_words
from nlp_engine.errors import InputError
from nlp_engine.files import open_input


@dataclass(frozen=True, slots=True)
class LabelledExamples:
    """N examples.

    Attributes:
        labels: (N) the label words of each, none of them twice.
        texts: (N) the other words, separated by single spaces; a text may be empty.
        lines: (N) the line of the file that each stands in, from 1.
        unlabelled: The lines of examples that have no label and are left out.
        quoted: How many of these have a label in quotation marks, as writers of CSV put it.
    """

    labels: Sequence[Sequence[str]]
    texts: Sequence[str]
    lines: Sequence[int]
    unlabelled: Sequence[int]
    quoted: int = 0


def read_examples(path: Path) -> LabelledExamples:
    """Read the examples of a file, plain or compressed.

    Raises:
        InputError: The file is missing or not UTF-8, or no line has a label.
    """
    labels, texts, lines, unlabelled, quoted = [], [], [], [], 0
    for line, words in example_words(path):
        if its_labels := labels_of(words):
            labels.append(its_labels)
            texts.append(" ".join(word for word in words if not word.startswith(LABEL_PREFIX)))
            lines.append(line)
        else:
            unlabelled.append(line)
            quoted += any(word.startswith(QUOTED_LABEL) for word in words)
    if not texts:
        fault = f"no line has a label ({LABEL_PREFIX}NAME)" if unlabelled else "it is empty"
        raise InputError(f"{path} has no example: {fault}")
    return LabelledExamples(labels, texts, lines, unlabelled, quoted)


def example_words(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The line and the words of every example, labels among them; empty ones are passed over.

    Raises:
        InputError: The file is missing or not UTF-8.
    """
    with open_input(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                words = split_words(raw.decode("utf-8"))
            except UnicodeDecodeError as error:
                raise InputError(
                    f"{path}, line {number}: not UTF-8 ({error.reason}); convert it with iconv"
                ) from error
            for is_end, example in itertools.groupby(words, LINE_END_WORD.__eq__):
                if not is_end:
                    yield number, list(example)


def labels_of(words: Sequence[str]) -> list[str]:
    """The label words among words, each once."""
    return list(dict.fromkeys(word for word in words if word.startswith(LABEL_PREFIX)))
