"""Jobs on several instances: what starts them, and the job itself by `mpirun` on this machine.

Real instances' ssh and sshd are not here: a program `ssh` that runs the command on this machine
stands in for them, so that mpirun, its daemons and the container are the real ones.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import EngineError
from nlp_engine.sagemaker.container import mpi
from nlp_engine.sagemaker.container.hosts import Hosts
from tests.embeddings.test_trainer import two_topics
from tests.mpi import SHARED, mpirun, needs_mpirun
from tests.sagemaker.container.jobs import describe, failure_of, make_root, start

JOB = {"mode": "batch_skipgram", "vector_dim": "8", "min_count": "1", "threads": "1",
       "evaluation": "False", "average_every": "4000"}  # fmt: skip
HOSTS = ["algo-2", "algo-1"]  # SageMaker sorts them no more than this
CONTAINER = [sys.executable, "-m", "nlp_engine.sagemaker.container"]
SSH = """#!/bin/sh
# Options, the host, the command; another host is only another name of this machine.
while [ "${1#-}" != "$1" ]; do [ "$1" = -o ] && shift; shift; done
shift
exec sh -c "$*"
"""
# Open MPI takes "hosts" of one machine's name for one where it gathers within hosts first.
ONE_MACHINE = {"OMPI_MCA_coll": "^han,sm"}


def make_job(tmp_path: Path, current: str = "algo-1", text: str = "") -> Path:
    root = make_root(tmp_path, JOB, train=text or two_topics(500))
    describe(root, "resourceconfig", {"current_host": current, "hosts": HOSTS})
    return root


@pytest.fixture
def programs(tmp_path: Path) -> str:
    """A search path with stand-ins for ssh and sshd."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("ssh", SSH), ("sshd", "#!/bin/sh\nexec sleep 600\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "mpirun").touch(mode=0o755)
    hosts = Hosts(hosts=("algo-1", "algo-2"), network_interface_name="eth1")
    assert mpi.mpirun_command(hosts, Path("/opt/ml")) == [
        f"{tmp_path}/mpirun", "--allow-run-as-root", "--host", "algo-1:1,algo-2:1", "-n", "2",
        "--bind-to", "none", "--mca", "btl_tcp_if_include", "eth1",
        "--mca", "oob_tcp_if_include", "eth1",
        f"{tmp_path}/python", "-m", "nlp_engine.sagemaker.container", "--root", "/opt/ml",
    ]  # fmt: skip
    unknown = Hosts(hosts=("algo-1", "algo-2", "algo-3"))
    assert "--mca" not in mpi.mpirun_command(unknown, Path("/opt/ml"))
    (tmp_path / "mpirun").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="mpirun is missing"):
        mpi.mpirun_command(hosts, Path("/opt/ml"))


def test_an_instance_that_never_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, programs: str
) -> None:
    (tmp_path / "bin" / "ssh").write_text("#!/bin/sh\nexit 255\n")
    (tmp_path / "bin" / "mpirun").touch(mode=0o755)
    monkeypatch.setenv("PATH", programs)
    monkeypatch.setattr(mpi, "_START_SECONDS", 0.1)
    hosts = Hosts(hosts=("algo-1", "algo-2"))
    with pytest.raises(EngineError, match="the instance algo-2 does not answer to ssh"):
        mpi.run_on_hosts(hosts, tmp_path)
    other = Hosts(current_host="algo-2", hosts=("algo-1", "algo-2"))
    with pytest.raises(EngineError, match="no mpirun has come from algo-1"):
        mpi.run_on_hosts(other, tmp_path)


@needs_mpirun
def test_a_container_that_mpirun_has_started_takes_part(tmp_path: Path) -> None:
    root = make_job(tmp_path)
    done = mpirun(2, [*CONTAINER, "--root", root])
    assert done.returncode == 0, done.stdout + done.stderr
    log = done.stdout
    title = "Running distributed CPU BlazingText training using batch_skipgram on 2 hosts."
    assert log.count(title) == 2
    assert len(re.findall(r"Number of hosts: 2, master IP address: \S+, host IP address: ", log))
    assert log.count("Training finished!") == log.count("Average throughput in Million") == 1
    assert {path.name for path in (root / "model").iterdir()} >= {"vectors.txt", "vectors.bin"}
    assert WordVectors.open(root / "model").matrix.shape == (23, 8)


@needs_mpirun
def test_the_first_instance_starts_the_job_on_all(tmp_path: Path, programs: str) -> None:
    (tmp_path / "other").mkdir()
    roots = [make_job(tmp_path), make_job(tmp_path / "other", "algo-2")]
    environment = {**SHARED, **ONE_MACHINE, "PATH": programs}
    first, other = (start(root, **environment) for root in roots)
    log, _ = first.communicate(timeout=120)
    assert first.returncode == 0, log
    assert log.count("Training finished!") == 1
    assert (roots[0] / "model" / "vectors.bin").exists()
    log, _ = other.communicate(timeout=120)
    assert other.returncode == 0, log
    assert not (roots[1] / "model").exists()


@needs_mpirun
def test_a_failure_ends_the_job(tmp_path: Path, programs: str) -> None:
    root = make_job(tmp_path, text=" ")
    process = start(root, **SHARED, **ONE_MACHINE, PATH=programs)
    log, _ = process.communicate(timeout=120)
    assert process.returncode == 1, log
    assert re.search(r"rank [01] of 2 on \S+: .* has no words", failure_of(root))
    assert not list((root / "model").glob("*"))
