"""BlazingText's inference endpoint: `Endpoint` takes and gives bytes, `serve` speaks HTTP.

The server is an asyncio protocol on uvloop and httptools. Frameworks on top of them (Starlette on
uvicorn, granian) took longer over a request than the model does, and set no time limits for heads
and bodies that arrive slowly (`scripts/bench/serve.py`).
"""

from nlp_engine.sagemaker.endpoint.container import container_main, run_container
from nlp_engine.sagemaker.endpoint.invocations import Endpoint, Response
from nlp_engine.sagemaker.endpoint.payloads import CSV, JSON, JSON_LINES
from nlp_engine.sagemaker.endpoint.server import serve
from nlp_engine.sagemaker.endpoint.settings import ServeSettings

__all__ = [
    "CSV",
    "JSON",
    "JSON_LINES",
    "Endpoint",
    "Response",
    "ServeSettings",
    "container_main",
    "run_container",
    "serve",
]
