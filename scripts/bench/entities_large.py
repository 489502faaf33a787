"""A knowledge base of full English Wikipedia's size, with made-up names and links.

    python scripts/bench/entities_large.py [--scale 1.0]

Seven million entities, 20 million forms and 33 million candidates, 200 million links; how many
pages link to an entity falls with its rank to the power 0.75. Counts are generated as tables, in
the form that counting a wiki gives; building from them, opening and linking run in processes of
their own, whose memory is measured. It takes some 20 GB of disk below `--cache`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import measure
import numpy as np

_ENTITIES = 7_000_003  # a prime, so that steps of any width meet every entity
_FORMS = 20_000_000
_LINKS = 200_000_000
_POWER = 0.75
_WORDS = 50_000
_SYLLABLES = "ba be bi bo da de di do fa fe ga go ka ke ko la le li lo ma me mi mo na ne no pa pe po ra re ri ro sa se si so ta te ti to va ve vo za".split()  # noqa: E501
_TEXTS, _MENTIONS, _WORDS_IN_TEXT = 1000, 50, 200
_MEMORY = 8_000_000_000


def words() -> list[str]:
    """Different made-up words."""
    random = np.random.default_rng(0)
    found: dict[str, None] = {}
    while len(found) < _WORDS:
        parts = random.integers(0, len(_SYLLABLES), random.integers(2, 5))
        found["".join(_SYLLABLES[i] for i in parts)] = None
    return list(found)


def generate(folder: Path, scale: float) -> None:
    """Write the tables that counting a wiki would give."""
    import duckdb
    import pyarrow as pa

    entities = _ENTITIES if scale == 1 else _prime(int(_ENTITIES * scale))
    others = int(_FORMS * scale) - entities
    ranks = np.arange(1, entities + 1) ** -_POWER
    most = _LINKS * scale / ranks.sum()
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(folder / "generating.duckdb")) as connection:
        connection.execute("SET memory_limit = '6GB'; SET preserve_insertion_order = false")
        connection.execute(
            "CREATE MACRO draw(a, b) AS CAST(hash(a, b) % 1000000007 AS BIGINT)"  # uniform
        )
        table = pa.table({"id": np.arange(_WORDS), "word": words()})
        connection.register("given_words", table)
        connection.execute("CREATE TABLE words AS SELECT * FROM given_words")
        connection.execute(f"""
            CREATE TABLE titled AS
            SELECT i, upper(a.word[1]) || a.word[2:] || ' ' || b.word
                   || CASE WHEN i % 3 = 0 THEN ' ' || c.word ELSE '' END AS title
            FROM (SELECT i, (i * 4999999) % {entities} AS p FROM range({entities}) AS t(i))
            JOIN words AS a ON a.id = p % {_WORDS}
            JOIN words AS b ON b.id = p // {_WORDS}
            JOIN words AS c ON c.id = draw(i, 1) % {_WORDS}""")
        names = f"""
            SELECT j, a.word || CASE WHEN j < {_WORDS} THEN '' ELSE ' ' || b.word END AS form
            FROM range({others}) AS t(j)
            JOIN words AS a ON a.id = j % {_WORDS}
            JOIN words AS b ON b.id = 1000 + j // {_WORDS}"""
        some = f"CAST({entities} * pow(draw(j, k) / 1000000007.0, 3) AS BIGINT)"
        connection.execute(f"""
            CREATE TABLE candidates AS
            SELECT form, title AS target, max(links) AS links FROM (
              SELECT lower(title) AS form, i AS entity, 1 + draw(i, 2) % 20 AS links FROM titled
              UNION ALL
              SELECT lower(title), {some}, 1 + draw(j, 3) % 5
              FROM (SELECT title, i AS j, unnest(range(draw(i, 7) % 3)) AS k FROM titled)
              UNION ALL
              SELECT form, {some}, CAST(1 + 20 / (k + 1) AS BIGINT)
              FROM (SELECT form, j, unnest(range(1 + draw(j, 5) % (CASE WHEN j < {_WORDS} THEN 30
                    ELSE 2 END))) AS k FROM ({names}))
            ) JOIN titled ON entity = titled.i GROUP BY form, title""")
        for name, sql in {
            "candidates": "FROM candidates",
            "forms": """SELECT form, CAST(sum(links) AS BIGINT) AS links,
                        CAST(sum(links) AS BIGINT) AS link_documents,
                        CAST(0 AS BIGINT) AS redirect_documents,
                        CAST(CASE WHEN form LIKE '% %' THEN 0 ELSE sum(links) // 3 END AS BIGINT)
                        AS lower_link_documents
                        FROM candidates GROUP BY form""",
            "pages": """SELECT title, i AS page_id, 'article' AS kind,
                        CAST(NULL AS VARCHAR) AS redirect_to,
                        CAST([] AS VARCHAR[]) AS categories FROM titled""",
            "excluded": "SELECT title FROM titled WHERE false",
            "in_links": f"""SELECT t.title AS target, s.title AS source FROM (
                  SELECT i, (draw(i, 8) % {entities} + k * (1 + draw(i, 9) % ({entities} - 1)))
                            % {entities} AS source
                  FROM (SELECT i, unnest(range(CAST(greatest(1, {most} * pow(i + 1, -{_POWER}))
                        AS BIGINT))) AS k FROM titled)
                ) AS links JOIN titled AS t USING (i) JOIN titled AS s ON s.i = links.source
                WHERE s.i <> t.i""",
        }.items():
            connection.execute(f"COPY ({sql}) TO '{folder}/{name}.parquet' (FORMAT parquet)")
    (folder / "generating.duckdb").unlink()


