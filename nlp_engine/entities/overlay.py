"""Custom entities and aliases beside a knowledge base, from a CSV file, without rebuilding it."""

from __future__ import annotations

import csv
import textwrap
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlp_engine.entities.forms import form_key
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file
from nlp_engine.native import entities as kernel

COLUMNS = ("alias", "entity", "links", "link_probability")
"""Of the CSV file; the last two may be missing or empty."""
_DOCUMENTS = 1_000_000  # as if, so that a link probability is their share
_MOST_LINKS = (1 << 31) - 1
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Alias:
    """A row of the file.

    Attributes:
        alias: The form.
        entity: A title of the knowledge base, or that of a new entity.
        links: How many links from the form to the entity to count; by default as many as the
            knowledge base has from the form to all entities, at least 1.
        link_probability: How often the form is a link where it occurs, in lower case, too; by
            default as in the knowledge base, or always.
    """

    alias: str
    entity: str
    links: int | None = None
    link_probability: float | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """Forms whose candidates stand for those of the knowledge base, and new entities.

    Attributes:
        keys: The forms' keys (`native.entities.sorted_strings`).
        forms: The forms for the kernels.
        candidates: Their candidates for the kernels.
        titles: Of the new entities, which are numbered behind those of the knowledge base.
    """

    keys: Any
    forms: Any
    candidates: Any
    titles: Sequence[str]

    @classmethod
    def read(cls, path: Path, kb: KnowledgeBase) -> Overlay:
        """Read a CSV file with the `COLUMNS`.

        Raises:
            InputError: Missing, without the columns, or a row with a wrong value.
        """
        return cls.of(list(_rows(path)), kb, str(path))

    @classmethod
    def of(cls, aliases: Sequence[Alias], kb: KnowledgeBase, source: str = "overlay") -> Overlay:
        """Lay aliases over a knowledge base.

        Warns of new entities whose title the knowledge base knows as a name of another: that may
        be meant, as where it is the title of a redirect.

        Raises:
            InputError: An alias has no letter or only one character.
        """
        titles: dict[str, int] = {}
        by_key: dict[str, list[tuple[int, Alias]]] = defaultdict(list)
        for number, alias in enumerate(aliases, 1):
            key = form_key(alias.alias, kb.language)
            if not key:
                raise InputError(
                    f"{source}, row {number}, column alias: {alias.alias!r} cannot be a form; it "
                    "needs a letter and at least two characters"
                )
            entity = kb.entity(alias.entity)
            if entity is None:
                entity = titles.setdefault(alias.entity, len(kb) + len(titles))
            by_key[key].append((entity, alias))
        meant = {title: kb.meaning(title) for title in titles}
        names = [f"{title!r} of {other!r}" for title, other in meant.items() if other]
        if names:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            warnings.warn(
                f"{source}: new entities whose titles {kb.folder} knows as names of others: "
                f"{', '.join(names[:_SHOWN])}{more}; give the other's title if that is meant",
                stacklevel=2,
            )
        return cls._laid(dict(sorted(by_key.items(), key=lambda x: x[0].encode())), kb, [*titles])

    @classmethod
    def _laid(
        cls, by_key: Mapping[str, Sequence[tuple[int, Alias]]], kb: KnowledgeBase, titles: list[str]
    ) -> Overlay:
        entities, counts, offsets = list[int](), list[int](), [0]
        linked, lower_linked = list[int](), list[int]()
        for key, added in by_key.items():
            links = _candidates(key, added, kb)
            ranked = sorted(links.items(), key=lambda x: (-x[1], x[0]))
            entities += [entity for entity, _ in ranked]
            counts += [count for _, count in ranked]
            offsets.append(len(entities))
            for column, lower in ((linked, False), (lower_linked, True)):
                probability = _link_probability(key, added, kb, lower=lower)
                column.append(round(probability * _DOCUMENTS))
        compressed = kernel.compress_strings(kernel.Strings.of(list(by_key)))
        begins = np.concatenate([[0], np.cumsum(compressed.sizes)]).astype(np.int64)
        keys = kernel.sorted_strings(compressed.data, begins, compressed.heads, len(by_key))
        link_documents = np.array(linked, np.uint32)
        documents = np.full(len(by_key), _DOCUMENTS, np.uint32)
        forms = kernel.forms(
            keys=keys,
            link_documents=link_documents,
            documents=documents,
            lower_forms=np.arange(len(by_key), dtype=np.int32),
            lower_link_documents=np.array(lower_linked, np.uint32),
            lower_documents=documents,
            max_words=max((key.count(" ") + 1 for key in by_key), default=1),
        )
        candidates = kernel.candidates(
            np.array(offsets, np.int64), np.array(entities, np.int32), np.array(counts, np.uint32)
        )
        return cls(keys, forms, candidates, titles)


def _candidates(key: str, added: Sequence[tuple[int, Alias]], kb: KnowledgeBase) -> dict[int, int]:
    """Links by entity of a form with aliases."""
    form, exact, _ = kb.form_keys.find(key)
    links: dict[int, int] = {}
    if exact:
        begin, end = kb.candidate_offsets[form : form + 2]
        known = kb.candidate_entities[begin:end].tolist(), kb.candidate_counts[begin:end].tolist()
        links = dict(zip(*known, strict=True))
    default = max(sum(links.values()), 1)
    for entity, alias in added:
        more = default if alias.links is None else alias.links
        links[entity] = min(links.get(entity, 0) + more, _MOST_LINKS)
    return links


def _link_probability(
    key: str, added: Sequence[tuple[int, Alias]], kb: KnowledgeBase, *, lower: bool
) -> float:
    given = [a.link_probability for _, a in added if a.link_probability is not None]
    if given:
        return given[-1]
    form, exact, _ = kb.form_keys.find(key)
    return kb.link_probability(form, lower=lower) if exact else 1.0


def _rows(path: Path) -> Iterator[Alias]:
    with check_input_file(path).open(encoding="utf-8-sig", newline="") as file:
        try:
            yield from _aliases(csv.DictReader(file), path)
        except (UnicodeDecodeError, csv.Error) as error:
            raise InputError(f"{path} is no CSV in UTF-8: {error}; save it as that") from None


def _aliases(reader: csv.DictReader[str], path: Path) -> Iterator[Alias]:
    names = reader.fieldnames or []
    if not {"alias", "entity"} <= set(names) or not set(names) <= set(COLUMNS):
        found = textwrap.shorten(", ".join(names) or "(none)", 200, placeholder=" …")
        raise InputError(
            f"{path}: it has the columns {found}; it needs alias and entity, separated by a comma, "
            "and may have links and link_probability"
        )
    for number, row in enumerate(reader, 1):
        place = f"{path}, row {number}"
        if None in row:
            raise InputError(
                f"{place}: it has more cells than the header; put a text with a comma in quotes"
            )
        for name in ("alias", "entity"):
            if not (row[name] or "").strip():
                raise InputError(f"{place}, column {name}: it is empty")
        yield Alias(
            row["alias"].strip(),
            row["entity"].strip(),
            _number(row.get("links"), int, 0, _MOST_LINKS, f"{place}, column links"),
            _number(row.get("link_probability"), float, 0, 1, f"{place}, column link_probability"),
        )


def _number(text: str | None, kind: Any, least: float, most: float, place: str) -> Any:
    if text is None or not text.strip():
        return None
    try:
        value = kind(text)
    except ValueError:
        raise InputError(f"{place}: {text!r} is no number") from None
    if not least <= value <= most:
        raise InputError(f"{place}: {text} is not between {least} and {most:,}")
    return value
