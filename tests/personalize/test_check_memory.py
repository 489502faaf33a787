"""Files larger than memory: what a check takes does not grow with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nlp_engine.personalize.schema import Column, DatasetType, dataset_schema, schema_json

PROGRAM = r"""
import re, sys
from pathlib import Path
from nlp_engine.personalize.check import check_dataset
found = check_dataset(sys.argv[1])
print([finding.rule for finding in found])
# Not ru_maxrss, which begins with what the process that started this one has.
print(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def taken(folder: Path, rows: int) -> int:
    """Kilobytes that the check of so many items takes at most."""
    columns = [Column(name="ITEM_ID", nullable=False), Column(name="TEXT", textual=True)]
    folder.mkdir()
    schema = schema_json(dataset_schema(DatasetType.ITEMS, columns))
    (folder / "schema.json").write_text(schema)
    with (folder / "items.csv").open("w") as file:
        file.write("ITEM_ID,TEXT\n")
        file.writelines(f'item-{row:0100d},"{"word " * 100}"\n' for row in range(rows))
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("[]\n"), done.stdout
    return int(done.stdout.split("\n")[1])


@pytest.mark.full
def test_twenty_times_the_rows_take_little_more_memory(tmp_path: Path) -> None:
    small, large = taken(tmp_path / "small", 50_000), taken(tmp_path / "large", 1_000_000)
    assert (tmp_path / "large" / "items.csv").stat().st_size > 600_000_000
    assert large < small + 350_000  # the database of ids has 256 MB
