"""An Items dataset from items and their texts: topics, entities, native metadata, text."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp_engine import settings
from nlp_engine.corpus.sources import Source, open_source
from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.errors import InputError, SettingError
from nlp_engine.files import new_folder
from nlp_engine.manifest import Manifest, write_manifest
from nlp_engine.personalize.before import CODEBOOK, VALUES, Before, check_not_refitted
from nlp_engine.personalize.check import Findings
from nlp_engine.personalize.collecting import ENTITIES, Collected, Wanted, collect
from nlp_engine.personalize.entity_columns import CATEGORIES, EntityChoice, entity_columns
from nlp_engine.personalize.entity_types import default_types, read_types, titles_of_types
from nlp_engine.personalize.plan import ItemPlan
from nlp_engine.personalize.schema import Column, DatasetType, dataset_schema, schema_json
from nlp_engine.personalize.settings import ItemSettings
from nlp_engine.personalize.text_columns import TextColumns, fit_text_columns
from nlp_engine.personalize.text_vectors import encode_texts, fit_text_encoder, open_text_vectors
from nlp_engine.personalize.values import ValueColumn, kept_values
from nlp_engine.personalize.writing import (
    Block,
    Part,
    category_cells,
    id_part,
    native_part,
    write_dataset,
)
from nlp_engine.progress import Progress, Report, silent
from nlp_engine.text.tokenizers import Tokenizer, TokenizerSettings, open_tokenizer


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What items' texts are read by.

    Attributes:
        vectors: Word vectors, of which text vectors are made.
        text_vectors: Instead of these, the text vectors: (N, D), a row for each item, or the
            `.npy` file that they are in.
        kb: Gives entities.
        entity_types: TOML file with types of entities.
        before: An earlier dataset whose codebook, values and schema are used.
    """

    vectors: WordVectors | None
    text_vectors: NDArray[Any] | Path | str | None
    kb: KnowledgeBase | None
    entity_types: Path | None
    before: Before | None

    @property
    def gives_topics(self) -> bool:
        """Whether there are text vectors."""
        return self.vectors is not None or self.text_vectors is not None

    def tokenizer(self, language: str) -> Tokenizer | None:
        """What splits texts into the words of vectors or of topics' names."""
        if self.vectors is not None:
            return self.vectors.tokenizer()
        is_fitted = self.text_vectors is not None and self.before is None
        return open_tokenizer(TokenizerSettings(language=language)) if is_fitted else None


def build_items(
    source: Path | str,
    out: Path | str,
    *,
    vectors: WordVectors | None = None,
    text_vectors: NDArray[Any] | Path | str | None = None,
    kb: KnowledgeBase | None = None,
    entity_types: Path | None = None,
    like: Path | str | None = None,
    refit: bool = False,
    overwrite: bool = False,
    report: Report = silent,
    **options: Any,
) -> Manifest:
    """Make a Personalize Items dataset.

    The folder gets `schema.json` (Avro), `items.csv`, `check.json`, `values.json` (the categories
    that stay), and `codebook/` if there are vectors. Columns: ITEM_ID, CREATION_TIMESTAMP, TITLE,
    TOPICS and TOPIC (with vectors), ENTITIES or ENTITY_CATEGORIES and columns of types (with a
    knowledge base), the named categories, numbers and strings, and DESCRIPTION, the text
    (PRODUCT_DESCRIPTION in a domain).

    The source is read twice; memory grows by some bytes for each item.

    Args:
        source: What `nlp_engine.corpus.sources.open_source` takes.
        out: The folder to make.
        vectors: Word vectors, of which text vectors are made, which give topics.
        text_vectors: Instead of these, the text vectors: (N, D), a row for each item, or the
            `.npy` file that they are in.
        kb: Gives entities.
        entity_types: TOML file with a regular expression of categories for each column of
            entities of a type; by default people, places and organisations, as far as they are
            known in the language and most items have one.
        like: An items folder whose codebook, values and schema are used: what further imports and
            PutItems need.
        refit: Whether a codebook in `out` may be replaced by a new one.
        overwrite: Replace an existing folder.
        report: Told of the items read.
        **options: Fields of `ItemSettings`.

    Returns:
        The folder's manifest; `counts` has items, topics, entities and warnings.

    Raises:
        InputError: The source cannot be read, has no such columns, or breaks a hard limit of
            Personalize; the message names row and column.
        OutputError: The folder exists or cannot be written, or has a codebook.
        SettingError: An option that does not exist or is out of range.
    """
    started = time.monotonic()
    if vectors is not None and text_vectors is not None:
        raise SettingError("vectors and text_vectors exclude each other; give one of them")
    chosen = settings.from_mapping(ItemSettings, options)
    plan = ItemPlan.of(chosen)
    opened = open_source(Path(source), language=chosen.language, reading=chosen)
    opened.check_columns(plan.sources)
    models = Models(
        vectors=vectors,
        text_vectors=text_vectors,
        kb=kb,
        entity_types=entity_types,
        before=Before.open(Path(like)) if like is not None else None,
    )
    if overwrite and models.gives_topics and not models.before:
        check_not_refitted(Path(out), refit=refit)
    parents = [part.manifest for part in (opened, vectors, kb) if part and part.manifest]
    with new_folder(Path(out), overwrite=overwrite) as folder:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            collected = collect(
                opened, _wanted(plan, chosen, opened, models), Path(scratch), report
            )
            text = _text(chosen, opened, models, collected, Path(scratch), report)
            if text:
                parents.append(text.model.save(folder / CODEBOOK))
            notes = Findings()
            values = _value_columns(collected, models, chosen, Path(scratch), notes)
            parts = _parts(plan, opened, collected, text, values, notes)
            _check_schema(parts, models.before)
            kept = json.dumps(kept_values(values), ensure_ascii=False, indent=1)
            (folder / VALUES).write_text(kept + "\n", encoding="utf-8")
            count, findings = write_dataset(
                folder,
                DatasetType.ITEMS,
                parts,
                opened,
                domain=chosen.domain,
                notes=notes,
                report=report,
            )
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
                "topics": text.model.topics if text else 0,
                "entities": len(values[ENTITIES].kept) if ENTITIES in values else 0,
                **(
                    {CATEGORIES.lower(): len(values[CATEGORIES].kept)}
                    if CATEGORIES in values
                    else {}
                ),
                "warnings": len(findings),
            }
            | opened.damaged,
        )


