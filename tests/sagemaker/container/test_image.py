"""The image, as far as it can be looked at without Docker: what is copied, installed and run."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments."""
    text = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    logical = re.sub(r"\\\n\s*", "", lines).splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in logical if line]


def final_stage() -> dict[str, list[str]]:
    """The arguments of each instruction in the last stage."""
    found: dict[str, list[str]] = {}
    for name, arguments in instructions():
        if name == "FROM":
            found = {}
        found.setdefault(name, []).append(arguments)
    return found


def test_train_is_what_runs_without_a_word() -> None:
    stage = final_stage()
    assert json.loads(stage["CMD"][-1]) == ["train"]
    assert "ENTRYPOINT" not in stage, "it would come before the words train and serve"
    assert stage["EXPOSE"] == ["8080"]
    assert 'com.amazonaws.sagemaker.capabilities.accept-bind-to-port="true"' in stage["LABEL"][0]


@pytest.mark.parametrize("command", ["train", "serve"])
def test_the_commands_exist(command: str) -> None:
    module, _, function = PYPROJECT["scripts"][command].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_what_is_copied_exists_and_is_not_ignored() -> None:
    kept = {
        line.removeprefix("!")
        for line in (PROJECT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        source
        for name, arguments in instructions()
        if name == "COPY" and not arguments.startswith("--from")
        for source in arguments.split()[:-1]
    }
    assert copied == kept
    assert {PYPROJECT["readme"], *PYPROJECT["license-files"]} <= copied
    assert all((PROJECT / source).exists() for source in copied)


def test_the_extras_exist() -> None:
    (extras,) = re.findall(r"\$wheel\[([\w,]+)\]", "".join(final_stage()["RUN"]))
    assert set(extras.split(",")) <= PYPROJECT["optional-dependencies"].keys()


def test_its_python_is_supported() -> None:
    for name, arguments in instructions():
        if name == "FROM":
            version = re.match(r"python:(\d\.\d+)-slim", arguments)
            assert version
            assert f"Programming Language :: Python :: {version[1]}" in PYPROJECT["classifiers"]
