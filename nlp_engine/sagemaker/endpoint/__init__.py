"""BlazingText's inference endpoint: `Endpoint` takes and gives bytes, `serve` speaks HTTP.

The server is an asyncio protocol on uvloop and httptools. Others beneath it (uvicorn without any
framework, granian) take more processor time for a request, and set no time limits for heads and
bodies that arrive slowly (`scripts/bench/serve.py`).

Names load their modules on first use: the command line needs the settings alone, and Lambda no
server.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nlp_engine.sagemaker.endpoint.container import container_main as container_main
    from nlp_engine.sagemaker.endpoint.container import run_container as run_container
    from nlp_engine.sagemaker.endpoint.invocations import Endpoint as Endpoint
    from nlp_engine.sagemaker.endpoint.invocations import Response as Response
    from nlp_engine.sagemaker.endpoint.payloads import CSV as CSV
    from nlp_engine.sagemaker.endpoint.payloads import JSON as JSON
    from nlp_engine.sagemaker.endpoint.payloads import JSON_LINES as JSON_LINES
    from nlp_engine.sagemaker.endpoint.server import serve as serve
    from nlp_engine.sagemaker.endpoint.settings import ServeSettings as ServeSettings

_MODULES = {
    "CSV": "payloads",
    "Endpoint": "invocations",
    "JSON": "payloads",
    "JSON_LINES": "payloads",
    "Response": "invocations",
    "ServeSettings": "settings",
    "container_main": "container",
    "run_container": "container",
    "serve": "server",
}

__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