def _wanted(plan: ItemPlan, chosen: ItemSettings, source: Source, models: Models) -> Wanted:
    entity_titles = {}
    if models.kb is not None:
        types = default_types(models.kb.language.code)
        if models.entity_types is not None:
            types = read_types(models.entity_types)
        entity_titles = titles_of_types(models.kb, types)
    return Wanted(
        text_of=lambda row: plan.text_of(row, source.language),
        categories=plan.native.categories,
        ranker=EntityRanker(models.kb, rho=chosen.rho) if models.kb else None,
        entity_titles=entity_titles,
        tokenizer=models.tokenizer(source.language),
        vectors=models.vectors,
        kept=models.before.kept if models.before else {},
        timestamp=plan.timestamp.source if plan.timestamp else None,
        workers=chosen.workers,
    )


@dataclass(frozen=True, slots=True)
class _Text:
    """The items' text vectors, and what makes columns of them."""

    model: TextColumns
    vectors: NDArray[np.float32]

    def cells(self, block: Block) -> Sequence[Sequence[Any]]:
        return self.model.cells(self.vectors[block.begin : block.begin + len(block.rows)])


def _text(
    chosen: ItemSettings,
    source: Source,
    models: Models,
    collected: Collected,
    scratch: Path,
    report: Report,
) -> _Text | None:
    if not models.gives_topics:
        return None
    path, before, texts = scratch / "text_vectors.npy", models.before, collected.texts
    report(Progress("fitting topics", 0, None, "items"))
    if models.text_vectors is not None:
        rows = open_text_vectors(models.text_vectors, path)
        if len(rows) != collected.items:
            raise InputError(
                f"{source.path} has {collected.items:,} items, but there are {len(rows):,} text "
                "vectors; a row for each item is needed, in the same order"
            )
        if before:
            return _Text(before.text_columns(chosen.vector_encoding, None), rows)
        assert texts is not None
        return _Text(fit_text_columns(rows, texts, collected.words, None, chosen), rows)
    assert models.vectors is not None
    assert texts is not None
    if len(texts.numbers) == 0:
        raise InputError(f"{source.path}: no word of the items' texts has a vector")
    if before:
        model = before.text_columns(chosen.vector_encoding, models.vectors)
        assert model.encoder is not None
        return _Text(model, encode_texts(model.encoder, texts, collected.words, path))
    encoder = fit_text_encoder(models.vectors, texts, collected.words)
    rows = encode_texts(encoder, texts, collected.words, path)
    return _Text(fit_text_columns(rows, texts, collected.words, encoder, chosen), rows)


def _value_columns(
    collected: Collected, models: Models, chosen: ItemSettings, scratch: Path, notes: Findings
) -> dict[str, ValueColumn]:
    """The columns of entities and categories, in order."""
    if models.kb is None:
        return collected.categories
    choice = EntityChoice(
        kb=models.kb,
        values=chosen.entity_values,
        types_are_asked_for=models.entity_types is not None,
        before=models.before.kept if models.before else None,
    )
    return entity_columns(collected.entities, choice, scratch, notes) | collected.categories


def _parts(
    plan: ItemPlan,
    source: Source,
    collected: Collected,
    text: _Text | None,
    values: dict[str, ValueColumn],
    notes: Findings,
) -> list[Part]:
    parts = [id_part(plan.id, source)]
    if plan.timestamp:
        time = replace(plan.timestamp.column, nullable=collected.is_time_missing)
        parts.append(native_part(replace(plan.timestamp, column=time), notes))
    if plan.title:
        parts.append(native_part(plan.title, notes))
    if text:
        parts.append(Part(text.model.columns, text.cells))
    native = {field.column.name: field.column for field in plan.native.categories}
    for name, column in values.items():
        if name in native:
            parts.append(_value_part(native[name], column, notes))
        else:  # of entities, those with the lowest rho are cut
            parts.append(_value_part(Column(name=name, categorical=True), column, None))
    parts += [native_part(field, notes) for field in plan.native.others]
    return [*parts, Part([plan.text_column], lambda block: [_texts(plan, source, block)])]


def _value_part(kind: Column, column: ValueColumn, notes: Findings | None) -> Part:
    def cells(block: Block) -> list[list[str | None]]:
        return [category_cells(map(column.kept_of, block.numbers), kind, block, notes)]

    return Part([kind], cells)


def _texts(plan: ItemPlan, source: Source, block: Block) -> list[str | None]:
    return [plan.text_of(row, source.language) or None for row in block.rows]


def _check_schema(parts: Sequence[Part], before: Before | None) -> None:
    if before:
        columns = [column for part in parts for column in part.columns]
        before.check_schema(schema_json(dataset_schema(DatasetType.ITEMS, columns)))
