"""Link counts agree with a straightforward count in Python."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.corpus.counts import ANCHOR_SCHEMA, count_links

TITLES = st.sampled_from(["A", "B", "C", "D", "R", "S", "X"])
ANCHORS = st.lists(
    st.tuples(
        TITLES,
        st.sampled_from(["", "a", "b c", "é"]),
        TITLES,
        st.sampled_from(["anchor", "anchor", "title", "redirect"]),
    ),
    max_size=60,
)
REDIRECTS = {"R": "A", "S": "B"}
EXCLUDED = ["X"]


@given(ANCHORS)
@settings(max_examples=40)
def test_agrees_with_python(
    tmp_path_factory: object, rows: list[tuple[str, str, str, str]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("counts")  # type: ignore[attr-defined]
    table = pa.Table.from_pylist(
        [dict(zip(ANCHOR_SCHEMA.names, row, strict=True)) for row in rows], ANCHOR_SCHEMA
    )
    pq.write_table(table, folder / "anchors.parquet")
    counted = count_links(
        folder / "anchors.parquet", REDIRECTS, EXCLUDED, memory="200MB", spill=folder
    )

    links = [(s, f, REDIRECTS.get(t, t), o) for s, f, t, o in rows]
    kept = [row for row in links if row[1] and row[2] not in EXCLUDED]
    candidates = Counter((form, target) for _, form, target, _ in kept)
    assert {
        (row["form"], row["target"]): row["links"] for row in counted.candidates.to_pylist()
    } == candidates
    for row in counted.forms.to_pylist():
        of_form = [link for link in kept if link[1] == row["form"]]
        assert row["links"] == len(of_form)
        assert row["link_documents"] == len({link[0] for link in of_form})
        redirects = {link[0] for link in of_form if link[3] == "redirect"}
        assert row["redirect_documents"] == len(redirects)
    assert {(row["target"], row["source"]) for row in counted.in_links.to_pylist()} == {
        (target, source)
        for source, _, target, origin in links
        if origin == "anchor" and source != target and not {source, target} & set(EXCLUDED)
    }
