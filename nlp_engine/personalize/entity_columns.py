"""The columns of entities that a dataset gets.

A column keeps 1,000 values. Where texts name rarer entities, too few items keep one; then the
categories of the entities, which many of them share, stand in for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.personalize import limits
from nlp_engine.personalize.check import Finding, Findings, Level
from nlp_engine.personalize.collecting import ENTITIES, blocks
from nlp_engine.personalize.values import ValueCollector, ValueColumn

CATEGORIES = "ENTITY_CATEGORIES"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityChoice:
    """What decides which columns there are.

    Attributes:
        kb: Has the entities' categories.
        values: `auto`, `entities` or `categories`.
        types_are_asked_for: Whether all columns of types stay, and not those alone that most items
            have.
        before: The kept values of an earlier dataset by column, which then decides; None without.
    """

    kb: KnowledgeBase
    values: str
    types_are_asked_for: bool
    before: Mapping[str, Sequence[str]] | None


def entity_columns(
    found: Mapping[str, ValueColumn], choice: EntityChoice, scratch: Path, notes: Findings
) -> dict[str, ValueColumn]:
    """The columns of entities or their categories, and of types, in order.

    Args:
        found: The column ENTITIES of N items, and those of types.
        choice: What decides.
        scratch: A folder for what does not stay in memory; it must outlive the result.
        notes: Are told where entities are few, and what was done about it.
    """
    rest = {
        name: column
        for name, column in found.items()
        if name != ENTITIES and _type_stays(name, column, choice)
    }
    return _first_column(found[ENTITIES], choice, scratch, notes) | rest


def _type_stays(name: str, column: ValueColumn, choice: EntityChoice) -> bool:
    if choice.before is not None:
        return name in choice.before
    return choice.types_are_asked_for or _is_filled(column)


def _first_column(
    entities: ValueColumn, choice: EntityChoice, scratch: Path, notes: Findings
) -> dict[str, ValueColumn]:
    wanted, before = choice.values, choice.before
    if wanted == "auto" and before is not None:
        wanted = "categories" if CATEGORIES in before else "entities"
    if wanted == "entities" or (wanted == "auto" and _is_filled(entities)):
        return {ENTITIES: entities}
    kept = (before or {}).get(CATEGORIES, ())
    categories = _of_categories(entities, choice.kb, scratch / CATEGORIES, kept)
    if wanted == "categories":
        return {CATEGORIES: categories}
    most, share = limits.MAX_DISTINCT_VALUES, f"{limits.MIN_COMPLETENESS:.0%}"
    have = f"{entities.filled:,} of {len(entities):,} items have one of the {most:,} entities kept"
    if _is_filled(categories):
        _note(
            notes, CATEGORIES, "entity-categories",
            f"{have}; AWS recommends {share}: so the column has the categories of the items' "
            f"entities, which {categories.filled:,} items have; keep the entities by "
            "--entity-values entities",
        )  # fmt: skip
        return {CATEGORIES: categories}
    _note(
        notes, ENTITIES, "few-entities",
        f"{have}, and {categories.filled:,} one of their categories; AWS recommends {share}: a "
        "lower --rho, longer texts or a larger knowledge base find more; without --kb the column "
        "is left out",
    )  # fmt: skip
    return {ENTITIES: entities}


def _is_filled(column: ValueColumn) -> bool:
    return column.filled >= limits.MIN_COMPLETENESS * len(column)


def _note(notes: Findings, column: str, rule: str, message: str) -> None:
    notes.add(Finding(Level.WARNING, rule, message, column=column))


def _of_categories(
    entities: ValueColumn, kb: KnowledgeBase, path: Path, kept: Sequence[str]
) -> ValueColumn:
    """The categories of the items' entities, those of the highest rho first."""
    categories = _categories(kb, entities.values)
    of_items = (
        dict.fromkeys(category for number in numbers for category in categories.get(number, ()))
        for numbers in entities.numbers()
    )
    collector = ValueCollector(path)
    for block in blocks(of_items):
        collector.add(block)
    return collector.finish(kept)


def _categories(kb: KnowledgeBase, titles: Sequence[str]) -> dict[int, list[str]]:
    """The categories of entities, by the entities' places in `titles`."""
    places = {entity: place for place, entity in _entities(kb, titles)}
    wanted = np.zeros(len(kb), bool)
    wanted[list(places)] = True
    found: dict[int, list[str]] = {}
    for category in kb.categories():
        members = kb.entities_of_category(category)
        for entity in members[wanted[members]].tolist():
            found.setdefault(places[entity], []).append(category)
    return found


def _entities(kb: KnowledgeBase, titles: Sequence[str]) -> Iterator[tuple[int, int]]:
    for place, title in enumerate(titles):
        entity = kb.entity(title)
        if entity is not None:
            yield place, entity
