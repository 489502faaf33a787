"""The commands `kb …` and `link` as a user types them, with wrong input, too."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from nlp_engine.demo import TEXT, DemoResult
from nlp_engine.entities.knowledge_base import KnowledgeBase
from nlp_engine.entities.ranking import EntityRanker
from nlp_engine.entities.settings import METHODS
from nlp_engine.errors import InputError
from nlp_engine.wiki.extract import extract_dumps
from tests.cli.commands import PROGRAM, fail, run, started, succeed
from tests.conftest import TOY_PAGES, make_dump
from tests.processes import children
from tests.reports.page import Page

SENTENCE = "Tim Cook runs Apple from Cupertino."
LINKED = ["Tim Cook", "Apple Inc.", "Cupertino, California"]


def extract(folder: Path, pages: Mapping[str, str], language: str = "en") -> Path:
    folder.mkdir()
    (folder / "dump.xml").write_bytes(make_dump(pages, language=language))
    extract_dumps([folder / "dump.xml"], folder / "extracted", language=language)
    return folder / "extracted"


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extract(tmp_path_factory.mktemp("toy") / "wiki", TOY_PAGES)


@pytest.fixture(scope="module")
def toy(extracted: Path) -> Path:
    folder = extracted.with_name("kb")
    succeed("kb", "build", extracted, "-o", folder)
    return folder


@pytest.fixture(scope="module")
def kb(demo: DemoResult) -> Path:
    return demo.folder / "kb"


def jsonl(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def titles(record: dict[str, Any]) -> list[str]:
    return [link["title"] for link in record["links"]]


# kb


def test_building_from_a_wiki_and_its_increment(extracted: Path, tmp_path: Path) -> None:
    increment = extract(
        tmp_path / "increment",
        {
            "Tim Cook": "'''Tim Cook''' left [[Apple Inc.|Apple]].",
            "Vision Pro": "A headset by [[Apple Inc.|Apple]] and [[Tim Cook]].",
        },
    )
    out = tmp_path / "kb"
    made = json.loads(succeed("kb", "build", extracted, increment, "-o", out, "--json"))
    assert made["out"] == str(out)
    assert made["counts"]["articles"] == 8, "one of seven is replaced, one is new"
    merged = KnowledgeBase.open(out)
    assert made["counts"] == merged.manifest.counts
    # Tim Cook's old page linked to Cupertino and the iPhone, too; the new one does not.
    shown = json.loads(succeed("kb", "show", out, "Cupertino", "--json"))
    assert [(c["title"], c["links"]) for c in shown["candidates"]] == [("Cupertino, California", 3)]
    shown = json.loads(succeed("kb", "show", out, "Apple", "--json"))
    assert [(c["title"], c["links"]) for c in shown["candidates"]] == [
        ("Apple Inc.", 5), ("Apple", 2),
    ]  # fmt: skip
    assert "Vision Pro" in succeed("link", out, "--text", "The Vision Pro by Apple.")
    # The other way round, the old page replaces the new one.
    succeed("kb", "build", increment, extracted, "-o", tmp_path / "kb", "--overwrite", "--quiet")
    shown = json.loads(succeed("kb", "show", out, "Cupertino", "--json"))
    assert shown["candidates"][0]["links"] == 4


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("by_title.csv", "title,wikidata\nTim Cook,Q265852\nNobody,Q1\nApple,\n"),
        ("by_title.tsv", "wikidata\ttitle\tnote\nQ265852\tTim_Cook\tnothing\n"),
        ("by_page_id.csv", "page_id,wikidata\n3,265852\n99,Q5\n"),
        ("query.csv", "title,wikidata\nTim Cook,http://www.wikidata.org/entity/Q265852\n"),
    ],
)
def test_wikidata_items(extracted: Path, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    arguments = ["kb", "build", extracted, "-o", tmp_path / "kb", "--wikidata", tmp_path / name]
    succeed(*arguments)
    (linked,) = jsonl(succeed("link", tmp_path / "kb", "--text", SENTENCE, "--format", "jsonl"))
    assert [link["wikidata"] for link in linked["links"]] == ["Q265852", None, None]


def test_wikidata_items_from_parquet(extracted: Path, toy: Path, tmp_path: Path) -> None:
    succeed("kb", "export", toy, "-o", tmp_path / "candidates.parquet")
    table = pq.read_table(tmp_path / "candidates.parquet", columns=["title"])
    items = [f"Q{1000 + row}" for row in range(len(table))]
    pq.write_table(table.append_column("wikidata", [items]), tmp_path / "items.parquet")
    succeed(
        "kb", "build", extracted, "-o", tmp_path / "kb", "--wikidata", tmp_path / "items.parquet"
    )
    made = KnowledgeBase.open(tmp_path / "kb")
    assert {made.wikidata(entity) for entity in range(len(made))} <= set(items)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.csv", "", "w.csv is empty; it needs the columns wikidata and title or page_id"),
        ("w.csv", "name,item\nApple,Q89\n", "columns name, item; it needs wikidata and title or p"),
        ("w.csv", "title,item\nApple,Q89\n", "it has the columns title, item; it needs wikidata"),
        (
            "w.csv",
            "title,wikidata\nApple,Q89\nTim Cook,Tim\n",
            "a row with title 'Tim Cook' and wikidata 'Tim'; wikidata must be like Q42",
        ),
        ("w.csv", "title,wikidata\nApple,Q99999999999\n", "'Q99999999999'; wikidata must be like"),
        (
            "w.csv",
            "page_id,wikidata\nApple,Q89\n",
            "a row with page_id 'Apple' and wikidata 'Q89'; page_id must be a number",
        ),
        ("w.parquet", "title,wikidata\nApple,Q89\n", "w.parquet is no CSV, TSV or *.parquet: "),
    ],
)
def test_wrong_wikidata_files(
    extracted: Path, tmp_path: Path, name: str, content: str, message: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as error:  # as every command's, one line (`clear_errors`)
        KnowledgeBase.build(extracted, tmp_path / "kb", wikidata=tmp_path / name)
    assert message in str(error.value)
    assert str(error.value).startswith(str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_wrong_input_of_build(extracted: Path, toy: Path, tmp_path: Path) -> None:
    out = ["-o", tmp_path / "kb"]
    german = extract(tmp_path / "german", {"Apfel": "Eine [[Frucht]]."}, "de")
    assert "is of language 'de', " in fail("kb", "build", extracted, german, *out)
    assert "a knowledge base is of one wiki" in fail("kb", "build", german, extracted, *out)
    assert "nowhere does not exist; expected the folder (extracted)" in fail(
        "kb", "build", extracted, "nowhere", *out
    )
    assert "holds: knowledge base; expected the folder (extracted)" in fail(
        "kb", "build", extracted, toy, *out
    )
    assert "none.csv does not exist" in fail(
        "kb", "build", extracted, *out, "--wikidata", tmp_path / "none.csv"
    )
    (tmp_path / "names.csv").write_text("name,item\nApple,Q89\n")
    assert "columns name, item; it needs wikidata and title or page_id" in fail(
        "kb", "build", extracted, *out, "--wikidata", tmp_path / "names.csv"
    )
    alone = extract(tmp_path / "alone", {"A": "no links"})
    assert "no page links to another" in fail("kb", "build", alone, *out)
    assert "min_link_probability is 2.0; the largest allowed value is 1" in fail(
        "kb", "build", extracted, *out, "--min-link-probability", 2
    )
    assert "pass --overwrite" in fail("kb", "build", extracted, "-o", toy)
    assert not (tmp_path / "kb").exists()


def test_show(toy: Path) -> None:
    shown = succeed("kb", "show", toy, "APPLE")
    assert shown.splitlines()[0] == "APPLE: link probability 0.857, in lower case 1.000"
    assert [line.split()[-2:] for line in shown.splitlines() if "0." in line][1:] == [
        ["4", "0.667"], ["2", "0.333"],
    ]  # fmt: skip
    shown = json.loads(succeed("kb", "show", toy, "Tim Cook", "--json"))
    assert shown["candidates"] == [
        {"title": "Tim Cook", "page_id": 3, "links": 3, "commonness": 1.0}
    ]
    assert shown["link_probability_in_lower_case"] is None, "of one word only"
    # What looks like markup of the terminal is text.
    assert succeed("kb", "show", toy, "[/apple]").startswith("[/apple]: link probability")
    assert "has no form 'banana'; no page links with it" in fail("kb", "show", toy, "banana")
    assert "has no form ''" in fail("kb", "show", toy, "")


def test_a_long_heading_is_one_line(kb: Path) -> None:
    first = succeed("kb", "show", kb, "state").splitlines()[0]
    assert first.startswith("state: link probability 0.") and "in lower case 0." in first


def test_stats(toy: Path, kb: Path) -> None:
    shown = succeed("kb", "stats", toy)
    for row in (["language", "en"], ["articles", "7"], ["calibrated", "no"], ["forms", "8"],
                ["Apple", "Inc.", "4"], ["ambiguous", "forms", "1"]):  # fmt: skip
        assert row in [line.split() for line in shown.splitlines()]
    found = json.loads(succeed("kb", "stats", kb, "--json"))
    opened = KnowledgeBase.open(kb)
    assert opened.manifest.counts.items() <= found.items()
    assert (found["language"], found["calibrated"]) == ("en", False)
    assert found["most_linked"][0] == [opened.title(0), len(opened.in_links(0))]
    assert "nowhere does not exist; expected the folder (knowledge base)" in fail(
        "kb", "stats", "nowhere"
    )


def test_export(toy: Path, tmp_path: Path) -> None:
    out = tmp_path / "candidates.parquet"
    assert succeed("kb", "export", toy, "-o", out) == f"{out}: 9 rows\n"
    assert pq.read_metadata(out).num_rows == 9
    assert "exists; choose another file or pass overwrite (--overwrite)" in fail(
        "kb", "export", toy, "-o", out
    )
    made = json.loads(succeed("kb", "export", toy, "-o", out, "--overwrite", "--json"))
    assert made == {"out": str(out), "counts": {"rows": 9}}
    assert succeed("kb", "export", toy, "-o", out, "--overwrite", "-q") == ""
    assert "is a folder; name a file" in fail("kb", "export", toy, "-o", tmp_path, "--overwrite")
    assert "expected the folder (knowledge base)" in fail("kb", "export", tmp_path, "-o", out)


def test_calibrate(demo: DemoResult, toy: Path, extracted: Path, tmp_path: Path) -> None:
    sample = demo.folder / "extracted"
    out = tmp_path / "kb"
    succeed("kb", "build", sample, "-o", out, "-q")
    before = jsonl(succeed("link", out, "--text", TEXT, "--format", "jsonl"))[0]["links"]
    assert [link["probability"] for link in before] == [link["score"] for link in before]
    shown = succeed("kb", "calibrate", out, sample)
    assert [line.split()[0] for line in shown.splitlines() if "0." in line] == list(METHODS)
    found = json.loads(succeed("kb", "calibrate", out, sample, "--json"))
    for method, result in found.items():
        assert f"{result['accuracy']:.3f}" in shown, method
        assert result["error"] < result["error_before"]
    after = jsonl(succeed("link", out, "--text", TEXT, "--format", "jsonl"))[0]["links"]
    assert [link["title"] for link in after] == [link["title"] for link in before]
    assert all(link["probability"] != link["score"] for link in after)
    assert json.loads(succeed("kb", "stats", out, "--json"))["calibrated"] is True
    least = ["--min-probability", "0.9"]
    kept = jsonl(succeed("link", out, "--text", TEXT, "--format", "jsonl", *least))[0]["links"]
    assert kept == [link for link in after if link["probability"] >= 0.9]
    assert 0 < len(kept) < len(after)

    assert f"{out} was not built from {extracted}; give the folders" in fail(
        "kb", "calibrate", out, extracted
    )
    assert "at least 100 are needed" in fail("kb", "calibrate", toy, extracted)
    assert "expected the folder (extracted)" in fail("kb", "calibrate", out, out)


# link


def test_the_text_from_everywhere(toy: Path, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(SENTENCE + "\n")
    (tmp_path / "text.txt.gz").write_bytes(gzip.compress(path.read_bytes()))
    shown = succeed("link", toy, "--text", SENTENCE)
    for title in LINKED:
        assert title in shown
    assert succeed("link", toy, path) == shown
    assert succeed("link", toy, tmp_path / "text.txt.gz") == shown
    assert succeed("link", toy, text=SENTENCE) == shown
    assert succeed("link", toy, "-", text=SENTENCE + "\n") == shown


def test_lines_of_a_text_as_json(toy: Path, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text(f"{SENTENCE}\n\nNothing here.\n\tThe iPhone by Apple.")
    found = jsonl(succeed("link", toy, path, "--format", "jsonl"))
    assert [record["text"] for record in found] == [
        SENTENCE, "", "Nothing here.", "\tThe iPhone by Apple.",
    ]  # fmt: skip
    assert [titles(record) for record in found] == [LINKED, [], [], ["IPhone", "Apple Inc."]]
    first = found[0]["links"][0]
    ranked = EntityRanker(KnowledgeBase.open(toy)).link(SENTENCE)[0]
    assert {name: getattr(ranked, name) for name in first} == first
    assert first["title"] == SENTENCE[first["start"] : first["end"]] == "Tim Cook"
    assert jsonl(succeed("link", toy, "--format", "jsonl", text=path.read_text())) == found


def test_json_lines_in_and_out(toy: Path, tmp_path: Path) -> None:
    records = [
        {"id": 7, "text": SENTENCE, "tags": ["ä", None], "links": "mine"},
        {"text": "no entity", "nested": {"text": "Apple"}},
        {"text": "Half a \ud83d character by Apple, Tim Cook."},
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    shown = succeed("link", toy, path, "--format", "jsonl")
    found = jsonl(shown)
    for record, linked in zip(records, found, strict=True):
        assert linked | {"links": 0} == record | {"links": 0}, "other fields are kept"
    assert [titles(linked) for linked in found] == [LINKED, [], ["Apple Inc.", "Tim Cook"]]
    assert '"ä"' in shown, "readable"
    (tmp_path / "records.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert succeed("link", toy, tmp_path / "records.jsonl.gz", "--format", "jsonl") == shown
    # All texts together, as a table and as a page.
    assert "Tim Cook" in succeed("link", toy, path)
    assert "no entity" in succeed("link", toy, path, "--format", "html")


def test_a_field_of_json_lines(toy: Path, tmp_path: Path) -> None:
    line = json.dumps({"body": SENTENCE, "text": "An iPhone."}) + "\n"
    path = tmp_path / "records.jsonl"
    path.write_text(line)
    arguments = ["--format", "jsonl", "--field", "body"]
    (found,) = jsonl(succeed("link", toy, path, *arguments))
    assert titles(found) == LINKED and found["text"] == "An iPhone."
    (tmp_path / "records.txt").write_text(line)
    assert jsonl(succeed("link", toy, tmp_path / "records.txt", *arguments)) == [found]
    assert jsonl(succeed("link", toy, *arguments, text=line)) == [found]
    (as_text,) = jsonl(succeed("link", toy, *arguments, "--text", SENTENCE))
    assert as_text == {"body": SENTENCE, "links": found["links"]}


@pytest.mark.parametrize(
    ("lines", "arguments", "message"),
    [
        (['{"text": "a"}', "{text: 1}"], [], "line 2: no JSON: Expecting property name"),
        (['{"text": "a"}', ""], [], "line 2: no JSON: Expecting value"),
        (['["text"]'], [], "line 1: no JSON object"),
        (['{"body": "a", "id": 1}'], [], "no text in field 'text'; --field names another of its f"),
        (['{"text": 5}'], [], "line 1: no text in field 'text'"),
        (['{"text": "a"}'], ["--field", "body"], "line 1: no text in field 'body'; --field names"),
    ],
)
def test_wrong_json_lines(
    toy: Path, tmp_path: Path, lines: list[str], arguments: list[str], message: str
) -> None:
    path = tmp_path / "records.jsonl"
    path.write_text("\n".join(lines) + "\n")
    done = run("link", toy, path, "--format", "jsonl", *arguments)
    assert done.returncode == 2
    (error,) = done.stderr.splitlines()
    assert message in error and str(path) in error
    assert len(done.stdout.splitlines()) == len(lines) - 1, "what comes before is out already"


def test_a_wrong_line_for_workers(toy: Path, tmp_path: Path) -> None:
    line = json.dumps({"text": SENTENCE}) + "\n"
    (tmp_path / "records.jsonl").write_text(line * 500 + "no JSON\n" + line)
    done = run("link", toy, tmp_path / "records.jsonl", "--format", "jsonl", "--workers", 2)
    assert done.returncode == 2
    assert "line 501: no JSON" in done.stderr and len(done.stderr.splitlines()) == 1
    assert [titles(record) for record in jsonl(done.stdout)] == [LINKED] * 500


def test_workers_change_nothing_but_the_time(kb: Path, tmp_path: Path) -> None:
    sentences = TEXT.split(". ")
    path = tmp_path / "text.txt"
    path.write_text("".join(f"{line}\n" for line in [*sentences, ""] * 60))
    one = succeed("link", kb, path, "--format", "jsonl")
    assert len(one.splitlines()) == 60 * (len(sentences) + 1)
    assert succeed("link", kb, path, "--format", "jsonl", "--workers", 2) == one
    path.write_text(TEXT)
    explained = ["--format", "jsonl", "--explain"]
    one = succeed("link", kb, path, *explained)
    assert '"votes"' in one
    assert succeed("link", kb, path, *explained, "--workers", 2) == one


def test_a_page(toy: Path) -> None:
    text = "<b>Tim Cook</b> & Apple\nfrom Cupertino."
    source = succeed("link", toy, "--format", "html", "--text", text)
    assert "&lt;b&gt;" in source and "&amp; " in source
    page = Page(source)
    page.check_whole_and_self_contained()
    for title in LINKED:
        assert title in page.text
    # A half of a character cannot be written; a letter stands for it.
    record = json.dumps({"text": "\ud83d Apple"})
    assert "? <mark" in succeed("link", toy, "--format", "html", "--field", "text", text=record)


def test_explanations(kb: Path, toy: Path) -> None:
    shown = succeed("link", kb, "--text", TEXT, "--explain")
    for text in ("Civil War: American Civil War 0.", "(else ", "voter", "co-citation", "abraham"):
        assert text in shown
    assert "-0.0" not in shown
    (found,) = jsonl(succeed("link", kb, "--text", TEXT, "--explain", "--format", "jsonl"))
    explained = EntityRanker(KnowledgeBase.open(kb)).explain(TEXT)
    assert [row["link"]["title"] for row in found["links"]] == [e.link.title for e in explained]
    for row, explanation in zip(found["links"], explained, strict=True):
        assert [vote["title"] for vote in row["votes"]] == [v.title for v in explanation.votes]
        assert row["others"] == [list(other) for other in explanation.others]
    alone = succeed("link", toy, "--text", "Tim Cook.", "--explain")
    assert alone == "Tim Cook: Tim Cook 1.00: no votes\n\n"
    # What looks like markup of the terminal is text.
    shown = succeed("link", toy, "--text", "Tim [/] Cook and Apple", "--explain")
    assert "Tim [/] Cook: Tim Cook 1.00" in shown


def test_aliases_and_rules(toy: Path, tmp_path: Path) -> None:
    overlay, rules = tmp_path / "aliases.csv", tmp_path / "rules.toml"
    overlay.write_text("alias,entity\nTimmy,Tim Cook\nGala,Gala (apple)\n")
    rules.write_text('[[rule]]\naction = "block"\ntitle_pattern = "^Cupertino"\n')

    def linked(*arguments: object) -> list[str]:
        text = "Timmy runs Apple from Cupertino with a Gala."
        return titles(
            jsonl(succeed("link", toy, "--text", text, "--format", "jsonl", *arguments))[0]
        )

    assert linked() == ["Apple Inc.", "Cupertino, California"]
    assert linked("--overlay", overlay) == [
        "Tim Cook", "Apple Inc.", "Cupertino, California", "Gala (apple)",
    ]  # fmt: skip
    assert linked("--rules", rules) == ["Apple Inc."]
    assert linked("--rules", rules, "--overlay", overlay) == [
        "Tim Cook", "Apple Inc.", "Gala (apple)",
    ]  # fmt: skip
    overlay.write_text("alias,entity\nTimmy,Cupertino\n")
    rules.write_text('[[rule]]\naction = "block"\ntitles = ["Pear"]\n')
    done = run("link", toy, "--text", SENTENCE, "--overlay", overlay, "--rules", rules)
    assert done.returncode == 0 and "Tim Cook" in done.stdout
    of_overlay, of_rules = done.stderr.splitlines()
    assert of_overlay.startswith(f"nlp-engine: {overlay}: new entities whose titles")
    assert "'Cupertino' of 'Cupertino, California'; give the other's title" in of_overlay
    assert of_rules == f"nlp-engine: rules that have no effect on {toy}: no entity 'Pear'"
    overlay.write_text("alias\nTimmy\n")
    rules.write_text('others = "none"\n')
    assert f"{overlay}: it has the columns alias; it needs alias and entity" in fail(
        "link", toy, "--text", SENTENCE, "--overlay", overlay
    )
    assert f"{rules}: others is 'none'; it must be allow or block" in fail(
        "link", toy, "--text", SENTENCE, "--rules", rules
    )
    assert "none.csv does not exist" in fail("link", toy, "--text", "x", "--overlay", "none.csv")
    assert "none.toml does not exist" in fail("link", toy, "--text", "x", "--rules", "none.toml")


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        *((["--method", method], {"method": method}) for method in METHODS),
        (["--method", "tagme", "--preset", "java"], {"method": "tagme", "preset": "java"}),
        (
            ["--method", "tagme", "--relatedness", "direct_links", "--no-divide-votes"],
            {"method": "tagme", "relatedness": "direct_links", "divide_votes": False},
        ),
        (["--rho", "0.4", "--window", "2"], {"rho": 0.4, "window": 2}),
        (["--tokenizer", "whitespace"], {"tokenizer": "whitespace"}),
    ],
)
def test_settings_reach_the_ranker(kb: Path, arguments: list[str], options: dict[str, Any]) -> None:
    (found,) = jsonl(succeed("link", kb, "--text", TEXT, "--format", "jsonl", *arguments))
    expected = EntityRanker(KnowledgeBase.open(kb), **options).link(TEXT)
    assert titles(found) == [link.title for link in expected] != []
    assert [link["rho"] for link in found["links"]] == [link.rho for link in expected]


def test_wrong_values(toy: Path, tmp_path: Path) -> None:
    text = ["--text", SENTENCE]
    for option, value, message in (
        ("--rho", 2, "rho is 2.0; the largest allowed value is 1"),
        ("--window", 0, "window is 0; the smallest allowed value is 1"),
        ("--epsilon", "nan", "epsilon is nan; it must be a finite number"),
        ("--preset", "java", "preset is a setting of the method tagme, and the method is collect"),
    ):
        assert message in fail("link", toy, *text, option, value)
    for option, value in (("--method", "magic"), ("--format", "xml"), ("--workers", 0),
                          ("--rho", "high")):  # fmt: skip
        done = run("link", toy, *text, option, value)
        assert done.returncode == 2 and "Traceback" not in done.stderr
        (line,) = (line for line in done.stderr.splitlines() if "Error" in line)
        assert option in line
    path = tmp_path / "text.txt"
    path.write_bytes(b"Tim Cook\nApple \xff\n")
    assert f"{path}, line 2, byte 7: not UTF-8" in fail("link", toy, path)
    assert f"there are {path} and --text; give one of them" in fail("link", toy, path, *text)
    assert "none.txt does not exist" in fail("link", toy, tmp_path / "none.txt")
    assert "is a folder; a file is expected" in fail("link", toy, tmp_path)
    assert "nowhere does not exist; expected the folder (knowledge base)" in fail(
        "link", "nowhere", *text
    )


def test_bytes_on_standard_input_that_are_no_text(toy: Path) -> None:
    command = [*PROGRAM, "link", str(toy)]
    done = subprocess.run(command, input=b"Apple \xff\n", capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().startswith("nlp-engine: -, line 1, byte 7: not UTF-8")


@pytest.mark.parametrize("arguments", [["--text", ""], []])
def test_empty_input(toy: Path, arguments: list[str]) -> None:
    shown = succeed("link", toy, *arguments, text="")
    (heading,) = (line for line in shown.splitlines() if line.strip(" ─"))
    assert heading.split()[:2] == ["mention", "article"]
    assert succeed("link", toy, *arguments, "--explain", text="") == ""
    assert "No entity was found" in succeed("link", toy, *arguments, "--format", "html", text="")
    records = jsonl(succeed("link", toy, *arguments, "--format", "jsonl", text=""))
    assert records == ([{"text": "", "links": []}] if arguments else [])


def in_workers(toy: Path, file: Path, lines: int) -> list[object]:
    """What links so many lines in two processes."""
    file.write_text(f"{SENTENCE}\n" * lines)
    return ["link", toy, file, "--format", "jsonl", "--workers", 2]


def test_a_reader_that_goes_away(toy: Path, tmp_path: Path) -> None:
    with started(*in_workers(toy, tmp_path / "text.txt", 20_000)) as process:
        assert process.stdout is not None and process.stderr is not None
        assert titles(json.loads(process.stdout.readline())) == LINKED
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_a_killed_run_leaves_no_worker(toy: Path, tmp_path: Path) -> None:
    with started(*in_workers(toy, tmp_path / "text.txt", 200_000)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        process.communicate(timeout=60)  # workers would have its standard output still


def test_a_killed_worker_is_named(toy: Path, tmp_path: Path) -> None:
    with started(*in_workers(toy, tmp_path / "text.txt", 200_000)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        workers = children(process.pid)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
        assert "a worker process was killed" in errors
    assert process.returncode == 2


def test_lines_are_linked_as_they_come(toy: Path) -> None:
    with started("link", toy, "--format", "jsonl") as process:
        assert process.stdin is not None and process.stdout is not None
        for text, expected in ((SENTENCE, LINKED), ("An iPhone.", ["IPhone"])):
            process.stdin.write(text + "\n")
            process.stdin.flush()
            assert titles(json.loads(process.stdout.readline())) == expected
        process.stdin.close()
    assert process.returncode == 0
