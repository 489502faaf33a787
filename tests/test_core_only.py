"""The package with no extra installed: the core works, the rest says what to install.

`make test` installs it beside the development environment and names its interpreter.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import TOY_PAGES, make_dump

CLASSIFY = ["train", "labelled", "-o", "c", "--mode", "supervised"]
TRAIN = ["train", "corpus", "--mode", "cbow", "--min-count", "1", "--no-evaluation"]


@pytest.fixture(scope="module")
def core() -> str:
    interpreter = os.environ.get("NLP_ENGINE_CORE_PYTHON")
    if not interpreter:
        pytest.skip("needs the core-only installation that `make test` sets up")
    return str(Path(interpreter).absolute())


@pytest.fixture(scope="module")
def walked(core: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts of the walk that need no extra."""
    folder = tmp_path_factory.mktemp("core")
    (folder / "dump.xml").write_bytes(make_dump(TOY_PAGES))
    for arguments in (
        ["wiki", "extract", "dump.xml", "-o", "extracted"],
        ["corpus", "build", "extracted", "-o", "corpus"],
        ["corpus", "build", "extracted", "-o", "text8", "--format", "text8"],
        ["corpus", "label", "extracted", "-o", "labelled", "--label", "title"],
        ["kb", "build", "extracted", "-o", "kb"],
        ["items", "build", "extracted", "-o", "items", "--id", "page_id", "--kb", "kb"],
        ["items", "check", "items"],
        ["link", "kb", "--text", "Tim Cook runs Apple."],
        [*TRAIN, "-o", "vectors"],
        ["similar", "vectors", "apple"],
    ):
        done = run(core, *arguments, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def run(core: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [core, "-m", "nlp_engine", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_the_core_has_no_extra(core: str) -> None:
    code = "import importlib.metadata as m; print(*(d.name.lower() for d in m.distributions()))"
    names = subprocess.run([core, "-c", code], capture_output=True, text=True, check=True)
    installed = set(names.stdout.split())
    assert {"nlp-engine", "numpy", "pyarrow", "duckdb", "typer"} <= installed
    extras = {"gensim", "fasttext-numpy2", "spacy", "nltk", "scikit-learn", "matplotlib", "boto3"}
    assert not extras & installed


def test_the_installed_package_is_complete(core: str, tmp_path: Path) -> None:
    code = (
        "from importlib.resources import files\n"
        "from nlp_engine.corpus.recipe import bundled_recipe\n"
        "print(bundled_recipe('enwiki_sample').name)\n"
        "print((files('nlp_engine.reports') / 'templates' / 'demo.html').is_file())\n"
        "print((files('nlp_engine') / 'py.typed').is_file())\n"
        "print((files('nlp_engine.native') / 'encoder.cpp').is_file())"
    )
    command = [core, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["enwiki_sample", "True", "True", "False"]


def test_the_core_walk(walked: Path) -> None:
    assert (walked / "items" / "items.csv").read_text().startswith("ITEM_ID,ENTITIES,DESCRIPTION")


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["demo", "--out", "demo"], "all"),
        ([*TRAIN, "-o", "v", "--engine", "gensim"], "gensim"),
        ([*TRAIN, "-o", "v", "--engine", "fasttext"], "fasttext"),
        ([*CLASSIFY, "--engine", "fasttext"], "fasttext"),
        (["corpus", "build", "extracted", "-o", "x", "--tokenizer", "spacy"], "spacy"),
        (["corpus", "build", "extracted", "-o", "x", "--tokenizer", "nltk"], "nltk"),
        (["job", "train", "job.toml", "--on", "sagemaker"], "aws"),
        (["kb", "build", "extracted", "-o", "x", "--engine", "spark"], "spark"),
    ],
)  # fmt: skip
def test_what_needs_an_extra_gives_its_pip_line(
    core: str, walked: Path, arguments: list[str], extra: str
) -> None:
    (walked / "job.toml").write_text(
        'name = "j"\n[data]\ntrain = "s3://bucket/t"\n[hyperparameters]\nmode = "cbow"\n'
        '[sagemaker]\nrole = "arn:aws:iam::123456789012:role/r"\noutput = "s3://bucket/o"\n'
        'region = "us-east-1"\n'
    )
    done = run(core, *arguments, cwd=walked)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f"pip install 'nlp-engine[{extra}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not [path for path in walked.iterdir() if path.name in ("demo", "v", "c", "x")]


def test_classifiers_need_no_extra(core: str, walked: Path) -> None:
    done = run(core, *CLASSIFY[:3], "trained", *CLASSIFY[4:], "--min-count", "1", cwd=walked)
    assert done.returncode == 0, done.stderr
    assert "no report.html" in done.stderr and "pip install 'nlp-engine[reports]'" in done.stderr
    assert (walked / "trained" / "model.bin").exists()
    labels = run(core, "evaluate", "trained", "labelled/train.txt", cwd=walked)
    assert labels.returncode == 0 and "accuracy" in labels.stdout


def test_what_adds_to_training_is_left_out_with_a_word(core: str, walked: Path) -> None:
    arguments = [argument for argument in TRAIN if argument != "--no-evaluation"]
    done = run(core, *arguments, "-o", "plain", cwd=walked)
    assert done.returncode == 0
    assert "not evaluated" in done.stderr and "pip install 'nlp-engine[gensim]'" in done.stderr
    assert "no report.html" in done.stderr and "pip install 'nlp-engine[reports]'" in done.stderr
    assert not (walked / "plain" / "eval.json").exists()


def test_reports_and_serving_give_theirs(core: str, walked: Path) -> None:
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from nlp_engine.errors import MissingExtraError\n"
        "from nlp_engine.embeddings.vectors import WordVectors\n"
        "from nlp_engine.reports.page import write_page\n"
        "from nlp_engine.sagemaker.endpoint import Endpoint\n"
        "vectors = WordVectors(['a', 'b'], np.eye(2, dtype=np.float32))\n"
        "for call in (\n"
        "    lambda: write_page(Path('page.html'), 'demo.html'),\n"
        "    lambda: Endpoint(vectors),\n"
        "):\n"
        "    try: call()\n"
        "    except MissingExtraError as error: print(error)\n"
    )
    done = subprocess.run(
        [core, "-c", code], capture_output=True, text=True, cwd=walked, check=True
    )
    assert [line.rpartition("pip install ")[2] for line in done.stdout.splitlines()] == [
        "'nlp-engine[reports]'", "'nlp-engine[serve]'",
    ]  # fmt: skip
