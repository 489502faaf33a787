"""Personalize's limits.

From its developer guide: "Endpoints and quotas", "Creating schema JSON files", "Preparing item
metadata".
"""

from __future__ import annotations

MAX_ID_CHARACTERS = 256
"""ITEM_ID and USER_ID; the import fails above."""

MAX_CELL_CHARACTERS = 1000
"""A categorical or plain string cell, separators included; the import fails above."""

MAX_TEXT_CHARACTERS = 20_000
"""A textual cell; Personalize silently cuts what is longer."""

MAX_TEXT_CHARACTERS_CJK = 7_000
"""The same for Chinese and Japanese."""

MAX_DISTINCT_VALUES = 1000
"""Values of one categorical column, a recommendation of AWS."""

MIN_COMPLETENESS = 0.7
"""Share of rows with a value, a recommendation of AWS."""

MAX_ITEM_COLUMNS = 100
"""Metadata columns of an Items dataset, ITEM_ID not counted."""

MAX_TEXTUAL_COLUMNS = 1
MAX_SCHEMA_CHARACTERS = 20_000
MAX_COLUMN_NAME_CHARACTERS = 150

VALUE_SEPARATOR = "|"
"""Between the values of a categorical cell."""


def max_text_characters(language: str) -> int:
    """Characters of a textual cell that Personalize uses."""
    return MAX_TEXT_CHARACTERS_CJK if language in ("zh", "ja") else MAX_TEXT_CHARACTERS
