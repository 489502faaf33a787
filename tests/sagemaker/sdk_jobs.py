"""A program for the interpreter that has the SageMaker SDK: send a job by its objects.

    sdk_jobs.py SPEC.toml train|tune|deploy|transform [--telemetry]

It writes how often the SDK wanted to tell AWS of a call. Beside the specification, `trained` gets
the name of a training job, and `answer.json` what the endpoint answers.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from nlp_engine.sagemaker import sdk
from nlp_engine.sagemaker.spec import JobSpec
from nlp_engine.sagemaker.spec_file import read_spec


def main() -> None:
    spec, action = read_spec(Path(sys.argv[1])), sys.argv[2]
    session = sdk.open_session(spec, validate_role=False, telemetry="--telemetry" in sys.argv)
    told = keep_telemetry()
    send(spec, action, session, Path(sys.argv[1]).parent)
    sys.stdout.write(f"{len(told)}\n")


def send(spec: JobSpec, action: str, session: Any, folder: Path) -> None:
    if action == "train":
        trainer = sdk.model_trainer(spec, session)
        trainer.train(wait=False, logs=False)
        (folder / "trained").write_text(sdk.trained(spec, trainer).name)
    elif action == "tune":
        tuner = sdk.hyperparameter_tuner(spec, session)
        tuner.tune(inputs=sdk.channels(spec), job_name=spec.name, wait=False)
    else:
        builder = sdk.model_builder(spec, session)
        builder.build(model_name=spec.name)
        if action == "transform":
            sdk.transformer(spec, session).transform(**sdk.transform_arguments(spec), wait=False)
            return
        endpoint = builder.deploy(**sdk.deploy_arguments(spec), wait=False)
        body = json.dumps({"instances": ["apples"], "configuration": {"k": 2}})
        answer = endpoint.invoke(body=body, content_type="application/json")
        (folder / "answer.json").write_bytes(answer.body.read())


def keep_telemetry() -> list[str]:
    """Keep the SDK from telling AWS, which it does in threads of that name; the list is of them."""
    told: list[str] = []
    start = threading.Thread.start

    def start_others(thread: threading.Thread) -> None:
        if thread.name == "sagemaker-telemetry":
            told.append(thread.name)
        else:
            start(thread)

    threading.Thread.start = start_others
    return told


if __name__ == "__main__":
    main()
