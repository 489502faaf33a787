from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp_engine.errors import InputError
from nlp_engine.sagemaker.container.hosts import Hosts, read_hosts


def described(folder: Path, content: object) -> Path:
    path = folder / "resourceconfig.json"
    path.write_text(json.dumps(content))
    return path


def test_what_sagemaker_says_of_the_instances(tmp_path: Path) -> None:
    path = described(tmp_path, {
        "current_host": "algo-2", "hosts": ["algo-2", "algo-1"], "network_interface_name": "eth1",
        "current_instance_type": "ml.c5.xlarge", "topology": None,
    })  # fmt: skip
    hosts = read_hosts(path)
    assert hosts == Hosts(
        current_host="algo-2", hosts=("algo-1", "algo-2"), network_interface_name="eth1"
    )
    assert hosts.several and not hosts.is_first


def test_one_instance_where_sagemaker_says_nothing(tmp_path: Path) -> None:
    hosts = read_hosts(tmp_path / "resourceconfig.json")
    assert not hosts.several and hosts.is_first


@pytest.mark.parametrize("content", [{"hosts": "algo-1"}, {"current_host": "x"}, ["algo-1"]])
def test_what_is_no_description_of_instances(tmp_path: Path, content: object) -> None:
    with pytest.raises(InputError, match="resourceconfig.json"):
        read_hosts(described(tmp_path, content))
