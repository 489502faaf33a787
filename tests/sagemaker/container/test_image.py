"""The image, as far as it can be looked at without Docker: what is copied, installed and run."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.sagemaker.container.jobs import LABELLED, SUPERVISED, VECTORS, describe, make_root
from tests.sagemaker.endpoint_models import free_port, running

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


def packages(stage: dict[str, list[str]]) -> set[str]:
    """The Debian packages that a stage installs."""
    (step,) = (step for run in stage["RUN"] for step in run.split(" && ") if "apt-get inst" in step)
    return {word for word in step.split()[2:] if not word.startswith("-")}


def test_train_is_what_runs_without_a_word() -> None:
    stage = final_stage()
    assert json.loads(stage["CMD"][-1]) == ["train"]
    assert stage["EXPOSE"] == ["8080"]
    assert 'com.amazonaws.sagemaker.capabilities.accept-bind-to-port="true"' in stage["LABEL"][0]


def test_an_init_runs_the_commands() -> None:
    """As the first process they would miss signals at the start, and leave orphans as zombies."""
    stage = final_stage()
    assert json.loads(stage["ENTRYPOINT"][-1]) == ["tini", "--"], "the command follows"
    assert "tini" in packages(stage)


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


def test_its_instances_reach_each_other_by_ssh() -> None:
    """As SageMaker's training toolkit asks of an image: sshd, a shared key, no questions."""
    stage = final_stage()
    assert {"openssh-client", "openssh-server"} <= packages(stage)
    (run,) = (run for run in stage["RUN"] if "apt-get" in run)
    steps = run.split(" && ")
    assert "mkdir -p /run/sshd /root/.ssh" in steps
    assert "cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys" in steps
    assert 'echo "UsePAM no" > /etc/ssh/sshd_config.d/job.conf' in steps
    (asked,) = (step for step in steps if step.endswith("/etc/ssh/ssh_config.d/job.conf"))
    assert "StrictHostKeyChecking no" in asked


def test_its_python_is_supported() -> None:
    for name, arguments in instructions():
        if name == "FROM":
            version = re.match(r"python:(\d\.\d+)-slim", arguments)
            assert version
            assert f"Programming Language :: Python :: {version[1]}" in PYPROJECT["classifiers"]


@pytest.mark.full
def test_what_it_installs_trains_and_serves(tmp_path: Path) -> None:
    """Its steps without Docker: the copied files alone make a wheel, which works by itself."""
    source, place = tmp_path / "source", tmp_path / "python"
    for name, arguments in instructions():
        if name == "COPY" and not arguments.startswith("--from"):
            for each in arguments.split()[:-1]:
                if (PROJECT / each).is_dir():
                    no_builds = shutil.ignore_patterns("__pycache__", "*.so")
                    shutil.copytree(PROJECT / each, source / each, ignore=no_builds)
                else:
                    source.mkdir(exist_ok=True)
                    shutil.copy(PROJECT / each, source)
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    environment = {"PATH": f"{place}/bin:{os.environ['PATH']}", "HOME": str(tmp_path)}
    steps = [
        arguments for name, arguments in instructions() if name == "RUN" and "pip" in arguments
    ]
    assert len(steps) == 2
    for step in steps:
        words = step.replace("/wheels", f"{tmp_path}/wheels")
        subprocess.run(["sh", "-ec", words], cwd=source, env=os.environ | environment, check=True)
    root = make_root(tmp_path, SUPERVISED, train=LABELLED, validation=LABELLED)
    port = free_port()
    environment |= {"NLP_ENGINE_ML_ROOT": str(root), "SAGEMAKER_BIND_TO_PORT": str(port)}
    done = subprocess.run(
        ["train"], env=environment, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0 and "#validation_accuracy: 1.0" in done.stdout, done.stdout
    with running([str(place / "bin" / "serve")], port, environment) as server:
        assert server.ask("iron and copper")[0]["label"] == ["__label__metal"]
    describe(root, "hyperparameters", {**VECTORS, "mode": "batch_skipgram", "evaluation": "True"})
    shutil.rmtree(root / "input" / "data" / "validation")
    both = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "2", "train"]
    for command in (["train"], both):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert done.returncode == 0 and "#mean_rho: " in done.stdout, done.stdout + done.stderr
        describe(root, "resourceconfig", {"current_host": "a", "hosts": ["a", "b"]})
