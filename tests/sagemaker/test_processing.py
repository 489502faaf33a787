"""The processing scripts on two simulated instances: every page once, and clear failures."""

from __future__ import annotations

import bz2
import importlib.util
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nlp_engine.corpus.settings import CorpusSettings, LabelSettings
from nlp_engine.errors import InputError
from nlp_engine.manifest import read_manifest
from nlp_engine.sagemaker.processing import run
from nlp_engine.sagemaker.sharding import share_of_files
from nlp_engine.wiki.shards import read_pages
from tests.conftest import TOY_PAGES, make_dump

SCRIPTS = Path(__file__).parents[2] / "scripts"
HOSTS = ["algo-1", "algo-2"]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # data classes look their module up
    spec.loader.exec_module(module)
    return module


class Instance:
    """One instance's `/opt/ml`."""

    def __init__(self, root: Path, host: str, hosts: list[str], distribution: str) -> None:
        self.root, self.host = root, host
        self.input = root / "processing" / "input"
        self.output = root / "processing" / "output"
        for folder in (self.input, self.output, root / "config"):
            folder.mkdir(parents=True)
        self.write_config("resourceconfig.json", {"current_host": host, "hosts": hosts})
        s3_input = {"LocalPath": str(self.input), "S3DataDistributionType": distribution}
        inputs = [{"InputName": "documents", "S3Input": s3_input}]
        self.write_config("processingjobconfig.json", {"ProcessingInputs": inputs})

    def write_config(self, name: str, content: object) -> None:
        (self.root / "config" / name).write_text(json.dumps(content))

    def run(self, work: Callable[..., Any], settings_class: type, *more: str) -> int:
        arguments = ["--input", str(self.input), "--output", str(self.output), *more]
        return run(work, settings_class, arguments=arguments, root=self.root)

    @property
    def message(self) -> str:
        return (self.root / "output" / "message").read_text(encoding="utf-8")


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., list[Instance]]:
    """Start instances and give them files, replicated or sharded as S3 would."""

    def started(
        files: dict[str, bytes], distribution: str, hosts: list[str] = HOSTS
    ) -> list[Instance]:
        instances = [Instance(tmp_path / host, host, hosts, distribution) for host in hosts]
        for number, (name, content) in enumerate(files.items()):
            for position, instance in enumerate(instances):
                sharded = distribution == "ShardedByS3Key"
                if not sharded or number % len(instances) == position:
                    path = instance.input / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
        return instances

    return started


def part_files() -> dict[str, bytes]:
    """Five part files of one wiki, in two folders."""
    titles = list(TOY_PAGES)
    chunks = [titles[:2], titles[2:4], titles[4:5], titles[5:6], titles[6:]]
    return {
        f"{'late' if number > 3 else 'early'}/toywiki-articles{number}.xml.bz2": bz2.compress(
            make_dump({title: TOY_PAGES[title] for title in chunk})
        )
        for number, chunk in enumerate(chunks, 1)
    }


@pytest.mark.parametrize("distribution", ["FullyReplicated", "ShardedByS3Key"])
def test_two_instances_extract_every_page_once(
    start: Callable[..., list[Instance]], distribution: str
) -> None:
    module = script("extract_wiki")
    instances = start(part_files(), distribution)
    titles = []
    for instance in instances:
        assert instance.run(module.extract_wiki, module.ExtractSettings, "--language", "en") == 0
        assert not (instance.root / "output").exists()
        assert [path.name for path in instance.output.iterdir()] == [instance.host]
        made = read_manifest(instance.output / instance.host, "extracted")
        assert len(made.sources) in (2, 3)
        titles += [page.title for page in read_pages(instance.output / instance.host)]
    assert sorted(titles) == sorted(TOY_PAGES)


def test_an_instance_without_files_has_nothing_to_do(
    start: Callable[..., list[Instance]],
) -> None:
    module = script("extract_wiki")
    files = dict(list(part_files().items())[:1])
    first, second = start(files, "FullyReplicated")
    for instance in (first, second):
        assert instance.run(module.extract_wiki, module.ExtractSettings) == 0
    assert [path.name for path in first.output.iterdir()] == ["algo-1"]
    assert list(second.output.iterdir()) == []


def test_text8_on_two_instances(start: Callable[..., list[Instance]]) -> None:
    module = script("prepare_text8")
    files = {"a.txt": b"One sentence. Two, in 1999.\n", "b.txt": b"A third sentence.\n"}
    first, second = start(files, "FullyReplicated")
    for instance in (first, second):
        assert instance.run(module.prepare_text8, CorpusSettings) == 0
    assert (first.output / "algo-1" / "text8").read_text() == (
        "one sentence two in one nine nine nine"
    )
    assert (second.output / "algo-2" / "text8").read_text() == "a third sentence"


def test_text8_script_makes_sentences_on_request(start: Callable[..., list[Instance]]) -> None:
    module = script("prepare_text8")
    (lone,) = start({"a.txt": b"One sentence. Two.\n"}, "FullyReplicated", ["algo-1"])
    options = ["--format", "sentences", "--min-words", "2"]
    assert lone.run(module.prepare_text8, CorpusSettings, *options) == 0
    assert (lone.output / "algo-1" / "sentences.txt").read_text() == "one sentence\n"


