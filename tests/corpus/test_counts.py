"""Link counts agree with a straightforward count in Python, and on both engines."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp_engine.corpus.counts import (
    ANCHOR_SCHEMA,
    EXCLUDED_SCHEMA,
    REDIRECT_SCHEMA,
    LinkCounts,
    count_links,
    open_duckdb,
)
from nlp_engine.demo import DemoResult
from nlp_engine.entities.build import build_knowledge_base
from nlp_engine.errors import EngineError, OutputError, SettingError
from nlp_engine.manifest import read_manifest
from nlp_engine.wiki.extract import extract_dumps
from nlp_engine.wiki.kinds import PageKind
from nlp_engine.wiki.shards import read_pages
from nlp_engine.wiki.titles import resolve_redirects

Row = tuple[str, str, str, str, bool]

TITLES = st.sampled_from(["A", "B", "C", "D", "R", "S", "X"])
ANCHORS = st.lists(
    st.tuples(
        TITLES,
        st.sampled_from(["", "a", "b c", "é", "𝔸", "\uffee"]),
        TITLES,
        st.sampled_from(["anchor", "anchor", "outside", "title", "redirect", "name", "alias"]),
        st.booleans(),
    ),
    max_size=60,
)
REDIRECTS = {"R": "A", "S": "B"}
EXCLUDED = ["X"]
TABLES = ("candidates", "forms", "in_links")


def write_anchors(folder: Path, rows: list[Row]) -> Path:
    table = pa.Table.from_pylist(
        [dict(zip(ANCHOR_SCHEMA.names, row, strict=True)) for row in rows], ANCHOR_SCHEMA
    )
    pq.write_table(table, folder / "anchors.parquet")
    return folder / "anchors.parquet"


def counted(
    anchors: Path,
    redirects: dict[str, str],
    excluded: list[str],
    *,
    spill: Path,
    memory: str = "500MB",
    engine: str = "duckdb",
) -> LinkCounts:
    """`count_links` with redirects and excluded titles as Python has them."""
    columns = [list(redirects), list(redirects.values())]
    paths = spill / "redirects.parquet", spill / "excluded.parquet"
    pq.write_table(pa.table(columns, schema=REDIRECT_SCHEMA), paths[0])
    pq.write_table(pa.table([excluded], schema=EXCLUDED_SCHEMA), paths[1])
    return count_links(anchors, *paths, engine=engine, memory=memory, spill=spill)


ORDER = {
    "candidates": [("form", "ascending"), ("links", "descending"), ("target", "ascending")],
    "forms": [("form", "ascending")],
    "in_links": [("target", "ascending"), ("source", "ascending")],
}


def read(counts: LinkCounts, name: str) -> pa.Table:
    """A table of the result, in order."""
    return pq.read_table(getattr(counts, name)).sort_by(ORDER[name]).combine_chunks()


def check(
    counts: LinkCounts, rows: list[Row], redirects: dict[str, str], excluded: list[str]
) -> None:
    """Count again in Python and compare."""
    links = [(s, f, redirects.get(t, t), o, low) for s, f, t, o, low in rows]
    kept = [row for row in links if row[1] and row[2] not in excluded]
    pairs: Counter[tuple[str, str]] = Counter()
    for _, form, target, origin, _ in kept:
        pairs[form, target] += origin in ("anchor", "outside")
    assert read(counts, "candidates").to_pylist() == [
        {"form": form, "target": target, "links": n}
        for (form, target), n in sorted(pairs.items(), key=lambda x: (x[0][0], -x[1], x[0][1]))
    ]
    inside: dict[str, list[Row]] = {}
    for row in kept:
        if row[3] not in ("outside", "alias"):
            inside.setdefault(row[1], []).append(row)

    def documents(form: str, wanted: Callable[[Row], bool] = lambda _: True) -> int:
        return len({row[0] for row in inside[form] if wanted(row)})

    assert read(counts, "forms").to_pylist() == [
        {
            "form": form,
            "links": len(inside[form]),
            "link_documents": documents(form),
            "redirect_documents": documents(form, lambda row: row[3] == "redirect"),
            "lower_link_documents": documents(form, lambda row: row[3] == "anchor" and row[4]),
        }
        for form in sorted(inside)
    ]
    barred = set(excluded)
    in_links = {
        (target, source)
        for source, _, target, origin, _ in links
        if origin in ("anchor", "outside") and source != target and not {source, target} & barred
    }
    assert read(counts, "in_links").to_pylist() == [
        {"target": target, "source": source} for target, source in sorted(in_links)
    ]


@given(ANCHORS)
@settings(max_examples=40)
def test_agrees_with_python(tmp_path_factory: Any, rows: list[Row]) -> None:
    folder: Path = tmp_path_factory.mktemp("counts")
    anchors = write_anchors(folder, rows)
    check(counted(anchors, REDIRECTS, EXCLUDED, spill=folder), rows, REDIRECTS, EXCLUDED)


@pytest.fixture(scope="module")
def sample(demo: DemoResult, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The links of the real sample: the Parquet file, its rows, redirects, disambiguations."""
    rows: list[Row] = []
    redirects, excluded = {}, []
    for page in read_pages(demo.folder / "extracted"):
        if page.kind is PageKind.DISAMBIGUATION:
            excluded.append(page.title)
        if page.redirect_to:
            redirects[page.title] = page.redirect_to
            rows.append((page.title, page.title.lower(), page.redirect_to, "redirect", False))
        anchors = [(page.text[link.start : link.end], link.target) for link in page.links]
        rows += [(page.title, a.lower(), t, "anchor", a.islower()) for a, t in anchors]
        rows += [
            (page.title, link.anchor.lower(), link.target, "outside", False)
            for link in page.outside_links
        ]
    path = write_anchors(tmp_path_factory.mktemp("sample"), rows)
    return path, rows, resolve_redirects(redirects), excluded


