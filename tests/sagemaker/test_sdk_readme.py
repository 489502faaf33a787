"""The README's walk from `job train` by `serve` to the SageMaker SDK, as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nlp_engine.demo import DemoResult
from tests.test_readme import README, normal

PYTHON = os.environ.get("NLP_ENGINE_SDK_PYTHON", "")
WALK = re.compile(
    r"<!-- run: output varies -->\n```console\n((?:(?!```).)*job train(?:(?!```).)*)```\n"
    r".*?<!-- run with the SageMaker SDK -->\n```console\n(.*?)```",
    re.S,
)
NEXT = "-- next --"


def steps(block: str) -> list[tuple[str, str]]:
    """The commands of a block, documents that follow them included, each with its output."""
    found = []
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, output = part.partition("\nEND\n" if "<< 'END'" in part else "\n")
        found.append((command + "\nEND" if "<< 'END'" in part else command, output))
    return found


def script(commands: list[str]) -> str:
    """The commands for bash, one after the other; servers are waited for, and ended."""
    lines = ['python() { "$NLP_ENGINE_SDK_PYTHON" "$@"; }', "set -e"]
    for command in commands:
        lines += [command]
        if found := re.search(r"--port (\d+) .*&$", command):
            lines += [
                f"until (exec 3<>/dev/tcp/127.0.0.1/{found[1]}) 2>/dev/null; do sleep 1; done"
            ]
        lines += [f"echo '{NEXT}'"]
    return "\n".join([*lines, "kill %1", "wait %1"])


@pytest.mark.full
def test_training_here_then_serving_then_the_sdk(demo: DemoResult, tmp_path: Path) -> None:
    if not Path(PYTHON).is_file():
        pytest.skip("NLP_ENGINE_SDK_PYTHON names no interpreter with the SageMaker SDK")
    walk = WALK.search(README)
    assert walk
    (tmp_path / "demo-output").symlink_to(demo.folder)
    done_by = steps(walk[1]) + steps(walk[2])
    commands = [command for command, _ in done_by]
    assert "job train job.toml --on local" in commands[1] and "serve jobs/" in commands[2]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "NLP_ENGINE_SDK_PYTHON": PYTHON,
    }
    done = subprocess.run(
        ["bash", "-c", script(commands)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 143), done.stderr  # 143: the server that was ended
    outputs = done.stdout.split(f"{NEXT}\n")[:-1]
    for (command, expected), output in zip(done_by, outputs, strict=True):
        assert normal(output, "numbers vary") == normal(expected, "numbers vary"), command
