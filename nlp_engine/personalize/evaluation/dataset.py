"""An items folder as the evaluation needs it: ids, categories and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.personalize import limits
from nlp_engine.personalize.evaluation.features import category_features, together
from nlp_engine.personalize.schema import ITEM_ID, read_columns
from nlp_engine.personalize.table import read_rows
from nlp_engine.personalize.text_encoder import TextEncoder

ALL_CATEGORIES = "all categories"


@dataclass(frozen=True, kw_only=True)
class ItemsDataset:
    """The rows of `items.csv`, column by column.

    Attributes:
        ids: (N) the items' ids.
        categories: (N) lists of values of each categorical column.
        texts: (N) texts of the textual column, empty if there is none.
    """

    ids: Sequence[str]
    categories: Mapping[str, Sequence[Sequence[str]]]
    texts: Sequence[str]

    @classmethod
    def read(cls, folder: Path) -> ItemsDataset:
        """Read `schema.json` and `items.csv`.

        Raises:
            InputError: A file is missing, or they do not fit together.
        """
        columns = read_columns(check_input_file(folder / "schema.json").read_text("utf-8"))
        names = [column.name for column in columns]
        rows = read_rows(folder / "items.csv")
        _, header = next(rows, (0, []))
        if header != names or ITEM_ID not in names:
            raise InputError(
                f"{folder}: items.csv has not the columns of schema.json, {ITEM_ID} among them; "
                "see nlp-engine items check"
            )
        ids: list[str] = []
        texts: list[str] = []
        categories: dict[str, list[list[str]]] = {c.name: [] for c in columns if c.categorical}
        textual = next((number for number, c in enumerate(columns) if c.textual), None)
        for line, row in rows:
            if len(row) != len(header):
                raise InputError(
                    f"{folder}/items.csv, line {line}: {len(row)} fields instead of {len(header)}"
                )
            ids.append(row[names.index(ITEM_ID)])
            texts.append("" if textual is None else row[textual])
            for name, values in categories.items():
                cell = row[names.index(name)]
                values.append(cell.split(limits.VALUE_SEPARATOR) if cell else [])
        return cls(ids=ids, categories=categories, texts=texts)

    def features(self) -> dict[str, Any]:
        """Features of each categorical column, and of all together if there are several."""
        found = {name: category_features(values) for name, values in self.categories.items()}
        if len(found) > 1:
            found[ALL_CATEGORIES] = together(list(found.values()))
        return found

    def text_vectors(self, codebook: Path, vectors: WordVectors) -> NDArray[np.float32]:
        """(N, D) vectors of the texts, as the codebook's topics were made from them.

        Raises:
            InputError: The codebook was fitted on other vectors.
            FormatError: The folder is no codebook.
        """
        encoder = TextEncoder.open(codebook, vectors)
        tokenizer = vectors.tokenizer()
        return encoder.encode_words([tokenizer.words(text) for text in self.texts])
