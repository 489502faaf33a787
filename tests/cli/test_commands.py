"""The commands as a user types them: results, errors in one line, exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import fasttext
import numpy as np
import pytest

from nlp_engine.demo import DemoResult
from nlp_engine.formats.fasttext import Entries, ModelSettings, write_model
from tests.cli.commands import PROGRAM, fail, run, run_program, started, succeed
from tests.conftest import make_dump

HELP_OF_ALL = """
import sys
import typer.main
from typer.testing import CliRunner
from nlp_engine.cli.app import app

def commands(command, path=()):
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))

for path in commands(typer.main.get_command(app)):
    done = CliRunner().invoke(app, [*path, "--help"], prog_name="nlp-engine")
    assert done.exit_code == 0 and f"Usage: {' '.join(('nlp-engine', *path))} " in done.output, path
    print(" ".join(path))
heavy = {"boto3", "duckdb", "numpy", "pyarrow", "sklearn", "spacy"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_help_of_everything_loads_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HELP_OF_ALL], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {"train", "kb show", "items put", "job deploy"} <= set(done.stdout.splitlines())


def test_words_outside_the_vocabulary_are_looked_up_by_subwords(tmp_path: Path) -> None:
    words = ["a", "small", "large", "world"]
    rows = np.random.default_rng(0).standard_normal((104, 5), np.float32)
    write_model(
        tmp_path / "model.bin",
        settings=ModelSettings(min_char=2, max_char=3, buckets=100),
        entries=Entries(words=words, counts=np.ones(4, np.int64), tokens=4),
        input_rows=rows,
        output_rows=rows[:4],
    )
    found = json.loads(
        succeed("similar", tmp_path / "model.bin", "smaller", "world", "-k", 2, "--json")
    )
    assert {word: len(hits) for word, hits in found.items()} == {"smaller": 2, "world": 2}
    library = fasttext.load_model(str(tmp_path / "model.bin"))
    nearest = library.get_nearest_neighbors("smaller", 2)
    assert [hit["word"] for hit in found["smaller"]] == [word for _, word in nearest]
    analogy = succeed("analogy", tmp_path / "model.bin", "smaller", "small", "larger", "--json")
    assert json.loads(analogy)[0]["word"] in words


def test_version() -> None:
    done = run_program("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nlp-engine 0.")


def test_a_process_of_its_own_does_the_same(tmp_path: Path, toy_dump: Path) -> None:
    for arguments in (
        ["wiki", "extract", toy_dump, "-o", tmp_path / "out"],
        ["wiki", "extract", toy_dump, "-o", tmp_path / "out"],  # it exists
        ["corpus", "recipes", "--json"],
        ["nonsense"],
    ):
        done = run_program(*arguments)
        if done.returncode == 0:
            shutil.rmtree(tmp_path / "out", ignore_errors=True)
        here = run(*arguments)
        assert (here.returncode, here.stdout, here.stderr) == (
            done.returncode, done.stdout, done.stderr,
        )  # fmt: skip


