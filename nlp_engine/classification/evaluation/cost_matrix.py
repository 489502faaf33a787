"""Files that say what errors cost.

A CSV file: its header has an empty field and the labels, then follows a row for each true label
with the label and what it costs to predict each label of the header.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp_engine.errors import InputError
from nlp_engine.files import open_input

CostMatrix = NDArray[np.float64]
"""float64 (L, L): what it costs to predict the label of the column if that of the row is true."""


def read_cost_matrix(
    path: Path, labels: Sequence[str], label_words: Mapping[str, str]
) -> CostMatrix:
    """Read what errors cost.

    Args:
        path: The file.
        labels: (L) the model's labels; the file has a row and a column for each, in any order.
        label_words: Labels by label word, by which the file may name them, too.

    Raises:
        InputError: It is missing, no UTF-8, a label is missing, unknown or there twice, a row has
            too few or too many costs, or a cost is no number or below 0.
    """
    with open_input(path) as file:
        try:
            rows = list(csv.reader(codecs.getreader("utf-8-sig")(file), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{path} is no CSV file in UTF-8 ({error})") from error
    rows = [row for row in rows if any(field.strip() for field in row)]
    if not rows:
        raise InputError(f"{path} is empty; its first line should be ,{','.join(labels)}")
    columns = _places(path, "column", rows[0][1:], labels, label_words)
    places = _places(path, "row", [row[0] for row in rows[1:]], labels, label_words)
    costs = np.empty((len(labels), len(labels)))
    for place, row in zip(places, rows[1:], strict=True):
        if len(row) != len(rows[0]):
            raise InputError(
                f"{path}, row {row[0]!r}: {len(row) - 1} costs for {len(columns)} columns"
            )
        for column, field in zip(columns, row[1:], strict=True):
            costs[place, column] = _cost(path, labels[place], labels[column], field)
    return costs


def _places(
    path: Path,
    kind: str,
    given: Sequence[str],
    labels: Sequence[str],
    label_words: Mapping[str, str],
) -> list[int]:
    """Where the labels of the file stand among the model's."""
    place = {label: number for number, label in enumerate(labels)}
    places: list[int] = []
    for field in given:
        name = field.strip()
        name = name if name in place else label_words.get(name, name)
        if name not in place:
            nearest = difflib.get_close_matches(name, labels, n=1)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"it has {_some(labels)}"
            raise InputError(f"{path}, {kind} {name!r}: the model has no such label; {hint}")
        if place[name] in places:
            raise InputError(f"{path} has two {kind}s {name!r}; keep one")
        places.append(place[name])
    missing = [label for label in labels if place[label] not in places]
    if missing:
        raise InputError(f"{path} has no {kind} for {_some(missing)}; it needs one for each label")
    return places


def _cost(path: Path, label: str, predicted: str, field: str) -> float:
    try:
        cost = float(field)
    except ValueError:
        cost = math.nan
    if not math.isfinite(cost):
        fault = "is no number"
    elif cost < 0:
        fault = "is below 0"
    else:
        return cost
    raise InputError(f"{path}, row {label!r}, column {predicted!r}: {field.strip()!r} {fault}")


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(repr(label) for label in labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5:,} more"
