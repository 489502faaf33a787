"""Personalize's limits.

From its developer guide: "Endpoints and quotas", "Creating schema JSON files", "Preparing item
metadata", and the model of its API. Where botocore's model has a limit, a test compares the two.
"""

from __future__ import annotations

# Schemas.

MAX_SCHEMA_CHARACTERS = 20_000
"""Text of a schema."""

MAX_COLUMN_NAME_CHARACTERS = 150

MAX_NAME_CHARACTERS = 63
"""Names of schemas, datasets, dataset groups, jobs, solutions, campaigns and filters."""

MAX_ITEM_COLUMNS = 100
"""Metadata columns of an Items dataset, ITEM_ID not counted."""

MAX_USER_COLUMNS = 25
"""Metadata columns of a Users dataset, USER_ID not counted."""

MAX_INTERACTION_COLUMNS = 5
"""Own columns of an Interactions dataset, reserved ones not counted."""

MAX_TEXTUAL_COLUMNS = 1

# Cells.

MAX_ID_CHARACTERS = 256
"""ITEM_ID and USER_ID; the import fails above."""

MAX_CELL_CHARACTERS = 1000
"""A categorical or plain string cell, separators included; the import fails above."""

MAX_TEXT_CHARACTERS = 20_000
"""A textual cell; Personalize silently cuts what is longer."""

MAX_TEXT_CHARACTERS_CJK = 7_000
"""The same for Chinese and Japanese."""

VALUE_SEPARATOR = "|"
"""Between the values of a categorical cell."""

# Columns and files.

MAX_DISTINCT_VALUES = 1000
"""Values of one categorical column, a recommendation of AWS."""

MIN_COMPLETENESS = 0.7
"""Share of rows with a value, a recommendation of AWS."""

MAX_EVENT_TYPES_AND_COLUMNS = 10
"""Event types and optional columns of an Interactions dataset together."""

MIN_INTERACTIONS = 1000
"""Interactions of an import job, and of training."""

MIN_USERS_WITH_INTERACTIONS = 25
"""Users with as many interactions as `MIN_INTERACTIONS_PER_USER`, for training."""

MIN_SHARE_OF_USERS = 0.01
"""The share of all users that they must be, for training."""

MIN_INTERACTIONS_PER_USER = 2

MAX_FULL_IMPORT_BYTES = 100_000_000_000
"""Of an import job in mode FULL."""

MAX_INCREMENTAL_IMPORT_BYTES = 1_000_000_000
"""Of an import job in mode INCREMENTAL."""

MAX_ITEMS_V2_RECIPES = 5_000_000
"""Items that training considers, by the recipes User-Personalization-v2 and the like."""

MAX_ITEMS_SEMANTIC_SIMILARITY = 10_000_000
"""Items that the recipe Semantic-Similarity considers."""

MAX_CONCURRENT_IMPORT_JOBS = 5
"""In a region."""

# Single records.

MAX_ITEMS_PER_PUT = 10
MAX_USERS_PER_PUT = 10
MAX_PUTS_PER_SECOND = 10
"""PutItems and PutUsers, for each dataset group."""

MAX_ITEM_PROPERTIES_CHARACTERS = 32_000
MAX_USER_PROPERTIES_CHARACTERS = 24_000

MAX_EVENTS_PER_PUT = 10
MAX_EVENT_PUTS_PER_SECOND = 1000
MAX_EVENT_BYTES = 10_000
MAX_EVENT_PROPERTIES_CHARACTERS = 1024
MAX_EVENT_TYPE_CHARACTERS = 256
MAX_IMPRESSION_ITEMS = 25
MAX_RECOMMENDATION_ID_CHARACTERS = 40
MAX_ATTRIBUTION_SOURCE_CHARACTERS = 1024

# Filters and solutions.

MAX_FILTER_CHARACTERS = 2500
MAX_EXCLUDED_COLUMNS = 50
"""Of one dataset, in `trainingDataConfig`."""


def max_text_characters(language: str) -> int:
    """Characters of a textual cell that Personalize uses."""
    return MAX_TEXT_CHARACTERS_CJK if language in ("zh", "ja") else MAX_TEXT_CHARACTERS
