"""The package's structure: imports go down, and importing it is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nlp_engine

PACKAGE = Path(__file__).parents[1] / "nlp_engine"

# From top to bottom. Modules of one line may not import each other, but for the bottom line.
LAYERS = [
    ["cli"],
    ["demo"],
    ["sagemaker"],
    ["reports"],
    ["personalize"],
    ["entities", "classification", "embeddings"],
    ["engines"],
    ["formats", "corpus"],
    ["wiki"],
    ["text"],
    [
        "native",
        "manifest",
        "languages",
        "files",
        "checkpoints",
        "memory",
        "settings",
        "progress",
        "listening",
        "processes",
        "errors",
    ],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = ("spacy", "gensim", "nltk", "boto3", "sagemaker", "pyspark", "fasttext", "sklearn")


def imported_modules(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def part_of(module: str) -> str | None:
    """The layered part of `nlp_engine` that a module belongs to."""
    pieces = module.split(".")
    return pieces[1] if pieces[0] == "nlp_engine" and len(pieces) > 1 else None


MODULES = sorted(PACKAGE.rglob("*.py"))


def test_every_part_has_a_layer() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert parts - {"__init__", "__main__"} == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in ("__init__", "__main__"):
        return
    for module in imported_modules(path):
        part = part_of(module)
        if part is None or part == own or part not in LEVEL:
            continue
        bottom = len(LAYERS) - 1
        assert LEVEL[part] > LEVEL[own] or LEVEL[part] == LEVEL[own] == bottom, (
            f"{own} imports {part}"
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_boto3_only_where_requests_are_sent(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts
    if own[0] == "sagemaker" or own == ("personalize", "client.py"):
        return
    assert not {"boto3", "botocore"} & {module.split(".")[0] for module in imported_modules(path)}


def run_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_import_loads_no_optional_package() -> None:
    loaded = run_python("import sys, nlp_engine; print(*sys.modules)").split()
    assert "nlp_engine" in loaded
    assert not set(HEAVY) & {name.split(".")[0] for name in loaded}


def test_command_line_loads_no_optional_package_before_it_is_needed() -> None:
    loaded = run_python("import sys, nlp_engine.cli.app; print(*sys.modules)").split()
    names = {name.split(".")[0] for name in loaded}
    assert not {*HEAVY, "pyarrow", "duckdb"} & names


def test_import_takes_under_300_ms() -> None:
    code = "import time; t = time.perf_counter(); import nlp_engine; print(time.perf_counter() - t)"
    assert min(float(run_python(code)) for _ in range(5)) < 0.3


def test_every_public_name_loads() -> None:
    for name in nlp_engine.__all__:
        assert getattr(nlp_engine, name).__name__ == name
    assert set(nlp_engine.__all__) <= set(dir(nlp_engine))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nlp_engine.nothing  # noqa: B018
