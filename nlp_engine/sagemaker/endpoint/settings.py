"""How an endpoint is served: settings, and those that SageMaker gives as environment variables."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nlp_engine import settings
from nlp_engine.errors import SettingError
from nlp_engine.settings import setting

MEBIBYTE = 1 << 20
_STRATEGIES = ("MULTI_RECORD", "SINGLE_RECORD")
_ENVIRONMENT = {
    "SAGEMAKER_BIND_TO_PORT": "port",
    "SAGEMAKER_MAX_PAYLOAD_IN_MB": "max_payload_mb",
    "SAGEMAKER_BATCH_STRATEGY": "batch_strategy",
    "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "max_concurrent_transforms",
    "MODEL_SERVER_WORKERS": "workers",
}
_BODIES = 4  # of the largest size for which a worker always has room
_BATCH_BODY_SECONDS = 600.0  # how long a batch transform waits for an answer


def _usable_processors() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """Where and how a model is served."""

    host: str = setting("127.0.0.1", help="address to listen on")
    port: int = setting(8080, minimum=1, maximum=65535, help="port to listen on")
    workers: int | None = setting(
        None, minimum=1, help="processes that answer; by default as many as processors"
    )
    log: str = setting(
        "errors", choices=("none", "errors", "all"), help="requests to log, as JSON lines"
    )
    max_payload_mb: int = setting(6, minimum=0, help="largest body in MiB; 0: any size")
    max_held_mb: int = setting(
        256,
        minimum=1,
        help="MiB of requests and answers that a worker holds at once before it answers large "
        "requests with status 503; at least four of the largest bodies",
    )
    header_seconds: float = setting(10.0, above=0, help="time for a request's head to arrive")
    body_seconds: float = setting(60.0, above=0, help="time for a request's body, or its answer")
    idle_seconds: float = setting(75.0, above=0, help="time that an unused connection stays open")
    grace_seconds: float = setting(
        25.0, minimum=0, help="time for requests under way when the server is stopped"
    )
    batch_strategy: str = setting(
        "MULTI_RECORD", choices=_STRATEGIES, help="what /execution-parameters advises"
    )
    max_concurrent_transforms: int | None = setting(
        None, minimum=1, help="what /execution-parameters advises; by default as many as workers"
    )

    def __post_init__(self) -> None:
        settings.check(self)

    @property
    def processes(self) -> int:
        """Processes that answer."""
        return self.workers or _usable_processors()

    @property
    def threads(self) -> int:
        """Threads for a request of many texts, so that all workers' fit the processors."""
        return max(1, _usable_processors() // self.processes)

    @property
    def max_body_bytes(self) -> int | None:
        """The largest body that is answered; None: any."""
        return self.max_payload_mb * MEBIBYTE or None

    @property
    def max_held_bytes(self) -> float:
        """What a worker holds before it refuses requests; infinite where bodies have any size."""
        largest = self.max_body_bytes
        return max(self.max_held_mb * MEBIBYTE, _BODIES * largest) if largest else math.inf

    @property
    def execution_parameters(self) -> dict[str, Any]:
        """What a batch transform asks `/execution-parameters` for."""
        return {
            "MaxConcurrentTransforms": self.max_concurrent_transforms or self.processes,
            "BatchStrategy": self.batch_strategy,
            "MaxPayloadInMB": self.max_payload_mb,
        }


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings of a container that differ from the defaults; it listens on all addresses.

    Raises:
        SettingError: A variable has a value out of range; the message names it.
    """
    values: dict[str, Any] = {"host": "0.0.0.0"}
    if environment.get("SAGEMAKER_BATCH", "").lower() == "true":
        values["body_seconds"] = _BATCH_BODY_SECONDS
    for variable, name in _ENVIRONMENT.items():
        if not environment.get(variable):
            continue
        value = environment[variable]
        if name == "batch_strategy":  # the API's names are MultiRecord and SingleRecord
            value = value.upper().replace("_", "").replace("RECORD", "_RECORD")
        try:
            settings.from_mapping(ServeSettings, {name: value})
        except SettingError as error:
            raise SettingError(f"{variable}: {error}") from error
        values[name] = value
    return values
