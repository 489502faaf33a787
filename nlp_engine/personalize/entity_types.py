"""Types of entities: which of them go to a column of their own, by their categories."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.errors import InputError
from nlp_engine.files import read_toml
from nlp_engine.wiki.tables import wiki_facts

# Categories of English Wikipedia in lower case; those of people are in the tables of `wiki`.
_ENGLISH = {
    "PLACES": r"^(cities|towns|villages|municipalities|counties|provinces|countries|states|"
    r"member states|islands|rivers|lakes|mountains|populated places|capitals|regions|districts|"
    r"boroughs|continents|\S+-speaking countries)( and \w+)?( (in|of|on) .*)?$",
    "ORGANIZATIONS": r"\b(companies|organi[sz]ations|universities|agencies|parties|clubs|bands|"
    r"musical groups|broadcasters|newspapers|publishers|airlines)\b.*\b(established|based|founded"
    r"|of|in)\b",
}

EntityTypes = Mapping[str, "re.Pattern[str]"]
"""For each column, what the lower-case names of its entities' categories match."""


def default_types(language: str) -> EntityTypes:
    """The types that are known for a language: people of many, places and organisations."""
    people = wiki_facts(language).people
    patterns = {"PEOPLE": people} if people else {}
    if language == "en":
        patterns |= _ENGLISH
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


def read_types(path: Path) -> EntityTypes:
    """Types from a TOML file: a regular expression of categories, in lower case, by column name.

    Raises:
        InputError: Missing, no TOML, or an expression that is none.
    """
    return {name: _pattern(path, name, value) for name, value in read_toml(path).items()}


def _pattern(path: Path, name: str, value: Any) -> re.Pattern[str]:
    if not isinstance(value, str):
        raise InputError(f"{path}: {name} must be a text, a regular expression of categories")
    try:
        return re.compile(value)
    except re.error as error:
        raise InputError(
            f"{path}: {name} is {value!r}, which is no regular expression: {error}"
        ) from None


def titles_of_types(kb: KnowledgeBase, types: EntityTypes) -> dict[str, set[str]]:
    """The titles of each type's entities, by the categories of a knowledge base."""
    found: dict[str, set[str]] = {name: set() for name in types}
    for category in kb.categories():
        for name, pattern in types.items():
            if pattern.search(category.lower()):
                entities = kb.entities_of_category(category).tolist()
                found[name].update(kb.title(entity) for entity in entities)
    return found
