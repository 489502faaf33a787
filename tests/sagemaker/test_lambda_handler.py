"""Events as Lambda gives them."""

from __future__ import annotations

import base64
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nlp_engine
from nlp_engine.errors import InputError, SettingError
from nlp_engine.native import _native
from nlp_engine.sagemaker import lambda_handler
from nlp_engine.sagemaker.lambda_handler import handler
from tests.fasttext_library import quantize_with_library
from tests.sagemaker.endpoint_models import train_models


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("function")
    train_models(folder)
    quantize_with_library(
        folder / "model.bin", folder / "model.ftz", input=str(folder / "train.txt")
    )
    return folder


@pytest.fixture(autouse=True)
def model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("LAMBDA_TASK_ROOT", str(folder))
    monkeypatch.setenv("NLP_ENGINE_MODEL", "model.ftz")
    lambda_handler._endpoint.cache_clear()
    yield monkeypatch
    lambda_handler._endpoint.cache_clear()


BODY = json.dumps({"instances": ["zinc gold", "song"], "configuration": {"k": 2}})
HEADERS = {"Content-Type": "application/json; charset=utf-8"}


def labels(answers: Any) -> list[str]:
    return [answer["label"][0] for answer in answers]


def test_plain_events_are_answered_with_plain_answers() -> None:
    answers = handler(json.loads(BODY), None)
    assert labels(answers) == ["__label__metal", "__label__music"]
    assert [len(answer["prob"]) for answer in answers] == [2, 2]
    assert handler({"source": "zinc gold", "k": 2}) == answers[0]


@pytest.mark.parametrize(
    "event",
    [
        {"httpMethod": "POST", "path": "/invocations", "headers": HEADERS, "body": BODY,
         "isBase64Encoded": False, "requestContext": {"stage": "prod"}},
        {"version": "2.0", "rawPath": "/", "headers": HEADERS, "body": BODY,
         "requestContext": {"http": {"method": "POST", "path": "/"}}},
        {"version": "2.0", "rawPath": "/", "headers": {"content-type": "application/json"},
         "body": base64.b64encode(BODY.encode()).decode(), "isBase64Encoded": True,
         "requestContext": {"http": {"method": "POST"}}},
        {"httpMethod": "POST", "path": "/", "headers": None, "body": BODY},
    ],
)  # fmt: skip
def test_requests_of_gateways_are_answered_with_responses(event: dict[str, Any]) -> None:
    response = handler(event, None)
    assert response["statusCode"] == 200
    assert response["headers"] == {"content-type": "application/json"}
    assert labels(json.loads(response["body"])) == ["__label__metal", "__label__music"]
    json.dumps(response)


def test_bad_requests_get_the_endpoint_s_statuses() -> None:
    def post(body: str, kind: str = "application/json", **more: Any) -> tuple[int, str]:
        event = {"httpMethod": "POST", "headers": {"content-type": kind}, "body": body, **more}
        response = handler(event)
        return response["statusCode"], response["body"]

    assert post("x", "application/octet-stream") == (
        415, "content-type application/octet-stream not supported",
    )  # fmt: skip
    assert post("{half")[0] == 400
    assert post("a", isBase64Encoded=True)[0] == 400
    assert handler({"httpMethod": "GET", "path": "/invocations"})["statusCode"] == 405
    assert handler({"httpMethod": "GET", "path": "/prod/ping"})["statusCode"] == 200


@pytest.mark.parametrize("event", [None, [], "text", {}, {"instances": [1]}, {"source": 3}])
def test_plain_events_that_ask_nothing_fail(event: Any) -> None:
    with pytest.raises(InputError, match="expected|not a text"):
        handler(event)


def test_vectors_are_served_too(model: pytest.MonkeyPatch) -> None:
    model.setenv("NLP_ENGINE_MODEL", "vectors.bin")
    (answer,) = handler({"instances": ["applepear"]})
    assert len(answer["vector"]) == 10 and any(answer["vector"])


def test_a_function_without_a_model_says_so(model: pytest.MonkeyPatch) -> None:
    model.setenv("NLP_ENGINE_MODEL", "none.ftz")
    with pytest.raises(InputError, match=r"none\.ftz does not exist"):
        handler({"instances": []})
    model.delenv("NLP_ENGINE_MODEL")
    with pytest.raises(SettingError, match="NLP_ENGINE_MODEL is not set"):
        handler({"instances": []})


def test_few_packages_are_loaded(folder: Path) -> None:
    """Those that the README says a function needs; the model is opened before the first event."""
    code = (
        "import sys, json, nlp_engine.sagemaker.lambda_handler as h\n"
        "assert h._endpoint.cache_info().currsize == 1\n"
        "h.handler({'instances': ['zinc']})\n"
        "names = {name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "print(*names)"
    )
    env = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "mine"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = {name for name in done.stdout.split() if not name.startswith(("_", "cython"))}
    assert loaded == {"nlp_engine", "numpy", "orjson", "regex"}


def pack(function: Path, model: Path) -> int:
    """Make a function's folder as the README's commands do, of links; the bytes it has unpacked."""
    function.mkdir()
    package = Path(nlp_engine.__file__).parent
    files = [model, *package.rglob("*.py"), Path(_native.__file__)]
    for name in ("numpy", "orjson", "regex"):
        installed = importlib.metadata.files(name) or []
        files += [Path(str(file.locate())) for file in installed]
        for top in {file.parts[0] for file in installed} - {".."}:
            (function / top).symlink_to(importlib.metadata.distribution(name).locate_file(top))
    (function / "nlp_engine").mkdir()
    for path in package.iterdir():
        if path.name != "native":
            (function / "nlp_engine" / path.name).symlink_to(path)
    (function / "nlp_engine" / "native").mkdir()
    for path in (*(package / "native").glob("*.py"), Path(_native.__file__)):
        (function / "nlp_engine" / "native" / path.name).symlink_to(path)
    (function / model.name).symlink_to(model)
    return sum(file.stat().st_size for file in files if file.exists())


def test_the_packed_function_answers_with_nothing_else_installed(
    folder: Path, tmp_path: Path
) -> None:
    function = tmp_path / "function"
    assert pack(function, folder / "model.ftz") < 250 * 2**20  # Lambda's limit
    code = (
        f"import sys, json; sys.path.insert(0, {str(function)!r})\n"
        "from nlp_engine.sagemaker.lambda_handler import handler\n"
        "print(json.dumps(handler(json.load(sys.stdin))))"
    )
    env = {
        "AWS_LAMBDA_FUNCTION_NAME": "mine",
        "LAMBDA_TASK_ROOT": str(function),
        "NLP_ENGINE_MODEL": "model.ftz",
    }
    command = [sys.executable, "-I", "-S", "-c", code]  # without site-packages
    done = subprocess.run(command, env=env, input=BODY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert labels(json.loads(done.stdout)) == ["__label__metal", "__label__music"]
