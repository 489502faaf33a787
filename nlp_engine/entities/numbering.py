"""Numbers for entities and forms, and the counts in their order, by SQL.

Entities are numbered by falling in-degree: those that are often met lie close together, and what
links to them takes fewer bytes. Forms are numbered by their bytes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nlp_engine.corpus.counts import LinkCounts
from nlp_engine.errors import InputError
from nlp_engine.files import check_input_file

OUTSIDE_DUMP = -1
"""Page id of an entity that pages link to but that has no page in the dump."""

_KEYS = {
    "title": "replace(given, '_', ' ')",
    "page_id": "TRY_CAST(given AS UINTEGER)",
}
_ITEM = r"^\s*(?:https?://www\.wikidata\.org/(?:entity|wiki)/)?Q?([0-9]+)\s*$"
_LONGEST_CHAIN = 16  # of redirects
_ROWS_AT_ONCE = 1 << 20

_ENTITIES = """
CREATE TABLE entities AS
SELECT CAST(row_number() OVER (ORDER BY in_degree DESC, title) - 1 AS INTEGER) AS entity,
       title, in_degree, page_id
FROM (SELECT title, max(in_degree) AS in_degree, max(page_id) AS page_id
      FROM (SELECT title, 0 AS in_degree, page_id FROM pages
            WHERE kind = 'article'
                  AND NOT EXISTS (SELECT 1 FROM excluded WHERE excluded.title = pages.title)
            UNION ALL SELECT target, 0, -1 FROM candidates
            UNION ALL SELECT target, count(*), -1 FROM in_links GROUP BY target
            UNION ALL SELECT DISTINCT source, 0, -1 FROM in_links)
      GROUP BY title)
