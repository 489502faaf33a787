"""What `make` says on a machine that lacks something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[1] / "scripts" / "setup.sh"


def stub(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def setup(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SETUP, tmp_path / "venv", "--version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHON": sys.executable, **environment},
    )


OLD = 'case "$1" in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac'
WITHOUT_VENV = f'case "$2" in *venv*) exit 1 ;; *) exec {sys.executable} "$@" ;; esac'
WITHOUT_HEADERS = (
    f'case "$2" in *sysconfig*) echo /nowhere ;; *) exec {sys.executable} "$@" ;; esac'
)


@pytest.mark.parametrize(
    ("script", "problem", "remedy"),
    [
        (OLD, "Python 3.11, 3.12 or 3.13 is needed, found Python 3.9.2", "apt install python3 "),
        (WITHOUT_VENV, "lacks the module venv", "apt install python3-venv"),
        (WITHOUT_HEADERS, "lacks its C headers (/nowhere/Python.h)", "apt install python3-dev"),
    ],
)
def test_what_python_lacks(tmp_path: Path, script: str, problem: str, remedy: str) -> None:
    done = setup(tmp_path, PYTHON=str(stub(tmp_path, "python3", script)))
    assert done.returncode == 2
    assert problem in done.stderr
    assert remedy in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(
    ("compiler", "problem"),
    [
        ("/nowhere/g++", "the C++ compiler /nowhere/g++ is missing"),
        ('case "$1" in -dumpversion) echo 9 ;; *) exit 1 ;; esac', "does not know C++20 (9)"),
    ],
)
def test_what_the_compiler_lacks(tmp_path: Path, compiler: str, problem: str) -> None:
    if not compiler.startswith("/"):
        compiler = str(stub(tmp_path, "old-g++", compiler))
    done = setup(tmp_path, CXX=compiler)
    assert done.returncode == 2
    assert problem in done.stderr
    assert "apt install g++" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_no_python_at_all(tmp_path: Path) -> None:
    done = setup(tmp_path, PYTHON="/nowhere/python3")
    assert done.returncode == 2
    assert "apt install python3 python3-venv python3-dev" in done.stderr