def test_the_walk_by_hand(tmp_path: Path, toy_dump: Path) -> None:
    out = tmp_path
    assert "7 articles" in succeed("wiki", "extract", toy_dump, "-o", out / "extracted")
    made = json.loads(succeed("corpus", "build", out / "extracted", "-o", out / "corpus", "--json"))
    assert made["counts"]["documents"] == 7
    made = succeed(
        "train", out / "corpus", "-o", out / "vectors", "--mode", "skipgram", "--vector-dim", 8,
        "--min-count", 1, "--no-evaluation",
    )  # fmt: skip
    assert "words" in made
    assert "apple" in succeed("similar", out / "vectors", "Cupertino", "-k", 40)
    assert "must be one of fast, text8" in fail(
        "similar", out / "vectors", "Cupertino", "--tokenizer", "moses"
    )
    hits = json.loads(succeed("analogy", out / "vectors", "tim", "cook", "apple", "--json"))
    assert len(hits) == 5
    succeed(
        "corpus", "label", out / "extracted", "-o", out / "labelled", "--label", "title",
        "--split", "100/0/0", "--quiet",
    )  # fmt: skip
    trained = succeed(
        "train", out / "labelled", "-o", out / "classifier", "--mode", "supervised",
        "--vector-dim", 8, "--buckets", 1000, "--min-count", 1, "--epochs", 100, "--learning-rate",
        1,
    )  # fmt: skip
    assert re.search(r"train +7 +1.000", trained)
    assert "accuracy" in succeed("evaluate", out / "classifier", out / "labelled" / "train.txt")
    predicted = succeed("predict", out / "classifier", text="an apple is a fruit\n\n")
    assert predicted.splitlines()[0].startswith("Apple ")
    text8 = succeed(
        "predict", out / "classifier", "--tokenizer", "text8", text="An APPLE is 1 fruit\n"
    )
    assert text8 == succeed("predict", out / "classifier", text="an apple is one fruit\n")
    lines = succeed("predict", out / "classifier", "-k", 2, "--json", text="grape\n").splitlines()
    assert len(json.loads(lines[0])["predictions"]) == 2
    assert succeed("predict", out / "classifier", "--threshold", 1, text="grape\n") == "\n"
    explained = succeed("predict", out / "classifier", "--explain", text="apple\n").splitlines()
    assert re.fullmatch(r"  apple [+-]\d+\.\d\d  </s> [+-]\d+\.\d\d", explained[1])
    (line,) = succeed(
        "predict", out / "classifier", "--explain", "--json", text="apple\n"
    ).splitlines()
    assert [c["word"] for c in json.loads(line)["explanation"]["contributions"]] == [
        "apple", "</s>",
    ]  # fmt: skip
    assert "forms" in succeed(
        "kb", "build", out / "extracted", "-o", out / "kb", "--engine", "duckdb", "--memory", "64MB"
    )
    assert "0.667" in succeed("kb", "show", out / "kb", "Apple")
    shown = json.loads(succeed("kb", "show", out / "kb", "Apple", "--json"))
    assert [c["title"] for c in shown["candidates"]] == ["Apple Inc.", "Apple"]
    sentence = "Tim Cook runs Apple."
    assert "Apple Inc." in succeed("link", out / "kb", "--text", sentence)
    linked = json.loads(succeed("link", out / "kb", "--format", "jsonl", text=sentence + "\n"))
    assert [link["title"] for link in linked["links"]] == ["Tim Cook", "Apple Inc."]
    succeed(
        "items", "build", out / "extracted", "-o", out / "items", "--id", "page_id", "--title",
        "title", "--vectors", out / "vectors", "--kb", out / "kb",
    )  # fmt: skip
    assert "nothing to complain about" in succeed("items", "check", out / "items")