"""
_LINKS = """
CREATE TABLE links AS
SELECT targets.entity AS target, sources.entity AS source
FROM in_links
JOIN entities AS targets ON in_links.target = targets.title
JOIN entities AS sources ON in_links.source = sources.title
"""
_FORMS = """
CREATE TABLE forms AS
SELECT CAST(row_number() OVER (ORDER BY form) - 1 AS INTEGER) AS id, forms_counted.*
FROM forms_counted WHERE links >= ?
"""
_CANDIDATES = """
CREATE TABLE numbered_candidates AS
SELECT forms.id AS form, entities.entity, candidates.links
FROM candidates JOIN forms USING (form) JOIN entities ON candidates.target = entities.title
"""


def resolve_redirects(connection: Any, pages: Path, folder: Path) -> Path:
    """Write the final target of each redirect; what goes round in circles is left out.

    Chains are followed by doubling: after n steps every redirect has moved on 2^n places.
    """
    connection.read_parquet(str(pages)).create_view("all_pages")
    connection.execute(
        "CREATE TABLE redirects AS SELECT title, redirect_to AS target FROM all_pages "
        "WHERE redirect_to IS NOT NULL"
    )
    steps = 1
    while steps < _LONGEST_CHAIN:
        connection.execute(
            "CREATE OR REPLACE TABLE redirects AS SELECT a.title, coalesce(b.target, a.target) "
            "AS target FROM redirects AS a LEFT JOIN redirects AS b ON a.target = b.title"
        )
        steps *= 2
    path = folder / "redirects.parquet"
    connection.sql(
        "SELECT title, target FROM redirects WHERE target NOT IN (SELECT title FROM redirects)"
    ).write_parquet(str(path))
    connection.execute("DROP TABLE redirects")
    return path


def number(
    connection: Any, counted: LinkCounts, pages: Path, excluded: Path, *, min_links: int
) -> None:
    """Make the tables `entities`, `links`, `forms` and `numbered_candidates`."""
    views = {
        "candidates": counted.candidates,
        "forms_counted": counted.forms,
        "in_links": counted.in_links,
        "pages": pages,
        "excluded": excluded,
    }
    for name, path in views.items():
        files = f"{path}/*.parquet" if path.is_dir() else str(path)
        connection.read_parquet(files).create_view(name)
    connection.execute(_ENTITIES)
    connection.execute(_LINKS)
    connection.execute(_FORMS, [min_links])
    connection.execute(_CANDIDATES)


def read_wikidata(connection: Any, mapping: Path) -> str:
    """Make the table `wikidata_mapping` and give the name of its key: `title` or `page_id`.

    Args:
        connection: To the database of the tables.
        mapping: CSV, TSV or Parquet with the columns `wikidata` (Q42, 42, or the item's address)
            and `title` or `page_id`. Rows without an item are passed over.

    Raises:
        InputError: The file cannot be read, lacks these columns, or has other values.
    """
    try:
        key = _read_wikidata(connection, mapping)
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise  # the disk's, the memory's, and Ctrl-C
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{mapping} is no CSV, TSV or *.parquet: {reason}") from error
    wrong = connection.execute(
        "SELECT given, wikidata, item IS NOT NULL FROM wikidata_mapping "
        f"WHERE item IS NULL OR {key} IS NULL LIMIT 1"
    ).fetchone()
    if wrong:
        given, item, is_item = wrong
        wanted = f"{key} must be a number" if is_item else "wikidata must be like Q42"
        raise InputError(
            f"{mapping}: there is a row with {key} {given!r} and wikidata {item!r}; {wanted}"
        )
    return key


def _read_wikidata(connection: Any, mapping: Path) -> str:
    if check_input_file(mapping).stat().st_size == 0:
        raise InputError(f"{mapping} is empty; it needs the columns wikidata and title or page_id")
    if mapping.suffix == ".parquet":
        table = connection.read_parquet(str(mapping))
    else:
        table = connection.read_csv(str(mapping), header=True, all_varchar=True)
    key = next((name for name in _KEYS if name in table.columns), None)
    if key is None or "wikidata" not in table.columns:
        found = textwrap.shorten(", ".join(table.columns), 200, placeholder=" …")
        raise InputError(
            f"{mapping}: it has the columns {found}; it needs wikidata and title or page_id"
        )
    table.create_view("wikidata_rows")
    connection.execute(
        f"CREATE TABLE wikidata_mapping AS SELECT {_KEYS[key]} AS {key}, "
        f"TRY_CAST(regexp_extract(wikidata, '{_ITEM}', 1) AS UINTEGER) AS item, given, wikidata "
        f"FROM (SELECT CAST({key} AS VARCHAR) AS given, CAST(wikidata AS VARCHAR) AS wikidata "
        "FROM wikidata_rows) AS texts WHERE trim(wikidata) <> ''"
    )
    return key


def add_wikidata(connection: Any, key: str) -> None:
    """Make the table `wikidata`: entity and number of its Wikidata item.

    Args:
        connection: After `number` and `read_wikidata`.
        key: Of the mapping.
    """
    connection.execute(
        "CREATE TABLE wikidata AS SELECT entity, item "
        f"FROM wikidata_mapping JOIN entities USING ({key})"
    )


def add_categories(connection: Any) -> None:
    """Make the tables `category_names` (id, name) and `categories` (entity, category)."""
    connection.execute(
        "CREATE TABLE page_categories AS SELECT entity, unnest(categories) AS name "
        "FROM pages JOIN entities ON pages.title = entities.title WHERE kind = 'article'"
    )
    connection.execute(
        "CREATE TABLE category_names AS SELECT CAST(row_number() OVER (ORDER BY name) - 1 AS "
        "INTEGER) AS id, name FROM (SELECT DISTINCT name FROM page_categories)"
    )
    connection.execute(
        "CREATE TABLE categories AS SELECT DISTINCT entity, id AS category "
        "FROM page_categories JOIN category_names USING (name)"
    )


def count(connection: Any, table: str) -> int:
    """Rows of a table."""
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def read(connection: Any, sql: str) -> Iterator[pa.RecordBatch]:
    """The result of a query, piece by piece."""
    relation = connection.sql(sql)
    # Before DuckDB 1.5 it had the other name.
    reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
    yield from reader(_ROWS_AT_ONCE)


def read_column(connection: Any, sql: str) -> Iterator[pa.Array]:
    """The one column of a query's result, piece by piece."""
    return (batch.column(0) for batch in read(connection, sql))


def read_numbers(connection: Any, sql: str) -> Iterator[Any]:
    """The result of a query of whole numbers, piece by piece: int64 (N) for each column."""
    for batch in read(connection, sql):
        yield tuple(column.to_numpy().astype(np.int64) for column in batch.columns)


def filled(connection: Any, sql: str, array: NDArray[Any]) -> NDArray[Any]:
    """Put a column, sorted as the array is, into it."""
    at = 0
    for piece in read_column(connection, sql):
        array[at : at + len(piece)] = piece.to_numpy()
        at += len(piece)
    return array
