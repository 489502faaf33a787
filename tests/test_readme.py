"""Every example of the README runs, and prints what it says.

A comment before a block says how it is compared: `exact`, `numbers vary` (digits are masked),
`output varies` (it only has to succeed), or `doctest`.
"""

from __future__ import annotations

import bz2
import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from nlp_engine.demo import DemoResult
from tests.conftest import TOY_PAGES, make_dump

# Runs a command and writes the kilobytes of the largest process in it to a file. From this process
# it could not be told: what it starts counts with what it has itself until then.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(["bash", "-c", sys.argv[1]]).returncode
with open(sys.argv[2], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""
DEMO_KILOBYTES = 1_500_000

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"<!-- run: ([a-z ]+) -->\n```\w+\n(.*?)```", re.S)


@dataclass
class Example:
    command: str
    output: str
    compare: str


def examples() -> list[Example]:
    found = []
    for compare, block in BLOCKS.findall(README):
        if compare == "doctest":
            continue
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            found.append(Example(command, output, compare))
    return found


def normal(text: str, compare: str) -> str:
    """Text without the parts that may differ: padding, and digits if they vary."""
    lines = [" ".join(line.replace("─", "").split()) for line in text.strip().splitlines()]
    joined = "\n".join(line for line in lines if line)
    return re.sub(r"\d[\d,.]*", "#", joined) if compare == "numbers vary" else joined


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory, demo: DemoResult) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "toywiki-pages-articles.xml.bz2").write_bytes(bz2.compress(make_dump(TOY_PAGES)))
    return folder


def test_there_are_examples() -> None:
    commands = [example.command for example in examples()]
    assert commands[0] == "nlp-engine demo"
    assert len(commands) > 10
    assert README.index("make demo") < README.index("make test") < README.index(commands[0])


def test_every_example_of_the_command_line(workplace: Path, tmp_path: Path) -> None:
    memory = tmp_path / "kilobytes"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for example in examples():
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, example.command, str(memory)],
            cwd=workplace,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": path},
        )
        assert (done.returncode, done.stderr) == (0, ""), example.command
        if example.compare != "output varies":
            got, expected = (
                normal(text, example.compare) for text in (done.stdout, example.output)
            )
            assert got == expected, example.command
        assert int(memory.read_text()) < DEMO_KILOBYTES, example.command


def test_every_example_of_python(
    workplace: Path, demo: DemoResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (workplace / "demo-output").exists():
        (workplace / "demo-output").symlink_to(demo.folder)
    monkeypatch.chdir(workplace)
    (block,) = (block for compare, block in BLOCKS.findall(README) if compare == "doctest")
    test = doctest.DocTestParser().get_doctest(block, {}, "README", "README.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    failures: list[str] = []
    runner.run(test, out=failures.append)
    assert runner.summarize(verbose=False).attempted > 10
    assert failures == []


def test_every_public_name_is_mentioned() -> None:
    import nlp_engine

    minor = {"EntityLink", "Prediction"}  # what the named functions return
    assert not [name for name in set(nlp_engine.__all__) - minor if name not in README]


def test_links_between_the_documents_hold() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (PROJECT / target).exists(), f"{name} links to {target}"
        for path in re.findall(r"`((?:nlp_engine|scripts|corpora|tests)/[\w./]*)`", text):
            assert (PROJECT / path).exists(), f"{name} names {path}"