def test_a_recipe(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("One sentence. Two sentences.\n")
    (tmp_path / "notes.toml").write_text('name = "n"\nsource = "notes.txt"\nformat = "text8"\n')
    succeed("corpus", "build", tmp_path / "notes.toml", "-o", tmp_path / "out", "-q")
    assert (tmp_path / "out" / "text8").read_text() == "one sentence two sentences"
    assert "did you mean en_wikipedia?" in fail("corpus", "build", "en_wikipdia", "-o", "out")


def test_the_recipes_of_the_package(tmp_path: Path) -> None:
    assert "de_wikipedia" in succeed("corpus", "recipes")
    recipes = {row["name"]: row for row in json.loads(succeed("corpus", "recipes", "--json"))}
    assert recipes["de_wikipedia"]["language"] == "de"
    assert "CC BY-SA" in recipes["de_wikipedia"]["licence"]
    assert "98 documents" in succeed("corpus", "build", "enwiki_sample", "-o", tmp_path / "out")


def test_evaluation_of_vectors(demo: DemoResult) -> None:
    shown = succeed("evaluate", demo.folder / "vectors")
    assert "353" in shown and "capital-world" in shown and "19,544" in shown
    results = json.loads(succeed("evaluate", demo.folder / "vectors", "--json"))
    assert results["mean_rho"] == pytest.approx(demo.mean_rho, abs=1e-6)
    fewer = succeed("evaluate", demo.folder / "vectors", "--json", "--restrict-vocab", 100)
    name = "questions-words.txt"
    assert json.loads(fewer)[name]["not_found"] > results[name]["not_found"]
    assert "restrict_vocab is 0" in fail("evaluate", demo.folder / "vectors", "--restrict-vocab", 0)


def test_training_shows_results_and_writes_a_page(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("the cat sat on the mat\nthe dog sat on the log\n" * 50)
    (tmp_path / "pairs.txt").write_text("cat dog 9\ncat mat 1\n")
    (tmp_path / "questions.txt").write_text(": family\ncat mat dog log\n")
    out = tmp_path / "out"
    shown = succeed(
        "train", tmp_path / "corpus.txt", "-o", out, "--mode", "cbow", "--vector-dim", 8,
        "--pairs", tmp_path / "pairs.txt", "--pairs", tmp_path / "questions.txt",
    )  # fmt: skip
    assert "pairs.txt" in shown and "questions.txt" in shown and "semantic" in shown
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "questions.txt" in page and "vector_dim" in page
    assert "report.html" in (out / "manifest.json").read_text()


def test_training_without_the_reports_extra_says_how_to_get_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jinja2.py").write_text("raise ModuleNotFoundError(name='jinja2')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "corpus.txt").write_text("the cat sat on the mat\n" * 50)
    arguments = ["train", tmp_path / "corpus.txt", "-o", tmp_path / "out", "--mode", "cbow"]
    done = run_program(*arguments, "--vector-dim", 4, "--no-evaluation")
    assert done.returncode == 0
    assert done.stderr == (
        "nlp-engine: no report.html: jinja2 is not installed; it comes with: "
        "pip install 'nlp-engine[reports]'\n"
    )
    assert not (tmp_path / "out" / "report.html").exists()
    assert run_program(*arguments, "--no-evaluation", "--overwrite", "--quiet").stderr == ""


def test_evaluation_of_a_classifier(demo: DemoResult, tmp_path: Path) -> None:
    model, held = demo.folder / "classifier", demo.folder / "labelled" / "test.txt"
    out = tmp_path / "out"
    results = json.loads(succeed("evaluate", model, held, "--json", "--k", "2", "-o", out))
    assert results == json.loads((out / "eval.json").read_text())
    assert results["test_accuracy"] == demo.accuracy
    assert list(results["test"]["at_k"]) == ["2"]
    assert "Worst mistakes" in (out / "report.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in out.iterdir()) == [
        "eval.json", "manifest.json", "report.html",
    ]  # fmt: skip
    names = list(results["test"]["labels"])
    costs = tmp_path / "costs.csv"
    costs.write_text(
        "\n".join([",".join(["", *names]), *(",".join([name, *"1" * 12]) for name in names)])
    )
    shown = succeed("evaluate", model, held, "--cost-matrix", costs)
    for text in ("macro F1", "ECE", "P@3", "the most probable label", "Abraham Lincoln",
                 "threshold", "least expected cost"):  # fmt: skip
        assert text in shown, text
    assert f"{demo.accuracy:.3f}" in shown
    assert "pass --overwrite" in fail("evaluate", model, held, "-o", out)
    assert "k is '0'" in fail("evaluate", model, held, "--k", 0)
    assert "'x': the model has no such label" in fail(
        "evaluate", model, held, "--cost-matrix", write(tmp_path, ",x\n")
    )
    assert "restrict_vocab is for vectors, but" in fail(
        "evaluate", model, held, "--restrict-vocab", 9
    )
    assert "k is for classifiers, but" in fail("evaluate", demo.folder / "vectors", "--k", 9)
    assert "cost_matrix is for classifiers" in fail(
        "evaluate", demo.folder / "vectors", "--cost-matrix", costs
    )


def test_compression_of_a_classifier(demo: DemoResult, tmp_path: Path) -> None:
    model, held = demo.folder / "classifier", demo.folder / "labelled" / "test.txt"
    out = tmp_path / "out"
    shown = succeed("compress", model, held, "-o", out, "--max-size", "500kB", "--qnorm")
    size = (out / "model.ftz").stat().st_size
    assert size <= 500_000
    assert re.search(rf"bytes +[\d,]+ +{size:,}", shown)
    assert re.search(rf"accuracy, test +{demo.accuracy:.3f} +0\.\d\d\d", shown)
    assert "test" in succeed("evaluate", out, held)
    assert succeed("predict", out, text="president lincoln\n").startswith("Abraham Lincoln")
    assert "pass --overwrite" in fail("compress", model, "-o", out)
    made = json.loads(
        succeed("compress", model, "-o", out, "--overwrite", "--cutoff", 300, "--json")
    )
    assert made["words"]["after"] + made["ngrams"]["after"] == 300
    assert made["accuracy"]["test"] == {"before": demo.accuracy, "after": None}
    unmeasured = succeed("compress", model, "-o", out, "--overwrite", "--dsub", 4)
    assert "accuracy was not measured: name a labelled corpus" in unmeasured
    assert succeed("compress", model, "-o", out, "--overwrite", "-q") == ""
    assert "the smallest model" in fail(
        "compress", model, "-o", tmp_path / "x", "--max-size", "9kB"
    )
    assert "compressed already" in fail("compress", out, "-o", tmp_path / "x")
    assert "holds: vectors" in fail("compress", demo.folder / "vectors", "-o", tmp_path / "x")


def write(folder: Path, text: str) -> Path:
    path = folder / "file.txt"
    path.write_text(text)
    return path


def test_what_a_classifier_cannot_be_evaluated_on(demo: DemoResult, tmp_path: Path) -> None:
    model = demo.folder / "classifier"
    assert "it is empty" in fail("evaluate", model, write(tmp_path, ""))
    assert "no line has a label" in fail("evaluate", model, write(tmp_path, "a text\n"))
    path = write(tmp_path, "a text\n__label__Nobody is known\n__label__Alaska is a state\n")
    done = run("evaluate", model, path)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"nlp-engine: {path}: 1 example without a label left out, the first in line 1",
        f"nlp-engine: {path}: the model was not trained on 'Nobody'; "
        "1 example with such a label count as errors",
    ]
    assert "Nobody" in done.stdout