def _prime(least: int) -> int:
    while any(least % d == 0 for d in range(2, int(least**0.5) + 1)):
        least += 1
    return least


def build(folder: Path) -> None:
    """Build a knowledge base from the tables."""
    from nlp_engine.corpus.counts import LinkCounts
    from nlp_engine.entities.settings import KnowledgeBaseSettings
    from nlp_engine.entities.writer import CountedPages, FormDocuments, Writer
    from nlp_engine.manifest import write_manifest
    from nlp_engine.progress import silent

    def count_documents(forms: Any, found: FormDocuments) -> None:
        """Single words 20 to 50 times as often as links, other forms up to five times."""
        random = np.random.default_rng(1)
        single = found.lower_link_documents > 0
        factors = random.integers(1, 6, len(forms), np.uint32)
        factors[single] = random.integers(20, 50, np.count_nonzero(single), np.uint32)
        np.multiply(found.link_documents, factors, out=found.documents)
        np.multiply(found.lower_link_documents, 50, out=found.lower_documents)

    started = time.monotonic()
    out, scratch = folder / "kb", folder / "scratch"
    for path in (out, scratch):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    chosen = KnowledgeBaseSettings()
    links = LinkCounts(*(folder / f"{n}.parquet" for n in ("candidates", "forms", "in_links")))
    counted = CountedPages(links, folder / "pages.parquet", folder / "excluded.parquet")
    writer = Writer(out, scratch, chosen, silent)
    counts = writer.write(counted, count_documents, articles=_ENTITIES, source=folder)
    shutil.rmtree(scratch)
    write_manifest(
        out,
        format="knowledge base",
        language="en",
        started=started,
        settings={"max_form_words": 8},
        counts=counts,
    )


def query(folder: Path) -> None:
    """Open the knowledge base, link texts, and print what that took."""
    started = time.perf_counter()
    from nlp_engine.entities.knowledge_base import KnowledgeBase
    from nlp_engine.entities.ranking import EntityRanker

    imported = time.perf_counter()
    kb = KnowledgeBase.open(folder / "kb")
    ranker = EntityRanker(kb)
    opened = time.perf_counter()
    random = np.random.default_rng(2)
    single = words()  # names with up to 30 meanings
    texts = []
    for _ in range(_TEXTS):
        entities = (len(kb) * random.random(_MENTIONS // 2) ** 3).astype(int).tolist()
        names = [kb.title(entity) for entity in entities]
        names += [single[i].title() for i in random.integers(0, len(single), _MENTIONS // 2)]
        fillers = (_WORDS_IN_TEXT - int(1.7 * _MENTIONS)) // _MENTIONS
        random.shuffle(names)
        texts.append(" ".join(f"{name} {'xyz ' * fillers}" for name in names))
    before = _resident()
    each, links = [], 0
    for text in texts:
        began = time.perf_counter()
        links += len(ranker.candidates(text))
        each.append(time.perf_counter() - began)
    after = _resident()
    print(json.dumps({
        "import_seconds": imported - started,
        "open_seconds": opened - imported,
        "first_ms": 1000 * each[0],
        "median_ms": 1000 * float(np.median(each)),
        "p95_ms": 1000 * float(np.quantile(each, 0.95)),
        "links_a_text": links / len(texts),
        "candidates_a_text": float(np.mean([_candidates(kb, text) for text in texts[:100]])),
        "resident_before_MB": before / 1e6,
        "resident_MB": after / 1e6,
    }))  # fmt: skip


def _candidates(kb: Any, text: str) -> int:
    from nlp_engine.entities.spotting import spot

    forms = {mention.form for mention in spot(text, kb, 0.02)}
    return sum(min(len(kb.candidates(form)[0]), 30) for form in forms)


def _resident() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS")


def table(cache: Path, scale: float) -> None:
    """Generate once, build, query, and print."""
    folder = cache / "entities" / f"large-{scale:g}"
    if not (folder / "in_links.parquet").exists():
        generate(folder, scale)
    step = [sys.executable, __file__, "--folder", str(folder), "--step"]
    built = measure.run([[*step, "build"]])
    counts = json.loads((folder / "kb" / "manifest.json").read_text("utf-8"))["counts"]
    size = sum(path.stat().st_size for path in (folder / "kb").iterdir())
    done = subprocess.run([*step, "query"], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    print("| generated knowledge base | |\n|---|---|")
    print("| size | {entities:,} entities, {forms:,} forms, {candidates:,} candidates, "
          "{in_links:,} links |".format(**counts))  # fmt: skip
    print(f"| building from counts | {built.wall:,.0f} s, at most {built.memory / 1e9:.2f} GB |")
    print(f"| on the disk | {size / 1e9:.2f} GB |")
    print(f"| opening | {found['open_seconds']:.2f} s |")
    print("| a text of 200 words with {links_a_text:.0f} mentions and "
          "{candidates_a_text:.0f} candidates | {median_ms:.1f} ms (median), "
          "{p95_ms:.1f} ms (95 %) |".format(**found))  # fmt: skip
    print("| resident after 1,000 texts | {resident_MB:,.0f} MB |".format(**found))


def main() -> None:
    """Run everything, or one step in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=("build", "query"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        {"build": build, "query": query}[arguments.step](arguments.folder)
    else:
        table(arguments.cache, arguments.scale)


if __name__ == "__main__":
    main()
