"""Counting links and anchors: one SQL text per question, on tables larger than memory.

`anchors` has a row per link: `source` (title of the page it stands on), `form` (normalised
anchor text), `target` (title it points to) and `origin`: `anchor` for a link in a text, `title`
for a page's own title, `redirect` for a redirect's title.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from nlp_engine.errors import OutputError

ANCHOR_SCHEMA = pa.schema([(name, pa.string()) for name in ("source", "form", "target", "origin")])

_RESOLVED = """
CREATE TABLE links AS
SELECT anchors.source, anchors.form, coalesce(redirects.target, anchors.target) AS target,
       anchors.origin
FROM anchors LEFT JOIN redirects ON anchors.target = redirects.title
"""

_CANDIDATES = """
SELECT form, target, count(*) AS links
FROM links
WHERE form <> '' AND target NOT IN (SELECT title FROM excluded)
GROUP BY form, target
ORDER BY form, links DESC, target
"""

_FORMS = """
SELECT form, count(*) AS links, count(DISTINCT source) AS link_documents,
       count(DISTINCT source) FILTER (WHERE origin = 'redirect') AS redirect_documents
FROM links
WHERE form <> '' AND target NOT IN (SELECT title FROM excluded)
GROUP BY form
ORDER BY form
"""

_IN_LINKS = """
SELECT DISTINCT target, source
FROM links
WHERE origin = 'anchor' AND source <> target
      AND target NOT IN (SELECT title FROM excluded)
      AND source NOT IN (SELECT title FROM excluded)
ORDER BY target, source
"""


@dataclass(frozen=True, slots=True)
class LinkCounts:
    """What the anchors of a wiki add up to.

    Attributes:
        candidates: form, target, links: how often a form links to a target; by form, then most
            frequent first.
        forms: form, links, link_documents, redirect_documents: how many links, in how many
            pages, and how many of those pages are redirects; by form.
        in_links: target, source: which page links to which, each pair once; by target.
    """

    candidates: pa.Table
    forms: pa.Table
    in_links: pa.Table


def count_links(
    anchors: Path, redirects: dict[str, str], excluded: list[str], *, memory: str, spill: Path
) -> LinkCounts:
    """Count the anchors of a wiki.

    Args:
        anchors: Parquet file of the schema `ANCHOR_SCHEMA`.
        redirects: Final target by redirect title.
        excluded: Titles that are no entities, such as disambiguation pages.
        memory: How much memory the counting may take, e.g. `2GB`.
        spill: Folder for what does not fit.

    Raises:
        OutputError: The disk is full.
    """
    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute("SET temp_directory = ?", [str(spill)])
        connection.register(
            "redirects",
            pa.table({"title": list(redirects), "target": list(redirects.values())}, _PAIRS),
        )
        connection.register("excluded", pa.table({"title": pa.array(excluded, pa.string())}))
        connection.read_parquet(str(anchors)).create_view("anchors")
        try:
            connection.execute(_RESOLVED)
            return LinkCounts(
                *(
                    connection.sql(query).to_arrow_table()
                    for query in (_CANDIDATES, _FORMS, _IN_LINKS)
                )
            )
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            reason = str(error).partition("\n")[0]
            raise OutputError(
                f"counting links failed in {spill}: {reason}; free some space or allow more memory"
            ) from error


_PAIRS = pa.schema([("title", pa.string()), ("target", pa.string())])
