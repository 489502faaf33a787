"""The instances of a job, as `resourceconfig.json` has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nlp_engine.errors import InputError
from nlp_engine.sagemaker.container.configuration import read_object

_LONE_HOST = "algo-1"  # as SageMaker calls the first instance


@dataclass(frozen=True, kw_only=True, slots=True)
class Hosts:
    """The instances of a job.

    Attributes:
        current_host: The name of this one, one of `hosts`.
        hosts: All names, sorted, so that every instance sees the same order.
        network_interface_name: The interface by which they reach each other, if it is known.
    """

    current_host: str = _LONE_HOST
    hosts: tuple[str, ...] = (_LONE_HOST,)
    network_interface_name: str | None = None

    @property
    def several(self) -> bool:
        """Whether there is more than one."""
        return len(self.hosts) > 1

    @property
    def is_first(self) -> bool:
        """Whether this is the first one, which leads the others."""
        return self.current_host == self.hosts[0]


def read_hosts(path: Path) -> Hosts:
    """The instances of a job; a lone one where SageMaker says nothing.

    Args:
        path: SageMaker's `resourceconfig.json`, which may be missing.

    Raises:
        InputError: The file is not as described, or this instance is not among the hosts.
    """
    if not path.exists():
        return Hosts()
    content = read_object(path)
    named = content.get("hosts") or [_LONE_HOST]
    if not isinstance(named, list):
        raise InputError(f"{path}: hosts is {named!r:.60}; a list of names is expected")
    hosts = tuple(sorted(map(str, named)))
    current = str(content.get("current_host") or hosts[0])
    if current not in hosts:
        raise InputError(
            f"{path}: current_host is {current}, which is not among the hosts {', '.join(hosts)}"
        )
    interface = content.get("network_interface_name")
    return Hosts(
        current_host=current,
        hosts=hosts,
        network_interface_name=str(interface) if interface else None,
    )
