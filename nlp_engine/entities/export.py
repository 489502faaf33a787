"""A knowledge base in figures, and as Parquet for other tools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.files import new_file
from nlp_engine.native import entities as kernel
from nlp_engine.progress import Progress, Report, silent

SCHEMA = pa.schema(
    [
        ("form", pa.string()),
        ("title", pa.string()),
        ("page_id", pa.int64()),
        ("links", pa.int64()),
        ("commonness", pa.float64()),
        ("link_documents", pa.int64()),
        ("documents", pa.int64()),
        ("link_probability", pa.float64()),
    ]
)
_FORMS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Statistics:
    """A knowledge base in figures.

    Attributes:
        ambiguous_forms: Forms with several candidates.
        candidates_per_form: Mean.
        most_candidates: Of a form.
        links_per_entity: Mean number of pages that link to an entity.
        most_linked: Title and in-degree of the entities that most pages link to.
        megabytes: On the disk.
    """

    ambiguous_forms: int
    candidates_per_form: float
    most_candidates: int
    links_per_entity: float
    most_linked: list[tuple[str, int]]
    megabytes: float


def statistics(kb: KnowledgeBase, *, most_linked: int = 10) -> Statistics:
    """Count what a knowledge base holds."""
    sizes = np.diff(kb.candidate_offsets)
    return Statistics(
        ambiguous_forms=int(np.count_nonzero(sizes > 1)),
        candidates_per_form=float(sizes.mean()) if len(sizes) else 0.0,
        most_candidates=int(sizes.max(initial=0)),
        links_per_entity=float(kb.in_degrees.mean()),
        most_linked=[
            (kb.title(entity), int(kb.in_degrees[entity]))
            for entity in range(min(most_linked, len(kb)))
        ],
        megabytes=sum(record.bytes for record in kb.manifest.files) / 1e6,
    )


def export(
    kb: KnowledgeBase, path: Path, *, overwrite: bool = False, report: Report = silent
) -> int:
    """Write all candidates with their priors to a Parquet file; give the number of rows.

    Its columns are those of `SCHEMA`; commonness is null for forms that are never links.

    Raises:
        OutputError: The file exists or cannot be written.
    """
    rows = 0
    with new_file(path, overwrite=overwrite) as partial, pq.ParquetWriter(partial, SCHEMA) as file:
        for table in _tables(kb):
            file.write_table(table)
            rows += table.num_rows
            report(Progress("writing candidates", rows, len(kb.candidate_entities), "rows"))
    return rows


def _tables(kb: KnowledgeBase) -> Iterator[pa.Table]:
    total = len(kb.form_keys)
    for begin in range(0, total, _FORMS_AT_ONCE):
        end = min(begin + _FORMS_AT_ONCE, total)
        offsets = kb.candidate_offsets[begin : end + 1]
        sizes = np.diff(offsets)
        rows = slice(int(offsets[0]), int(offsets[-1]))
        entities, links = kb.candidate_entities[rows], kb.candidate_counts[rows].astype(np.int64)
        sums = np.add.reduceat(np.append(links, 0), offsets[:-1] - offsets[0])
        sums = np.repeat(np.where(sizes > 0, sums, 0), sizes)
        keys = kernel.Strings(*kb.form_keys.between(begin, end)).decoded()
        linked, documents = (
            np.repeat(column[begin:end].astype(np.int64), sizes)
            for column in (kb.link_documents, kb.documents)
        )
        commonness = np.divide(links, sums, where=sums > 0, out=np.zeros(len(links)))
        columns = [
            pa.array(keys, pa.string()).take(pa.array(np.repeat(np.arange(end - begin), sizes))),
            pa.array([kb.title(entity) for entity in entities.tolist()], pa.string()),
            pa.array(kb.page_ids[entities].astype(np.int64)),
            pa.array(links),
            pa.array(commonness, mask=sums == 0),
            pa.array(linked),
            pa.array(documents),
            pa.array(np.minimum(linked / np.maximum(documents, 1), 1.0)),
        ]
        yield pa.Table.from_arrays(columns, schema=SCHEMA)
