from __future__ import annotations

from pathlib import Path

import pytest

from nlp_engine import memory


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable: 500 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path)
    return tmp_path


def limit(folder: Path, maximum: str) -> None:
    (folder / "memory.max").write_text(f"{maximum}\n")
    (folder / "memory.current").write_text("300000\n")
    (folder / "memory.stat").write_text("anon 200000\ninactive_file 100000\n")


def test_what_the_machine_has(machine: Path) -> None:
    assert memory.available_memory() == 500 * 1024
    limit(machine, "max")
    assert memory.available_memory() == 500 * 1024


def test_a_container_has_less(machine: Path) -> None:
    limit(machine, "400000")
    assert memory.available_memory() == 200_000
    limit(machine, "1000")
    assert memory.available_memory() == 0


def test_a_system_that_does_not_tell(machine: Path) -> None:
    (machine / "meminfo").unlink()
    assert memory.available_memory() > 100_000_000
