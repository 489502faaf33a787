"""A program for the interpreter that has the SageMaker SDK: send a job by its objects.

    sdk_jobs.py SPEC.toml train|tune|deploy [--telemetry]

It writes how often the SDK wanted to tell AWS of a call; what the endpoint answers is in
`answer.json` beside the specification.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from nlp_engine.sagemaker import sdk
from nlp_engine.sagemaker.spec_file import read_spec


def main() -> None:
    spec, action = read_spec(Path(sys.argv[1])), sys.argv[2]
    session = sdk.open_session(spec, validate_role=False, telemetry="--telemetry" in sys.argv)
    told = keep_telemetry()
    if action == "train":
        sdk.model_trainer(spec, session).train(wait=False, logs=False)
    elif action == "tune":
        tuner = sdk.hyperparameter_tuner(spec, session)
        tuner.tune(inputs=sdk.channels(spec), job_name=spec.name, wait=False)
    else:
        builder = sdk.model_builder(spec, session)
        builder.build(model_name=spec.name)
        endpoint = builder.deploy(
            endpoint_name=spec.endpoint_name,
            instance_type=spec.hosting.instance_type,
            initial_instance_count=spec.hosting.instance_count,
            wait=False,
        )
        body = json.dumps({"instances": ["apples"], "configuration": {"k": 2}})
        answer = endpoint.invoke(body=body, content_type="application/json")
        (Path(sys.argv[1]).parent / "answer.json").write_bytes(answer.body.read())
    sys.stdout.write(f"{len(told)}\n")


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