def test_the_real_sample_agrees_with_python(tmp_path: Path, sample: Any) -> None:
    path, rows, redirects, excluded = sample
    assert len(rows) > 10_000
    check(counted(path, redirects, excluded, spill=tmp_path), rows, redirects, excluded)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A Spark session on two threads."""
    pytest.importorskip("pyspark", reason="needs pyspark: pip install 'nlp-engine[spark]'")
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("needs Java for Spark")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", 4)
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    yield session
    session.stop()


def test_spark_gives_the_same_tables(tmp_path: Path, spark: Any, sample: Any) -> None:
    path, _, redirects, excluded = sample
    by_engine = []
    for engine in ("duckdb", "spark"):
        (tmp_path / engine).mkdir()
        by_engine.append(
            counted(path, redirects, excluded, engine=engine, memory="1GB", spill=tmp_path / engine)
        )
    for name in TABLES:
        one, other = (read(counts, name) for counts in by_engine)
        assert [f.name for f in one.schema] == [f.name for f in other.schema], name
        other = other.cast(one.schema)
        assert one.num_rows > 1000
        assert one.equals(other), name  # the same rows in the same order
    assert spark.sql("SELECT 1 AS one").count() == 1  # the session is left running
    assert not spark.catalog.tableExists("anchors")  # and its views are as they were


def test_spark_counts_odd_text_as_duckdb(tmp_path: Path, spark: Any) -> None:
    forms = ["", "a", "A", "z", "é", "e\u0301", "\uffee", "𝔸", "日本", "a b", "a\u00a0b", "'", '"']
    rows: list[Row] = [
        (f"S{i % 5}", form, f"T{i % 3}", "anchor", i % 2 == 0) for i, form in enumerate(forms * 7)
    ]
    path = write_anchors(tmp_path, rows)
    counts = counted(path, {"T0": "T1"}, [], engine="spark", memory="1GB", spill=tmp_path)
    check(counts, rows, {"T0": "T1"}, [])


@pytest.mark.full
def test_a_knowledge_base_built_on_spark_is_the_same(
    tmp_path: Path, spark: Any, demo: DemoResult
) -> None:
    # In a process of its own, so that it starts and stops a session.
    command = [sys.executable, "-m", "nlp_engine", "kb", "build", str(demo.folder / "extracted")]
    options = ["-o", "kb", "--engine", "spark", "--memory", "1GB", "--quiet"]
    done = subprocess.run(
        command + options, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = read_manifest(tmp_path / "kb", "knowledge base")
    assert made.settings["engine"] == "spark"
    on_duckdb = read_manifest(demo.folder / "kb", "knowledge base")
    assert made.files == on_duckdb.files
    assert [path.name for path in tmp_path.iterdir()] == ["kb"]


def test_spark_without_java(
    tmp_path: Path, demo: DemoResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyspark", reason="needs pyspark: pip install 'nlp-engine[spark]'")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EngineError, match="Spark needs Java 17 or newer, there is none in JAVA"):
        build_knowledge_base(demo.folder / "extracted", tmp_path / "kb", engine="spark")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600,000 links with 300,000 different forms: 70 MB as text, more in a hash table."""
    path = tmp_path_factory.mktemp("large") / "anchors.parquet"
    random = np.random.default_rng(1)
    with pq.ParquetWriter(path, ANCHOR_SCHEMA) as writer:
        for _ in range(6):
            numbers = random.integers(0, 300_000, 100_000)
            columns = [
                [f"the page that is the source {n % 20_011}" for n in numbers],
                [f"a form of some five words {n}" for n in numbers],
                [f"the page that is the target {n % 30_011}" for n in numbers],
                ["anchor"] * len(numbers),
                [False] * len(numbers),
            ]
            writer.write_table(pa.table(columns, schema=ANCHOR_SCHEMA))
    return path


