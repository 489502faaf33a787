"""Counting links and anchors: one SQL text per question, on DuckDB or on Spark.

`anchors` has a row per link: `source` (title of the page it stands on), `form` (normalised
anchor text), `target` (title it points to) and `origin`: `anchor` for a link in a text, `outside`
for one in a caption or table that is not part of the text, `title` for a page's own title,
`redirect` for a redirect's title. Links outside of the text say what a form means, but not how
often the form is a link where it occurs. `redirects` gives the final target of
each redirect's title; `excluded` has the titles that are no entities.

The texts keep to what both engines understand in the same way: sums and quotients are cast, so
that their types agree, and sorting is by code point on both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nlp_engine.corpus import spark
from nlp_engine.errors import OutputError
from nlp_engine.settings import byte_size

ANCHOR_SCHEMA = pa.schema([(name, pa.string()) for name in ("source", "form", "target", "origin")])
_REDIRECT_SCHEMA = pa.schema([("title", pa.string()), ("target", pa.string())])
_EXCLUDED_SCHEMA = pa.schema([("title", pa.string())])

_LINKS = """
WITH links AS (
    SELECT anchors.source, anchors.form, coalesce(redirects.target, anchors.target) AS target,
           anchors.origin
    FROM anchors LEFT JOIN redirects ON anchors.target = redirects.title
)"""

_TO_ENTITIES = "NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.title = links.target)"

_CANDIDATES = f"""{_LINKS}
SELECT form, target, count(*) AS links,
       CAST(count(*) AS DOUBLE) / CAST(sum(count(*)) OVER (PARTITION BY form) AS DOUBLE)
           AS commonness
FROM links
WHERE form <> '' AND {_TO_ENTITIES}
GROUP BY form, target
ORDER BY form, links DESC, target
"""
_CANDIDATE_SCHEMA = pa.schema(
    [
        ("form", pa.string()),
        ("target", pa.string()),
        ("links", pa.int64()),
        ("commonness", pa.float64()),
    ]
)

# Two steps instead of count(DISTINCT …): both engines can move those to disk.
_FORMS = f"""{_LINKS}
SELECT form, CAST(sum(links) AS BIGINT) AS links, count(*) AS link_documents,
       CAST(sum(redirect) AS BIGINT) AS redirect_documents
FROM (SELECT form, source, count(*) AS links,
             max(CASE WHEN origin = 'redirect' THEN 1 ELSE 0 END) AS redirect
      FROM links
      WHERE form <> '' AND origin <> 'outside' AND {_TO_ENTITIES}
      GROUP BY form, source) AS documents
GROUP BY form
ORDER BY form
"""
_FORM_SCHEMA = pa.schema(
    [
        ("form", pa.string()),
        ("links", pa.int64()),
        ("link_documents", pa.int64()),
        ("redirect_documents", pa.int64()),
    ]
)

_IN_LINKS = f"""{_LINKS}
SELECT DISTINCT target, source
FROM links
WHERE origin IN ('anchor', 'outside') AND source <> target AND {_TO_ENTITIES}
      AND NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.title = links.source)
ORDER BY target, source
"""
_IN_LINK_SCHEMA = pa.schema([("target", pa.string()), ("source", pa.string())])

_BYTES_PER_THREAD = 64 << 20  # with less, DuckDB's threads run out of memory instead of spilling

_QUESTIONS = (
    (_CANDIDATES, _CANDIDATE_SCHEMA),
    (_FORMS, _FORM_SCHEMA),
    (_IN_LINKS, _IN_LINK_SCHEMA),
)

Query = Callable[[str], pa.Table]
"""Runs one SQL text."""


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """What the anchors of a wiki add up to.

    Attributes:
        candidates: form, target, links, commonness: how often a form links to a target, and its
            share of the form's links; by form, then most frequent first.
        forms: form, links, link_documents, redirect_documents: how many links in texts, in how
            many pages, and how many of those pages are redirects; by form.
        in_links: target, source: which page links to which, each pair once; by target.
    """

    candidates: pa.Table
    forms: pa.Table
    in_links: pa.Table


def count_links(
    anchors: Path,
    redirects: Mapping[str, str],
    excluded: Sequence[str],
    *,
    engine: str = "duckdb",
    memory: str,
    spill: Path,
) -> LinkCounts:
    """Count the anchors of a wiki; both engines give the same tables.

    Args:
        anchors: Parquet file of the schema `ANCHOR_SCHEMA`.
        redirects: Final target by redirect title.
        excluded: Titles that are no entities, such as disambiguation pages.
        engine: `duckdb`, or `spark`: the active Spark session, else a local one.
        memory: How much memory the counting may take beside its result, e.g. `2GB`. A Spark
            session that is active already keeps its own limits.
        spill: Folder for what does not fit; Spark's workers must see it, too.

    Raises:
        EngineError: Spark cannot be started or failed.
        MissingExtraError: Spark is not installed.
        OutputError: The disk is full, or the memory too little.
        SettingError: The memory is no size.
    """
    limit = byte_size("memory", memory)
    tables = {
        "anchors": anchors,
        "redirects": spill / "redirects.parquet",
        "excluded": spill / "excluded.parquet",
    }
    columns = [list(redirects), list(redirects.values())]
    pq.write_table(pa.table(columns, schema=_REDIRECT_SCHEMA), tables["redirects"])
    pq.write_table(pa.table([list(excluded)], schema=_EXCLUDED_SCHEMA), tables["excluded"])
    if engine == "spark":
        with spark.session(tables, memory=limit, spill=spill) as query:
            return _answers(query)
    return _answers_of_duckdb(tables, limit, spill)


def check_engine(engine: str) -> None:
    """See before any work whether an engine can be used.

    Raises:
        EngineError: There is no Java, which Spark needs.
        MissingExtraError: Spark is not installed.
    """
    if engine == "spark":
        spark.check_installed()


def _answers(query: Query) -> LinkCounts:
    return LinkCounts(*(query(text).cast(schema) for text, schema in _QUESTIONS))


def _answers_of_duckdb(tables: Mapping[str, Path], memory: int, spill: Path) -> LinkCounts:
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{memory}B'")
        threads = max(1, min(os.cpu_count() or 1, memory // _BYTES_PER_THREAD))
        connection.execute(f"SET threads = {threads}")
        connection.execute("SET temp_directory = ?", [str(spill)])
        connection.execute("SET preserve_insertion_order = false")  # keeps less in memory
        for name, path in tables.items():
            connection.read_parquet(str(path)).create_view(name)
        try:
            return _answers(lambda text: connection.sql(text).to_arrow_table())
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            reason = str(error).partition("\n")[0]
            raise OutputError(
                f"counting links failed in {spill}: {reason}; free some space or allow more memory"
            ) from error