def test_training_a_classifier_shows_results_and_writes_a_page(tmp_path: Path) -> None:
    examples = "__label__fruit sweet apples\n__label__metal hot iron\n" * 20
    (tmp_path / "train.txt").write_text(examples)
    (tmp_path / "held.txt").write_text(examples + "__label__metal sweet\n")
    arguments = ["train", tmp_path / "train.txt", "-o", tmp_path / "out", "--mode", "supervised",
                 "--validation", tmp_path / "held.txt", "--vector-dim", 4, "--buckets", 100,
                 "--min-count", 1, "--epochs", 20, "--learning-rate", 0.5]  # fmt: skip
    shown = succeed(*arguments)
    assert re.search(r"train +40 +1.000", shown) and re.search(r"validation +41 +0.976", shown)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "On validation" in page and "vector_dim" in page
    assert "report.html" in (tmp_path / "out" / "manifest.json").read_text()
    curve = succeed("evaluate", tmp_path / "out", tmp_path / "held.txt", "--learning-curve",
                    tmp_path / "train.txt")  # fmt: skip
    assert re.search(r"held: learning curve.*training examples.* 40 +0.976", curve, re.S)
    succeed(*arguments, "--overwrite", "--no-report")
    assert not (tmp_path / "out" / "report.html").exists()


def test_quiet_prints_nothing(tmp_path: Path, toy_dump: Path) -> None:
    assert succeed("wiki", "extract", toy_dump, "-o", tmp_path / "out", "--quiet") == ""


def test_bad_input_gives_one_line(tmp_path: Path, toy_dump: Path, demo: DemoResult) -> None:
    out = tmp_path / "out"
    html = tmp_path / "page.xml"
    html.write_text("<html></html>")
    cut = tmp_path / "cut.xml"
    cut.write_bytes(toy_dump.read_bytes()[:1500])
    empty = tmp_path / "empty.txt"
    empty.touch()
    kb = demo.folder / "kb"
    assert "none.xml does not exist" in fail("wiki", "extract", tmp_path / "none.xml", "-o", out)
    assert "no MediaWiki XML export" in fail("wiki", "extract", html, "-o", out)
    assert "ends inside page" in fail("wiki", "extract", cut, "-o", out)
    assert "is empty" in fail("corpus", "build", empty, "-o", out)
    assert "is empty" in fail("train", empty, "-o", out, "--mode", "cbow", "--no-evaluation")
    assert "pass --overwrite" in fail("wiki", "extract", toy_dump, "-o", demo.folder)
    assert "expected the folder" in fail("similar", kb, "word")
    assert "not in the vocabulary" in fail("similar", demo.folder / "vectors", "zzzzz")
    assert "has no form" in fail("kb", "show", kb, "zzzzz")
    assert "memory is 'much'; it must be a size" in fail(
        "kb", "build", demo.folder / "extracted", "-o", out, "--memory", "much"
    )
    assert "rho is 2.0" in fail("link", kb, "--text", "x", "--rho", "2")
    assert "no column 'id'" in fail("items", "build", demo.folder / "extracted", "-o", out)
    assert "name the labelled files" in fail("evaluate", demo.folder / "classifier")
    assert "word_ngrams is for mode supervised" in fail(
        "train", empty, "-o", out, "--mode", "cbow", "--word-ngrams", 3
    )
    assert not out.exists()
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name]