def test_tables_larger_than_the_memory_go_to_the_disk(tmp_path: Path, large: Path) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    with watched(lambda: bytes_of_duckdb(spill)) as sizes:
        narrow = counted(large, {}, [], memory="64MB", spill=spill)
    assert max(sizes) > 10_000_000
    assert bytes_of_duckdb(spill) == 0
    roomy = counted(large, {}, [], memory="2GB", spill=tmp_path)
    for name in TABLES:
        assert read(narrow, name).equals(read(roomy, name)), name


def bytes_of_duckdb(folder: Path) -> int:
    sizes = []
    for path in folder.glob("*.tmp"):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:
            continue
    return sum(sizes)


@contextlib.contextmanager
def watched(measure: Callable[[], int]) -> Iterator[list[int]]:
    """Measure again and again in a thread; gives the list of the values."""
    values: list[int] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            values.append(measure())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield values
    finally:
        over.set()
        thread.join()


def test_too_little_memory_says_so(tmp_path: Path, large: Path) -> None:
    with pytest.raises(OutputError, match="allow more memory"):
        counted(large, {}, [], memory="1MB", spill=tmp_path)


def test_nothing_of_the_counting_stays_in_the_folder(tmp_path: Path, toy_dump: Path) -> None:
    extract_dumps([toy_dump], tmp_path / "extracted")
    made = build_knowledge_base(tmp_path / "extracted", tmp_path / "kb", memory="64MB")
    assert made.settings["memory"] == "64MB"
    names = {path.name for path in (tmp_path / "kb").rglob("*")}
    assert names == {record.name for record in made.files} | {"manifest.json"}
    assert not {name for name in names if "parquet" in name or "tmp" in name}
    assert {path.name for path in tmp_path.iterdir()} == {"extracted", "kb", toy_dump.name}


def test_memory_that_is_no_size_is_refused_before_any_work(
    tmp_path: Path, demo: DemoResult
) -> None:
    with pytest.raises(SettingError, match="memory is 'much'; it must be a size such as 500MB"):
        build_knowledge_base(demo.folder / "extracted", tmp_path / "kb", memory="much")
    assert not (tmp_path / "kb").exists()


def test_ctrl_c_during_a_query(tmp_path: Path) -> None:
    def press() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    endless = "SELECT sum(a.i * b.i) FROM range(1 << 30) AS a(i), range(1 << 30) AS b(i)"
    timer = threading.Timer(0.5, press)
    with pytest.raises(KeyboardInterrupt), open_duckdb(100 << 20, tmp_path) as connection:
        timer.start()
        connection.execute(endless)
    with pytest.raises(RuntimeError, match="mine"), open_duckdb(100 << 20, tmp_path):
        raise RuntimeError("mine")
