"""CSV files whose labels are numbers of lines in `classes.txt`.

The layout of DBpedia, AG News, Yelp and others as Zhang, Zhao and LeCun (2015) published them and
AWS's examples use them: no header, the class's number from 1, then fields of text in which a
backslash and an n stand for a line break.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nlp_engine.corpus.settings import SourceSettings
from nlp_engine.corpus.sources.decoding import read_lines
from nlp_engine.corpus.sources.listing import CLASSES_FILE
from nlp_engine.corpus.sources.source import Row, Table
from nlp_engine.corpus.sources.tables import csv_records
from nlp_engine.errors import InputError
from nlp_engine.progress import Report


def has_classes(path: Path, delimiter: str, reading: SourceSettings) -> bool:
    """Whether `classes.txt` lies beside the file and its first field is a number.

    Whoever says that there is no header, or names the columns, wants the file as it is.
    """
    if not reading.has_header or not (path.parent / CLASSES_FILE).is_file():
        return False
    first = next(csv_records(path, delimiter, reading, Counter()), None)
    return first is not None and len(first[1]) > 1 and first[1][0].strip().isdecimal()


def open_classes(
    path: Path, delimiter: str, reading: SourceSettings, damaged: Counter[str]
) -> Table:
    """The file's rows: `label`, the class's name; `text`, all of it; and its fields from `2` on.

    Raises:
        InputError: No class has a row's number.
    """
    classes_file = path.parent / CLASSES_FILE
    classes = [line.strip() for line in read_lines(classes_file)]
    while classes and not classes[-1]:
        classes.pop()
    _, first = next(csv_records(path, delimiter, reading, damaged))
    fields = [str(number) for number in range(2, len(first) + 1)]

    def rows(report: Report) -> Iterator[Row]:
        for line, record in csv_records(path, delimiter, reading, damaged, report):
            if len(record) != len(first):
                raise InputError(
                    f"{path}, line {line}: {len(record)} fields, the first line has {len(first)}"
                )
            number, texts = record[0].strip(), [text.replace("\\n", "\n") for text in record[1:]]
            if not number.isdecimal() or not 1 <= int(number) <= len(classes):
                raise InputError(
                    f"{path}, line {line}: class {number!r}; {classes_file} has the classes "
                    f"1 to {len(classes)}"
                )
            text = "\n".join(text for text in texts if text)
            yield {"label": classes[int(number) - 1], "text": text} | dict(
                zip(fields, texts, strict=True)
            )

    return Table(["label", "text", *fields], rows)