def test_settings_of_another_mode_are_refused(tmp_path: Path, demo: DemoResult) -> None:
    corpus, examples = demo.folder / "corpus", demo.folder / "labelled"
    vectors = ("train", corpus, "-o", tmp_path / "out", "--mode", "cbow")
    assert "validation is for mode supervised, and the mode is cbow" in fail(
        *vectors, "--validation", examples / "test.txt"
    )
    classifier = ("train", examples, "-o", tmp_path / "out", "--mode", "supervised")
    assert "pairs is for word vectors, and mode supervised trains a classifier" in fail(
        *classifier, "--pairs", examples / "test.txt"
    )
    assert "window_size is for word vectors" in fail(*classifier, "--window-size", 2)
    assert not (tmp_path / "out").exists()


def test_usage_errors_exit_with_2() -> None:
    for arguments in (["train"], ["nonsense"], ["link", "kb", "--method", "magic"], ["wiki"]):
        done = run(*arguments)
        assert done.returncode == 2
        assert "Usage:" in done.stderr + done.stdout
        assert "Traceback" not in done.stderr


def test_a_failing_check_exits_with_1(tmp_path: Path, demo: DemoResult) -> None:
    folder = tmp_path / "items"
    folder.mkdir()
    (folder / "schema.json").write_text((demo.folder / "items" / "schema.json").read_text())
    lines = (demo.folder / "items" / "items.csv").read_text(encoding="utf-8").splitlines()
    (folder / "items.csv").write_text("\n".join([*lines[:3], lines[1]]) + "\n", encoding="utf-8")
    done = run("items", "check", folder)
    assert done.returncode == 1
    assert "duplicate-id" in done.stdout


def test_a_reader_that_goes_away(demo: DemoResult, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("president lincoln\n" * 50_000)
    with started("predict", demo.folder / "classifier", tmp_path / "texts.txt") as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith("Abraham Lincoln ")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def large_dump(path: Path, pages: int) -> Path:
    wikitext = "Some [[plain]] text about [[things]], with ''markup''. " * 200
    path.write_bytes(make_dump({f"Page {i}": wikitext for i in range(pages)}))
    return path


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (signal.SIGINT, 130, "nlp-engine: interrupted; nothing half-made is left behind"),
        (signal.SIGTERM, 143, "nlp-engine: stopped by SIGTERM; nothing half-made is left behind"),
    ],
)
def test_stopping_leaves_nothing(
    tmp_path: Path, number: signal.Signals, code: int, message: str
) -> None:
    dump = large_dump(tmp_path / "dump.xml", 3000)
    work = tmp_path / "work"
    work.mkdir()
    command = [*PROGRAM, "wiki", "extract", str(dump), "-o", str(work / "out")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list(work.iterdir()):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (code, message + "\n")
    assert list(work.iterdir()) == []


def test_ctrl_c_during_training(demo: DemoResult, tmp_path: Path) -> None:
    command = [*PROGRAM, "train", str(demo.folder / "corpus"), "-o", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, "--mode", "skipgram", "--epochs", "1000"], stderr=subprocess.PIPE, text=True
    )
    while not list(tmp_path.iterdir()):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == "nlp-engine: interrupted; nothing half-made is left behind\n"
    assert list(tmp_path.iterdir()) == []


def on_a_terminal(*arguments: object) -> str:
    """What a command draws on a terminal of 120 columns."""
    leader, follower = os.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)], stderr=follower, stdout=subprocess.DEVNULL,
        env=environment,
    )  # fmt: skip
    os.close(follower)
    drawn = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not chunk:
            break
        drawn += chunk
    os.close(leader)
    assert process.wait() == 0
    return drawn.decode("utf-8", "replace")


def test_progress_is_drawn_on_a_terminal_only(tmp_path: Path) -> None:
    dump = large_dump(tmp_path / "dump.xml", 3000)
    drawn = on_a_terminal("wiki", "extract", dump, "-o", tmp_path / "one")
    assert "extracting" in drawn
    assert "MB/s" in drawn
    assert "0:00:0" in drawn, "the time left"
    assert on_a_terminal("wiki", "extract", dump, "-o", tmp_path / "two", "--quiet") == ""
    assert run("wiki", "extract", dump, "-o", tmp_path / "three").stderr == ""
