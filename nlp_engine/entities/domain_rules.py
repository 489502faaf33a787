"""Rules of a domain: which entities are allowed, blocked or preferred."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.errors import InputError
from nlp_engine.files import read_toml

ACTIONS = ("allow", "block", "boost")
_SELECTORS = ("titles", "title_pattern", "categories", "category_pattern")
_MOST = 1e6
_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainRule:
    """A rule for some entities.

    Attributes:
        action: `allow`, `block`, or `boost`: multiply the prior by `factor`.
        factor: Above 1 prefers, below 1 avoids; at most a million.
        titles: Titles of entities.
        title_pattern: Regular expression; titles that contain a match.
        categories: Names of categories.
        category_pattern: Regular expression; categories whose names contain a match.
    """

    action: str
    factor: float = 1.0
    titles: Sequence[str] = ()
    title_pattern: str = ""
    categories: Sequence[str] = ()
    category_pattern: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainRules:
    """Rules, of which later ones overrule earlier ones; boosts multiply.

    Attributes:
        rules: In order.
        others: Entities without a rule that allows or blocks them: `allow` or `block`.
    """

    rules: Sequence[DomainRule] = ()
    others: str = "allow"

    @classmethod
    def read(cls, path: Path) -> DomainRules:
        """Read a TOML file: `others`, and `[[rule]]` tables with the fields of `DomainRule`.

        Raises:
            InputError: Missing, no TOML, or a rule that is none.
        """
        content = read_toml(path)
        unknown = set(content) - {"rule", "others"}
        if unknown:
            raise InputError(f"{path}: unknown key {min(unknown)!r}; known are others and [[rule]]")
        others = content.get("others", "allow")
        if others not in ACTIONS[:2]:
            raise InputError(f"{path}: others is {others!r}; it must be allow or block")
        tables = content.get("rule", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise InputError(f"{path}: rule must be a list of tables; begin each with [[rule]]")
        return cls(
            rules=[_rule(table, f"{path}, rule {n}") for n, table in enumerate(tables, 1)],
            others=others,
        )

    def factors(
        self, kb: KnowledgeBase, added_titles: Sequence[str] = ()
    ) -> tuple[NDArray[np.int32], NDArray[np.float64], float]:
        """What priors are multiplied by: entities, rising, their factors, and that of others.

        Warns of titles, categories and patterns that nothing in the knowledge base has.
        """
        size = len(kb) + len(added_titles)
        default = float(self.others == "allow")
        if not self.rules:
            return np.empty(0, np.int32), np.empty(0, np.float64), default
        allowed = np.full(size, default)
        boosts = np.ones(size)
        unmet: list[str] = []
        for rule in self.rules:
            chosen = _entities(rule, kb, added_titles, unmet)
            if rule.action == "boost":
                boosts[chosen] *= rule.factor
            else:
                allowed[chosen] = float(rule.action == "allow")
        if unmet:
            message = f"rules that have no effect on {kb.folder}: {'; '.join(unmet[:_SHOWN])}"
            more = f"; and {len(unmet) - _SHOWN:,} more" if len(unmet) > _SHOWN else ""
            warnings.warn(message + more, stacklevel=2)
        values = allowed * boosts
        named = np.flatnonzero(values != default)
        return named.astype(np.int32), values[named], default


def _rule(table: Mapping[str, Any], place: str) -> DomainRule:
    known = DomainRule.__dataclass_fields__
    unknown = set(table) - set(known)
    if unknown:
        raise InputError(f"{place}: unknown key {min(unknown)!r}; known are {', '.join(known)}")
    action = table.get("action")
    if action not in ACTIONS:
        raise InputError(f"{place}: action is {action!r}; it must be one of {', '.join(ACTIONS)}")
    if not any(table.get(name) for name in _SELECTORS):
        raise InputError(f"{place}: it names no entity; give one of {', '.join(_SELECTORS)}")
    for name in ("titles", "categories"):
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
            raise InputError(f"{place}: {name} must be a list of texts")
    for name in ("title_pattern", "category_pattern"):
        pattern = table.get(name, "")
        if not isinstance(pattern, str):
            raise InputError(f"{place}: {name} must be a text")
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(
                f"{place}: {name} is {pattern!r}, which is no regular expression: {error}"
            ) from None
    factor = table.get("factor", 1.0)
    is_number = isinstance(factor, int | float) and not isinstance(factor, bool)
    if not is_number or not 0 <= factor <= _MOST:
        raise InputError(f"{place}: factor is {factor!r}; it must be a number from 0 to {_MOST:g}")
    if action == "boost" and "factor" not in table:
        raise InputError(f"{place}: action is boost; give a factor, above 1 to prefer")
    if action != "boost" and "factor" in table:
        raise InputError(f"{place}: action is {action}; only boost has a factor")
    return DomainRule(**table)


def _entities(
    rule: DomainRule, kb: KnowledgeBase, added_titles: Sequence[str], unmet: list[str]
) -> NDArray[np.int64]:
    """The entities that a rule is for; `unmet` gets what it names and nothing has."""
    chosen: list[int] = []
    added = {title: len(kb) + number for number, title in enumerate(added_titles)}
    for title in rule.titles:
        entity = added.get(title, kb.entity(title))
        if entity is None:
            meant = kb.meaning(title)
            unmet.append(f"no entity {title!r}" + (f" (a name of {meant!r})" if meant else ""))
        else:
            chosen.append(entity)
    if rule.title_pattern:
        matches = re.compile(rule.title_pattern).search
        titles = [*kb.titles.decoded(), *added_titles]
        found = [entity for entity, title in enumerate(titles) if matches(title)]
        chosen += found
        if not found:
            unmet.append(f"no title that {rule.title_pattern!r} matches")
    categories = list(rule.categories)
    if rule.category_pattern:
        matches = re.compile(rule.category_pattern).search
        names = [name for name in kb.categories() if matches(name)]
        categories += names
        if not names:
            unmet.append(f"no category that {rule.category_pattern!r} matches")
    for category in categories:
        entities = kb.entities_of_category(category)
        chosen += entities.tolist()
        if not len(entities):
            unmet.append(f"no category {category!r}")
    return np.array(chosen, np.int64)
