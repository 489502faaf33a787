"""Models that the fastText library trains, to compare with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fasttext

_QUANTIZE = """
import json, sys, fasttext
model, small, arguments = json.loads(sys.argv[1])
library = fasttext.load_model(model)
library.quantize(**arguments)
library.save_model(small)
"""
_TRAIN = """
import json, sys, fasttext
kind, model, arguments = json.loads(sys.argv[1])
getattr(fasttext, "train_" + kind)(**arguments).save_model(model)
"""


def train_with_library(kind: str, model: Path, **arguments: object) -> Any:
    """Write and load a model of `train_supervised` or `train_unsupervised`.

    In a process whose new memory is zeros: fastText may meet NaN in what it never sets.
    """
    _run(_TRAIN, [kind, str(model), {"verbose": 0, **arguments}])
    return fasttext.load_model(str(model))


def quantize_with_library(model: Path, small: Path, **arguments: object) -> Any:
    """Write and load the same model, quantised; in such a process, too."""
    _run(_QUANTIZE, [str(model), str(small), arguments])
    return fasttext.load_model(str(small))


def _run(code: str, job: Sequence[object]) -> None:
    environment = {**os.environ, "MALLOC_PERTURB_": "255"}
    subprocess.run([sys.executable, "-c", code, json.dumps(job)], env=environment, check=True)
