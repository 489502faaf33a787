"""Counting links and anchors: one SQL text per question, on DuckDB or on Spark.

`anchors` has a row per link: `source` (title of the page it stands on), `form` (normalised
anchor text), `target` (title it points to), `origin`, and `lower`, whether the form is one word
that stands there in lower case. Origins are `anchor` for a link in a text, `outside` for one in a
caption or table that is not part of the text, `title` for a page's own title, `redirect` for a
redirect's, `name` for the name of a person that a page is about, and `alias` for the title of a
disambiguation page with a page that it lists. Links outside of the text say what a form means, but
not how often the form is a link where it occurs; titles, names and aliases make a page a candidate,
but are no links. `redirects` gives the final target of each redirect's title; `excluded` has the
titles that are no entities.

The texts keep to what both engines understand in the same way: sums are cast, so that their types
agree. Results are written to Parquet in any order, as those of a large wiki do not fit into memory.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from nlp_engine.corpus import spark
from nlp_engine.errors import OutputError
from nlp_engine.settings import byte_size

ANCHOR_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("source", "form", "target", "origin")),
        ("lower", pa.bool_()),
    ]
)
REDIRECT_SCHEMA = pa.schema([("title", pa.string()), ("target", pa.string())])
EXCLUDED_SCHEMA = pa.schema([("title", pa.string())])

_LINKS = """
WITH links AS (
    SELECT anchors.source, anchors.form, coalesce(redirects.target, anchors.target) AS target,
           anchors.origin, anchors.lower
    FROM anchors LEFT JOIN redirects ON anchors.target = redirects.title
)"""

_TO_ENTITIES = "NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.title = links.target)"

_CANDIDATES = f"""{_LINKS}
SELECT form, target,
       CAST(sum(CASE WHEN origin IN ('anchor', 'outside') THEN 1 ELSE 0 END) AS BIGINT) AS links
FROM links
WHERE form <> '' AND {_TO_ENTITIES}
GROUP BY form, target
"""

# Two steps instead of count(DISTINCT …): both engines can move those to disk.
_FORMS = f"""{_LINKS}
SELECT form, CAST(sum(links) AS BIGINT) AS links, count(*) AS link_documents,
       CAST(sum(redirect) AS BIGINT) AS redirect_documents,
       CAST(sum(lower) AS BIGINT) AS lower_link_documents
FROM (SELECT form, source, count(*) AS links,
             max(CASE WHEN origin = 'redirect' THEN 1 ELSE 0 END) AS redirect,
             max(CASE WHEN lower AND origin = 'anchor' THEN 1 ELSE 0 END) AS lower
      FROM links
      WHERE form <> '' AND origin NOT IN ('outside', 'alias') AND {_TO_ENTITIES}
      GROUP BY form, source) AS documents
GROUP BY form
"""

_IN_LINKS = f"""{_LINKS}
SELECT DISTINCT target, source
FROM links
WHERE origin IN ('anchor', 'outside') AND source <> target AND {_TO_ENTITIES}
      AND NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.title = links.source)
"""

_BYTES_PER_THREAD = 64 << 20  # with less, DuckDB's threads run out of memory instead of spilling

_QUESTIONS = {"candidates": _CANDIDATES, "forms": _FORMS, "in_links": _IN_LINKS}

Write = Callable[[str, Path], None]
"""Runs one SQL text and writes its result to Parquet, a file or a folder."""


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """What the anchors of a wiki add up to, as Parquet: each a file or a folder of files.

    Attributes:
        candidates: form, target, links: how often a form links to a target.
        forms: form, links, link_documents, redirect_documents, lower_link_documents: how many
            links, titles and names, in how many pages, how many of those are redirects, and in
            how many the form is a link in lower case.
        in_links: target, source: which page links to which, each pair once.
    """

    candidates: Path
    forms: Path
    in_links: Path


def count_links(
    anchors: Path,
    redirects: Path,
    excluded: Path,
    *,
    engine: str = "duckdb",
    memory: str,
    spill: Path,
) -> LinkCounts:
    """Count the anchors of a wiki; both engines give the same tables.

    Args:
        anchors: Parquet file of the schema `ANCHOR_SCHEMA`.
        redirects: Parquet file of the schema `REDIRECT_SCHEMA`, final targets.
        excluded: Parquet file of the schema `EXCLUDED_SCHEMA`.
        engine: `duckdb`, or `spark`: the active Spark session, else a local one.
        memory: How much memory the counting may take, e.g. `2GB`. A Spark session that is active
            already keeps its own limits.
        spill: Folder for the results and what does not fit; Spark's workers must see it, too.

    Raises:
        EngineError: Spark cannot be started or failed.
        MissingExtraError: Spark is not installed.
        OutputError: The disk is full, or the memory too little.
        SettingError: The memory is no size.
    """
    limit = byte_size("memory", memory)
    tables = {"anchors": anchors, "redirects": redirects, "excluded": excluded}
    if engine == "spark":
        with spark.session(tables, memory=limit, spill=spill) as write:
            return _answers(write, spill)
    with open_duckdb(limit, spill) as connection:
        for name, path in tables.items():
            connection.read_parquet(str(path)).create_view(name)
        return _answers(lambda text, path: connection.sql(text).write_parquet(str(path)), spill)


def check_engine(engine: str) -> None:
    """See before any work whether an engine can be used.

    Raises:
        EngineError: There is no Java, which Spark needs.
        MissingExtraError: Spark is not installed.
    """
    if engine == "spark":
        spark.check_installed()


def _answers(write: Write, spill: Path) -> LinkCounts:
    paths = {name: spill / f"{name}.parquet" for name in _QUESTIONS}
    for name, text in _QUESTIONS.items():
        write(text, paths[name])
    return LinkCounts(**paths)


@contextlib.contextmanager
def open_duckdb(
    memory: int,
    spill: Path,
    database: Path | None = None,
    *,
    work: str = "counting links",
    remedy: str = "free some space or allow more memory",
) -> Iterator[Any]:
    """A DuckDB connection that keeps within a limit and spills to a folder.

    Args:
        memory: Bytes that it may take.
        spill: Folder for what does not fit.
        database: A file for its tables; by default they live in memory.
        work: What fails, for errors.
        remedy: What to do then.

    Raises:
        OutputError: The disk is full, or the memory too little.
        KeyboardInterrupt: Ctrl-C during a query.
    """
    with duckdb.connect(str(database) if database else ":memory:") as connection:
        connection.execute(f"SET memory_limit = '{memory}B'")
        threads = max(1, min(os.cpu_count() or 1, memory // _BYTES_PER_THREAD))
        connection.execute(f"SET threads = {threads}")
        connection.execute("SET temp_directory = ?", [str(spill)])
        connection.execute("SET preserve_insertion_order = false")  # keeps less in memory
        connection.execute("SET enable_progress_bar = false")  # it goes to standard output
        try:
            yield connection
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            reason = str(error).partition("\n")[0]
            raise OutputError(f"{work} failed in {spill}: {reason}; {remedy}") from error
        except (duckdb.InterruptException, RuntimeError) as error:
            if "interrupted" not in str(error).lower():
                raise
            raise KeyboardInterrupt from error  # which DuckDB has swallowed
