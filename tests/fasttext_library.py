"""Models that the fastText library trains, to compare with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import fasttext

_CODE = """
import json, sys, fasttext
kind, model, arguments = json.loads(sys.argv[1])
getattr(fasttext, "train_" + kind)(**arguments).save_model(model)
"""


def train_with_library(kind: str, model: Path, **arguments: object) -> Any:
    """Write and load a model of `train_supervised` or `train_unsupervised`.

    In a process whose new memory is zeros: fastText may meet NaN in what it never sets.
    """
    environment = {**os.environ, "MALLOC_PERTURB_": "255"}
    job = json.dumps([kind, str(model), {"verbose": 0, **arguments}])
    subprocess.run([sys.executable, "-c", _CODE, job], env=environment, check=True)
    return fasttext.load_model(str(model))
