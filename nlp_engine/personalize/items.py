"""An Items dataset from items and their texts: topics, entities, native metadata, text."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.corpus.sources import Row, Source, open_source, text_of
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.errors import InputError
from nlp_engine.files import new_folder
from nlp_engine.manifest import Manifest, write_manifest
from nlp_engine.personalize import limits
from nlp_engine.personalize.check import check_items, findings_json, raise_on_errors
from nlp_engine.personalize.codebook import NO_TOPIC, Codebook, code_of, fit_codebook
from nlp_engine.personalize.schema import (
    CREATION_TIMESTAMP,
    ITEM_ID,
    Column,
    DatasetType,
    dataset_schema,
    schema_json,
)
from nlp_engine.personalize.settings import ItemSettings
from nlp_engine.personalize.table import write_header, write_row
from nlp_engine.progress import Progress, Report, silent


def build_items(
    source: Path | str,
    out: Path | str,
    *,
    vectors: WordVectors | None = None,
    kb: KnowledgeBase | None = None,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make a Personalize Items dataset.

    The folder gets `schema.json` (Avro), `items.csv`, `check.json`, and `codebook/` if there are
    vectors. Columns: ITEM_ID, CREATION_TIMESTAMP, TITLE, TOPICS and TOPIC (with vectors), ENTITIES
    (with a knowledge base), the named categories, and DESCRIPTION, the text.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        vectors: Gives topics.
        kb: Gives entities.
        overwrite: Replace an existing folder.
        report: Told of the items read.
        **options: Fields of `ItemSettings`.

    Returns:
        The folder's manifest; `counts` has items, topics, entities and warnings.

    Raises:
        InputError: The source cannot be read, has no such columns, or breaks a hard limit of
            Personalize; the message names row and column.
        OutputError: The folder exists or cannot be written.
        SettingError: An option that does not exist or is out of range.
    """
    started = time.monotonic()
    chosen = settings.from_mapping(ItemSettings, options)
    opened = open_source(Path(source), language=chosen.language, reading=chosen)
    names = (chosen.id, chosen.title, chosen.timestamp, *chosen.text, *chosen.categories)
    opened.check_columns([name for name in names if name])
    parents = [part.manifest for part in (opened, vectors, kb) if part and part.manifest]
    with new_folder(Path(out), overwrite=overwrite) as folder:
        metadata = _metadata(opened, chosen, vectors, kb, report)
        if metadata.codebook:
            metadata.codebook.save(folder / "codebook")
        columns = _columns(chosen, metadata)
        schema = schema_json(dataset_schema(DatasetType.ITEMS, columns))
        (folder / "schema.json").write_text(schema, encoding="utf-8")
        count = _write_items(folder / "items.csv", columns, opened, chosen, metadata)
        findings = check_items(folder, language=opened.language)
        raise_on_errors(findings, opened.path)
        (folder / "check.json").write_text(findings_json(findings), encoding="utf-8")
        return write_manifest(
            folder,
            format="items",
            language=opened.language,
            started=started,
            sources=opened.files,
            parents=parents,
            settings=settings.to_mapping(chosen),
            counts={
                "items": count,
                "topics": len(metadata.codebook.names) if metadata.codebook else 0,
                "entities": len(set().union(*metadata.entities)) if kb else 0,
                "warnings": len(findings),
            }
            | opened.damaged,
        )


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What is made of the items' texts, item by item."""

    codebook: Codebook | None
    topics: NDArray[np.int16] | None
    entities: list[list[str]]
    categories: dict[str, list[list[str]]]


