"""Rows of plain text files, and of files in fastText's format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from nlp_engine.corpus.labelled import LABEL_PREFIX, split_words
from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.corpus.sources.decoding import kept_lines
from nlp_engine.corpus.sources.source import Row, Table
from nlp_engine.progress import Report


def open_text(path: Path, root: Path, reading: SourceSettings, damaged: Counter[str]) -> Table:
    """A plain text file: a document is a line, a block of lines between blank ones, or the file.

    Its rows have the columns `text`, `file` (the path below `root`), and `folder`, the name of
    the folder that the file is in, which often is the label of its text.
    """
    place = {"file": path.relative_to(root).as_posix(), "folder": path.absolute().parent.name}

    def rows(report: Report) -> Iterator[Row]:
        lines = (line for _, line in kept_lines(path, reading, damaged, report))
        return ({"text": text} | place for text in _documents(lines, reading.documents))

    return Table(["text", *place], rows)


def open_labelled_text(
    path: Path, names: Mapping[str, str], reading: SourceSettings, damaged: Counter[str]
) -> Table:
    """A file in fastText's format; its rows have `text`, and a list `label`.

    As fastText has it (dictionary.cc), words end at ASCII white space or NUL alone, and every word
    that begins with `__label__` is a label, wherever it stands. Empty lines are passed over.

    Args:
        path: The file.
        names: Labels by label word, where they are not the word without its prefix.
        reading: How the file is read.
        damaged: Counts damaged lines.
    """

    def rows(report: Report) -> Iterator[Row]:
        for _, line in kept_lines(path, reading, damaged, report):
            words = split_words(line)
            labels = [word for word in words if word.startswith(LABEL_PREFIX)]
            if words:
                yield {
                    "text": " ".join(word for word in words if not word.startswith(LABEL_PREFIX)),
                    "label": [names.get(w, w.removeprefix(LABEL_PREFIX)) for w in labels],
                }

    return Table(["text", "label"], rows)


def _documents(lines: Iterator[str], documents: str) -> Iterator[str]:
    if documents == "line":
        yield from lines
    elif documents == "file":
        yield "\n".join(lines)
    else:
        block: list[str] = []
        for line in lines:
            if line.strip():
                block.append(line)
            elif block:
                yield "\n".join(block)
                block = []
        if block:
            yield "\n".join(block)
