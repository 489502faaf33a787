"""Cold starts and the size of a Lambda function with this package.

    python scripts/bench/serve_lambda.py MODEL [--function FOLDER] [--rounds 10]

FOLDER is what the README's commands make: the package with numpy, regex and orjson, and nothing
else; without it the Python that runs this is measured. Each round starts a new process, as a new
instance of a function does: seconds are from the start of Python, and from the import of the
handler, to the first answer. The downloading of the function and the start of its virtual machine,
which AWS does before, are not in them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

_CODE = """
import json, resource, sys, time
started = time.perf_counter()
from nlp_engine.sagemaker.lambda_handler import handler
loaded = time.perf_counter()
first = handler({"instances": ["the quick brown fox"]})
answered = time.perf_counter()
for _ in range(100):
    handler({"instances": ["the quick brown fox"]})
later = (time.perf_counter() - answered) / 100
print(json.dumps([loaded - started, answered - loaded, later,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000]))
"""
_LIMIT = 250


def start(model: Path, function: Path | None) -> list[float]:
    """Seconds of the whole process, of the import, the first and a later answer; megabytes."""
    environment = {**os.environ, "NLP_ENGINE_MODEL": str(model.resolve())}
    place = Path(__file__).parent
    command = [sys.executable, "-c", _CODE]
    if function is not None:
        place = function
        command[1:1] = ["-S"]  # without this Python's own packages; the folder is looked in
    began = time.perf_counter()
    done = subprocess.run(
        command, env=environment, cwd=place, capture_output=True, text=True, check=False
    )
    whole = time.perf_counter() - began
    if done.returncode:
        sys.exit(done.stderr)
    return [whole, *json.loads(done.stdout)]


def megabytes(folder: Path) -> float:
    """Of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--function", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    rounds = [start(arguments.model, arguments.function) for _ in range(arguments.rounds)]
    whole, load, first, later, memory = map(statistics.median, zip(*rounds, strict=True))
    if arguments.function is not None:
        size = megabytes(arguments.function)
        print(f"function: {size:.1f} MB unpacked; Lambda allows {_LIMIT} with its layers")
    size = arguments.model.stat().st_size if arguments.model.is_file() else 0
    print(f"model: {size / 1e6:.1f} MB")
    print(f"process to first answer: {whole:.3f} s")
    print(f"import {load:.3f} s, model and first answer {first:.3f} s, later {later * 1e6:.0f} µs")
    print(f"memory: {memory:.0f} MB")


if __name__ == "__main__":
    main()