def _metadata(
    source: Source,
    chosen: ItemSettings,
    vectors: WordVectors | None,
    kb: KnowledgeBase | None,
    report: Report,
) -> _Metadata:
    ranker = EntityRanker(kb, rho=chosen.rho) if kb else None
    tokenizer = vectors.tokenizer() if vectors else None
    most = limits.max_text_characters(source.language)
    word_ids, entities = [], []
    categories: dict[str, list[list[str]]] = {name: [] for name in chosen.categories}
    for row in source.rows(report):
        text = _description(row, chosen)[:most]
        if vectors and tokenizer:
            word_ids.append(vectors.ids(tokenizer.words(text)))
        if ranker:
            links = sorted(ranker.link(text), key=lambda link: -link.rho)
            entities.append(list(dict.fromkeys(link.title for link in links)))
        for name, values in categories.items():
            values.append(_values(row[name]))
    if sum(map(len, word_ids)) == 0 and vectors:
        raise InputError(
            f"{source.path}: no word of the items' texts is in the vectors' vocabulary"
        )
    report(Progress("fitting topics", 0, None, "items"))
    codebook, topics = None, None
    if vectors:
        codebook, text_vectors = fit_codebook(
            vectors,
            word_ids,
            topics=chosen.topics,
            topics_per_item=chosen.topics_per_item,
            seed=chosen.seed,
        )
        topics = codebook.codes(text_vectors)
    return _Metadata(
        codebook,
        topics,
        _most_frequent(entities),
        {name: _most_frequent(values) for name, values in categories.items()},
    )


def _columns(chosen: ItemSettings, metadata: _Metadata) -> list[Column]:
    columns = [Column(name=ITEM_ID, nullable=False)]
    if chosen.timestamp:
        columns.append(Column(name=CREATION_TIMESTAMP, type="long", nullable=False))
    if chosen.title:
        columns.append(Column(name="TITLE"))
    if metadata.codebook:
        columns += [Column(name=name, categorical=True) for name in ("TOPICS", "TOPIC")]
    if metadata.entities:
        columns.append(Column(name="ENTITIES", categorical=True))
    columns += [Column(name=name.upper(), categorical=True) for name in chosen.categories]
    return [*columns, Column(name="DESCRIPTION", textual=True)]


def _write_items(
    path: Path, columns: Sequence[Column], source: Source, chosen: ItemSettings, metadata: _Metadata
) -> int:
    most = limits.max_text_characters(source.language)
    number = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        write_header(file, columns)
        for number, row in enumerate(source.rows(), 1):
            index = number - 1
            item: dict[str, Any] = {
                ITEM_ID: _item_id(row, chosen, source, number),
                "DESCRIPTION": _description(row, chosen)[:most] or None,
            }
            if chosen.timestamp:
                item[CREATION_TIMESTAMP] = row[chosen.timestamp]
            if chosen.title and row[chosen.title] is not None:
                item["TITLE"] = str(row[chosen.title])[: limits.MAX_CELL_CHARACTERS]
            topics = metadata.topics[index].tolist() if metadata.topics is not None else [NO_TOPIC]
            if metadata.codebook and topics[0] != NO_TOPIC:
                item["TOPICS"] = cell_of(map(code_of, topics))
                item["TOPIC"] = metadata.codebook.names[topics[0]]
            if metadata.entities:
                item["ENTITIES"] = cell_of(metadata.entities[index])
            for name, values in metadata.categories.items():
                item[name.upper()] = cell_of(values[index])
            write_row(file, columns, item)
    return number


def cell_of(values: Iterable[str]) -> str | None:
    """Values joined by `|`, as many as fit a cell; None if there are none."""
    cell = ""
    for value in values:
        longer = f"{cell}{limits.VALUE_SEPARATOR}{value}" if cell else value
        if len(longer) <= limits.MAX_CELL_CHARACTERS:
            cell = longer
    return cell or None


def _item_id(row: Row, chosen: ItemSettings, source: Source, number: int) -> Any:
    value = row[chosen.id]
    if isinstance(value, str) and len(value.splitlines()) > 1:
        raise InputError(
            f"{source.path}, row {number}, column {chosen.id}: the id contains a line break"
        )
    return value


def _description(row: Row, chosen: ItemSettings) -> str:
    """The item's text in one line, as the textual column holds it."""
    return " ".join(text_of(row, chosen.text).split())


def _values(value: Any) -> list[str]:
    """The categories of a native value: a list, or text with `|` between them."""
    parts = value if isinstance(value, list | tuple) else str(value or "").split("|")
    cleaned = (" ".join(str(part).replace(limits.VALUE_SEPARATOR, " ").split()) for part in parts)
    return list(dict.fromkeys(part for part in cleaned if part))


def _most_frequent(rows: list[list[str]]) -> list[list[str]]:
    """Each row's values as far as they are among the column's most frequent ones."""
    counts = Counter(value for values in rows for value in values)
    kept = {value for value, _ in counts.most_common(limits.MAX_DISTINCT_VALUES)}
    return [[value for value in values if value in kept] for values in rows]
