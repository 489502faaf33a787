"""Jobs on several instances: what starts them, and the job itself by `mpirun` on this machine.

mpirun, its daemons and the container are the real ones. Where sshd is not installed, a program
`ssh` that runs the command on this machine stands in for the other instances.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from nlp_engine.embeddings.vectors import WordVectors
from nlp_engine.errors import EngineError
from nlp_engine.sagemaker.container import mpi
from nlp_engine.sagemaker.container.hosts import Hosts
from tests.embeddings.test_trainer import two_topics
from tests.mpi import SHARED, mpirun, needs_mpirun
from tests.sagemaker.container.jobs import describe, failure_of, make_root, start
from tests.sagemaker.endpoint_models import free_port

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
    for name, text in (("ssh", SSH), ("sshd", '#!/bin/sh\n: > "$0.started"\nexec sleep 600\n')):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    (tmp_path / "mpirun").touch(mode=0o755)
    for name in os.environ:
        if name.startswith(mpi._PASSED_ON):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    monkeypatch.setenv("NLP_ENGINE_INSTRUCTIONS", "avx2")
    monkeypatch.setenv("HOSTNAME", "ip-10-0-0-1")
    hosts = Hosts(hosts=("algo-1", "algo-2"), network_interface_name="eth1")
    assert mpi.mpirun_command(hosts, Path("/opt/ml")) == [
        f"{tmp_path}/mpirun", "--allow-run-as-root", "--host", "algo-1:1,algo-2:1", "-n", "2",
        "--bind-to", "none", "--mca", "btl_tcp_if_include", "eth1",
        "--mca", "oob_tcp_if_include", "eth1",
        "-x", "NLP_ENGINE_INSTRUCTIONS", "-x", "OMP_NUM_THREADS",
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


def test_mpirun_that_lost_an_instance_and_calls_it_a_success(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, programs: str
) -> None:
    """As Open MPI's does now and then where another instance is gone."""
    mpirun = tmp_path / "bin" / "mpirun"
    mpirun.write_text("#!/bin/sh\n")
    mpirun.chmod(0o755)
    monkeypatch.setenv("PATH", programs)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    hosts = Hosts(hosts=("algo-1", "algo-2"))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text("of an earlier run")
    with pytest.raises(EngineError, match="without a model: another instance is not there"):
        mpi.run_on_hosts(hosts, tmp_path)
    mpirun.write_text(f"#!/bin/sh\necho new > {tmp_path}/model/manifest.json\n")
    assert mpi.run_on_hosts(hosts, tmp_path) == 0


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


# A checkpoint after each round tells when training is under way.
LONG = {**JOB, "epochs": "120", "vector_dim": "64", "average_every": "20000", "seed": "3",
        "checkpoint_minutes": "1e-9"}  # fmt: skip


SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")


@pytest.fixture
def real_ssh(tmp_path: Path) -> str:
    """A search path with ssh and sshd as two instances would have them; both are this machine."""
    if SSHD is None or os.geteuid():
        pytest.skip("needs root and sshd: apt install openssh-server")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("key", "host"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name]
        subprocess.run(command, check=True)
    Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nUsePAM no\n"
        f"AuthorizedKeysFile {tmp_path}/key.pub\nStrictModes no\nPidFile none\n"
    )
    (tmp_path / "ssh_config").write_text(
        f"Host algo-*\nHostName 127.0.0.1\nPort {port}\nIdentityFile {tmp_path}/key\n"
        f"UserKnownHostsFile {tmp_path}/known\nStrictHostKeyChecking no\n"
    )
    for name, program, option in (("ssh", shutil.which("ssh"), "-F"), ("sshd", SSHD, "-f")):
        script = (
            f'#!/bin/sh\n: > "$0.started"\nexec {program} {option} {tmp_path}/{name}_config "$@"\n'
        )
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@needs_mpirun
def test_two_instances_by_real_ssh(tmp_path: Path, real_ssh: str) -> None:
    """What comes by ssh has nothing of this environment but what mpirun passes on."""
    (tmp_path / "other").mkdir()
    roots = [make_job(tmp_path), make_job(tmp_path / "other", "algo-2")]
    environment = {"PATH": real_ssh, **SHARED, **ONE_MACHINE}
    second = start(roots[1], **environment)
    first = start(roots[0], **environment)
    log, _ = first.communicate(timeout=120)
    others, _ = second.communicate(timeout=120)
    assert first.returncode == second.returncode == 0, log + others
    assert log.count("Running distributed CPU BlazingText") == 2
    assert (roots[0] / "model" / "vectors.bin").exists()
    assert not (roots[1] / "model").exists()