def test_textcat_on_two_instances(start: Callable[..., list[Instance]]) -> None:
    module = script("prepare_textcat")
    words = ["football", "market", "goal", "bank"]
    tables = {
        f"{name}.csv": "topic,body\n"
        + "".join(f"{'sport' if n % 2 else 'money'},{name} {words[n % 4]} {n}\n" for n in range(40))
        for name in ("north", "south")
    }
    files = {name: text.encode() for name, text in tables.items()}
    options = ["--text", "body", "--label", "topic", "--split", "80/10/10"]
    lines = []
    for instance in start(files, "ShardedByS3Key"):
        assert instance.run(module.prepare_textcat, LabelSettings, *options) == 0
        folder = instance.output / instance.host
        for fold in ("train", "validation", "test"):
            lines += (folder / f"{fold}.txt").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 80
    assert {line.split()[0] for line in lines} == {"__label__sport", "__label__money"}


def test_failures_are_told_in_the_message_file(start: Callable[..., list[Instance]]) -> None:
    module = script("extract_wiki")
    broken = {"a.xml": b"<html>" + "é".encode() * 2000}
    (lone,) = start(broken, "FullyReplicated", ["algo-1"])
    assert lone.run(module.extract_wiki, module.ExtractSettings) == 1
    assert "a.xml is no MediaWiki XML export" in lone.message
    assert len(lone.message.encode()) <= 1024
    assert list(lone.output.iterdir()) == []
    assert lone.run(module.extract_wiki, module.ExtractSettings, "--languages", "en") == 1
    assert "unrecognized arguments: --languages" in lone.message
    assert lone.run(script("prepare_text8").prepare_text8, CorpusSettings, "--min-words", "0") == 1
    assert "min_words is 0" in lone.message


def test_unexpected_errors_are_told_too(start: Callable[..., list[Instance]]) -> None:
    def work(paths: list[Path], out: Path, **options: Any) -> None:
        raise ZeroDivisionError("division by zero" + "é" * 2000)

    (lone,) = start({"a.txt": b"text"}, "FullyReplicated", ["algo-1"])
    assert lone.run(work, CorpusSettings) == 1
    assert lone.message.startswith("ZeroDivisionError: division by zeroé")
    assert len(lone.message.encode()) in (1023, 1024)


def test_no_files_at_all(start: Callable[..., list[Instance]]) -> None:
    (lone,) = start({}, "FullyReplicated", ["algo-1"])
    assert lone.run(script("prepare_text8").prepare_text8, CorpusSettings) == 1
    assert "holds no files" in lone.message


def test_replicated_and_sharded_inputs_side_by_side(tmp_path: Path) -> None:
    shares = []
    for host in HOSTS:
        instance = Instance(tmp_path / host, host, HOSTS, "FullyReplicated")
        inputs = [
            {"S3Input": {"LocalPath": f"{instance.input}/all"}},
            {
                "S3Input": {
                    "LocalPath": f"{instance.input}/own",
                    "S3DataDistributionType": "ShardedByS3Key",
                }
            },
        ]
        instance.write_config("processingjobconfig.json", {"ProcessingInputs": inputs})
        for name in ("all/1", "all/2", "all/3", "all/.hidden", f"own/{host}", "all/manifest.json"):
            (instance.input / name).parent.mkdir(exist_ok=True)
            (instance.input / name).touch()
        share = share_of_files(instance.input, host, HOSTS, root=instance.root)
        shares.append([path.relative_to(instance.input).as_posix() for path in share])
    assert shares == [["all/1", "all/3", "own/algo-1"], ["all/2", "own/algo-2"]]


def test_what_is_not_known_is_not_guessed(tmp_path: Path) -> None:
    instance = Instance(tmp_path, "algo-2", HOSTS, "FullyReplicated")
    (instance.input / "a").touch()
    (instance.input / "b").touch()
    (tmp_path / "config" / "processingjobconfig.json").unlink()
    with pytest.raises(InputError, match="pass --shard none"):
        share_of_files(instance.input, "algo-2", HOSTS, root=tmp_path)
    both = share_of_files(instance.input, "algo-2", HOSTS, shard="none", root=tmp_path)
    assert [path.name for path in both] == ["a", "b"]
    instance.write_config("processingjobconfig.json", {"ProcessingInputs": []})
    with pytest.raises(InputError, match="in none of the job's input folders"):
        share_of_files(instance.input, "algo-2", HOSTS, root=tmp_path)


def test_scripts_run_as_programs(tmp_path: Path, toy_dump: Path) -> None:
    (tmp_path / "in").mkdir()
    toy_dump.rename(tmp_path / "in" / "toy.xml")
    for name in ("extract_wiki", "prepare_text8"):
        command = [sys.executable, str(SCRIPTS / f"{name}.py"), "--input", "in", "--output", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name / "algo-1" / "manifest.json").exists()


def test_a_stopped_job_leaves_no_half_made_folder(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from nlp_engine.files import new_folder\n"
        "from nlp_engine.sagemaker.processing import run\n"
        "def work(paths, out, **options):\n"
        "    with new_folder(out) as folder:\n"
        "        (folder / 'half').touch()\n"
        "        Path('started').touch()\n"
        "        time.sleep(60)\n"
        "sys.exit(run(work, arguments=['--input', 'in', '--output', 'out'], root=Path('ml')))\n"
    )
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").touch()
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    while not (tmp_path / "started").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 128 + signal.SIGTERM
    assert list((tmp_path / "out").iterdir()) == []


def test_several_files_become_one_corpus(start: Callable[..., list[Instance]]) -> None:
    module = script("prepare_text8")
    lines = {f"{folder}/part.txt": f"Words of {folder}.\n".encode() for folder in "abc"}
    first, second = start(lines, "FullyReplicated")
    for instance in (first, second):
        assert instance.run(module.prepare_text8, CorpusSettings) == 0
    assert (first.output / "algo-1" / "text8").read_text() == "words of a words of c"
    assert (second.output / "algo-2" / "text8").read_text() == "words of b"