def two_instances(
    tmp_path: Path, programs: str, hyperparameters: Mapping[str, str]
) -> tuple[Path, subprocess.Popen[str], subprocess.Popen[str]]:
    """What stands for the first instance's `/opt/ml`, with checkpoints, and the two containers.

    The second one has the same folder, as on SageMaker it would have the same path.
    """
    tmp_path.mkdir()
    root = make_root(tmp_path, hyperparameters, train=two_topics(5000))
    (root / "checkpoints").mkdir()
    describe(root, "resourceconfig", {"current_host": "algo-2", "hosts": HOSTS})
    sign = Path(programs.partition(os.pathsep)[0]) / "sshd.started"
    sign.unlink(missing_ok=True)
    environment = {**SHARED, **ONE_MACHINE, "PATH": programs}
    second = start(root, **environment)
    while not sign.exists():
        assert second.poll() is None
        time.sleep(0.05)
    describe(root, "resourceconfig", {"current_host": "algo-1", "hosts": HOSTS})
    return root, start(root, **environment), second


def log_to_the_middle(first: subprocess.Popen[str], root: Path) -> str:
    """What the first container prints until its training is under way."""
    assert first.stdout
    log = ""
    for line in first.stdout:
        log += line
        if "Number of words" in line:
            while not list((root / "checkpoints").glob("checkpoint-[1-9]*")):
                assert first.poll() is None
                time.sleep(0.01)
            return log
    raise AssertionError(log)


@needs_mpirun
def test_a_job_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path, programs: str
) -> None:
    """A spot interruption: SIGTERM to both containers; later new ones start with the checkpoint."""
    root, first, second = two_instances(tmp_path / "stopped", programs, LONG)
    log = log_to_the_middle(first, root)
    began = time.monotonic()
    for container in (second, first):
        container.send_signal(signal.SIGTERM)
    log += first.communicate(timeout=110)[0]
    others = second.communicate(timeout=110)[0]
    assert time.monotonic() - began < 110
    assert (first.returncode, second.returncode) == (0, 0), log + others
    assert "Saved the checkpoint" in log
    assert log.count("stopped by SIGTERM; it goes on from its last checkpoint") == 1
    assert "MPI_ABORT" not in log and "Training finished" not in log
    assert not list((root / "model").iterdir()) and not (root / "output" / "failure").exists()
    (checkpoint,) = (root / "checkpoints").iterdir()
    assert int(checkpoint.name.partition("-")[2]) > 0

    again, first, second = two_instances(tmp_path / "again", programs, LONG)
    checkpoint.rename(again / "checkpoints" / checkpoint.name)
    log, others = (container.communicate(timeout=300)[0] for container in (first, second))
    assert (first.returncode, second.returncode) == (0, 0), log + others
    assert f"Going on from the checkpoint {again}/checkpoints/checkpoint-" in log
    assert not list((again / "checkpoints").iterdir())

    whole, first, second = two_instances(tmp_path / "whole", programs, LONG)
    log, others = (container.communicate(timeout=300)[0] for container in (first, second))
    assert (first.returncode, second.returncode) == (0, 0), log + others
    for name in ("vectors.bin", "vectors.txt"):
        assert (again / "model" / name).read_bytes() == (whole / "model" / name).read_bytes()


@needs_mpirun
@pytest.mark.parametrize("by", ["programs", "real_ssh"])
def test_one_instance_alone_that_is_stopped(
    tmp_path: Path, by: str, request: pytest.FixtureRequest
) -> None:
    """Without its part the others cannot go on: a checkpoint is saved, and the job fails."""
    programs = request.getfixturevalue(by)
    root, first, second = two_instances(tmp_path / "stopped", programs, LONG)
    log = log_to_the_middle(first, root)
    second.send_signal(signal.SIGTERM)
    log += first.communicate(timeout=110)[0]
    others = second.communicate(timeout=110)[0]
    assert (first.returncode, second.returncode) == (1, 0), log + others
    assert "a process on another instance failed or was stopped" in failure_of(root)
    assert "Saved the checkpoint" in log and list((root / "checkpoints").iterdir())


@needs_mpirun
def test_a_failure_ends_the_job(tmp_path: Path, programs: str) -> None:
    root = make_job(tmp_path, text=" ")
    process = start(root, **SHARED, **ONE_MACHINE, PATH=programs)
    log, _ = process.communicate(timeout=120)
    assert process.returncode == 1, log
    assert re.search(r"rank [01] of 2 on \S+: .* has no words", failure_of(root))
    assert not list((root / "model").glob("*"))
