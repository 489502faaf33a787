"""How fast a dump becomes text, links and tokens, beside the peers.

    python scripts/bench/corpus.py [--quick] [--json FILE]       the sample in gensim's wheel, x6
    python scripts/bench/corpus.py --dump FILE [--repeat 1]      any small dump

It takes about five minutes on a quiet machine, `--quick` about one. Peers come from the Python
that runs this, beside nlp_engine: `pip install wikiextractor gensim wikipedia2vec
mwparserfromhell`; those that are missing are left out. All contenders read the same files and take
turns, in rounds; slow peers take part in every second one.

Figures are medians of megabytes of XML per CPU-second (user and system time, children and start-up
included). Other work on the machine disturbs them less than wall time, but it does: bzip2 lives in
the caches that all share. So run this on a quiet machine; "best" is the round that was disturbed
least. Where two workers are compared with one, it is the shortest wall time of several. Peak memory
is that of a pipeline's largest process, and never shown below the benchmark's own, some 40 MB.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from corpus_pipelines import Pipeline, clear, extract_command, text_pipelines, token_pipelines
from measure import Rates, Usage, machine, run, versions
from repeated_dump import (
    Dump,
    read_dump,
    sha256,
    write_multistream,
    write_plain,
    write_single_stream,
)

PACKAGES = ("nlp-engine", "wikiextractor", "gensim", "mwparserfromhell", "wikipedia2vec")
_LONG = 4  # times the pages, for peak memory and for two workers


def measure_functions(dump: Path, rounds: int) -> dict[str, Any]:
    """The functions' rates, from a process of their own so that this one stays small."""
    script = Path(__file__).with_name("corpus_functions.py")
    command = [sys.executable, script, dump, "--rounds", str(rounds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout))


def measure_pipelines(
    pipelines: Sequence[Pipeline], out: Path, megabytes: float, rounds: int
) -> dict[str, Rates]:
    """Every pipeline's runs, in turns."""
    runs: dict[str, list[Usage]] = {pipeline.name: [] for pipeline in pipelines}
    for number in range(rounds):
        for pipeline in pipelines:
            if not pipeline.slow or number % 2 == 0:
                clear(out)
                runs[pipeline.name].append(run(pipeline.commands))
    return {name: Rates(megabytes=megabytes, runs=found) for name, found in runs.items()}


def measure_workers(
    files: Mapping[str, tuple[Path, float]], out: Path, rounds: int
) -> dict[str, Any]:
    """One and two workers on each file, of so many megabytes of XML, in turns."""
    runs: dict[tuple[str, int], list[Usage]] = {(name, n): [] for name in files for n in (1, 2)}
    for _ in range(rounds):
        for name, workers in runs:
            clear(out)
            runs[name, workers].append(run([extract_command(files[name][0], out / "x", workers)]))
    found = {key: Rates(megabytes=files[key[0]][1], runs=value) for key, value in runs.items()}
    return {
        name: {
            "1 worker": found[name, 1].to_mapping(),
            "2 workers": found[name, 2].to_mapping(),
            "speed-up": round(found[name, 1].best_wall / found[name, 2].best_wall, 2),
        }
        for name in files
    }


def measure_memory(dump: Dump, folder: Path, times: int) -> dict[str, dict[str, float]]:
    """Peak megabytes of our extraction, for the dump and for one four times as long."""
    found: dict[str, dict[str, float]] = {}
    for name, write in (("plain", write_plain), ("multistream", write_multistream)):
        for length in (times, times * _LONG):
            path = write(dump, folder / f"{name}-{length}", length)
            clear(folder / "out")
            used = run([extract_command(path, folder / "out" / "x")])
            path.unlink()
            found.setdefault(name, {})[f"{dump.size(length) / 1e6:.0f} MB"] = used.memory / 1e6
    return found


def print_functions(found: Mapping[str, Any]) -> None:
    """The first table."""
    print(f"\nwikitext to text, links or both: {found['pages']} pages, ", end="")
    print(f"{found['MB of wikitext']:.2f} MB of wikitext in memory")
    rates = {name: median(runs) for name, runs in found["MB of wikitext per CPU-second"].items()}
    ours = next(iter(rates.values()))
    print(f"{'':32}{'MB/CPU-s':>10}{'ours is':>10}")
    for name, rate in rates.items():
        print(f"{name:32}{rate:10.1f}{ours / rate:9.1f}x")
    sentences = median(found["sentences, MB of text per CPU-second"])
    tokens = median(found["fast, million tokens per CPU-second"])
    print(f"sentences: {sentences:.1f} MB of text per CPU-second")
    print(f"fast: {tokens:.2f} million tokens per CPU-second")


def print_pipelines(title: str, ours: str, found: Mapping[str, Rates]) -> None:
    """A table of pipelines."""
    print(f"\n{title}")
    print(f"{'':28}{'MB/CPU-s':>9}{'best':>7}{'MB/s':>7}{'runs':>5}{'peak MB':>9}", end="")
    print(f"{'ours is':>9}{'best':>7}")
    for name, rates in found.items():
        ratio = found[ours].per_cpu_second / rates.per_cpu_second
        best = found[ours].best_per_cpu_second / rates.best_per_cpu_second
        numbers = f"{rates.per_cpu_second:9.2f}{rates.best_per_cpu_second:7.2f}"
        numbers += f"{rates.per_second:7.2f}{len(rates.runs):5}{rates.memory:9.0f}"
        print(f"{name:28}{numbers}{ratio:8.2f}x{best:6.2f}x", flush=True)


def print_workers(found: Mapping[str, Any]) -> None:
    """One and two workers."""
    print("\none worker and two: shortest wall seconds")
    for name, row in found.items():
        one, two = (row[key]["best seconds"] for key in ("1 worker", "2 workers"))
        print(f"{name:32}{one:10.2f}{two:8.2f}{row['speed-up']:8.2f}x")


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dump", type=Path, help="by default the sample in gensim's wheel")
    parser.add_argument("--repeat", type=int, help="times its pages; by default 6, 2 if quick")
    parser.add_argument("--rounds", type=int, help="by default 3, 1 if quick")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    repeat = arguments.repeat or (2 if arguments.quick else 6)
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    source = arguments.dump or sample()

    installed = versions(PACKAGES)
    if missing := [name for name in PACKAGES if name not in installed]:
        print(f"not installed, left out: pip install {' '.join(missing)}")
    result: dict[str, Any] = {
        "command": shlex.join([Path(sys.executable).name, *sys.argv]),
        "machine": machine(),
        "versions": installed,
        "input": {"name": source.name, "sha256": sha256(source), "repeated": repeat},
    }
    print(json.dumps(result, indent=1))
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        result |= measure_all(source, Path(temporary), repeat, rounds, installed)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


def measure_all(
    source: Path, folder: Path, repeat: int, rounds: int, installed: Mapping[str, str]
) -> dict[str, Any]:
    """Measure, and print as it goes; returns what goes to JSON."""
    functions = measure_functions(source, rounds)
    print_functions(functions)

    dump = read_dump(source)
    size, out = dump.size(repeat) / 1e6, folder / "out"
    single = write_single_stream(dump, folder / "single-pages-articles.xml.bz2", repeat)
    found = {}
    for key, title, ours, pipelines in (
        ("text", "dump to files", "nlp-engine wiki extract", text_pipelines(single, out)),
        ("tokens", "dump to tokens", "corpus build DUMP", token_pipelines(single, out)),
    ):
        present = [one for one in pipelines if not one.package or one.package in installed]
        found[key] = measure_pipelines(present, out, size, rounds)
        print_pipelines(f"{title}: {size:.1f} MB of XML, one bzip2 stream", ours, found[key])

    long = repeat * _LONG
    files = {
        "multistream": (write_multistream(dump, folder / "multi.xml.bz2", long), size * _LONG),
        "plain XML": (write_plain(dump, folder / "plain.xml", long), size * _LONG),
        "one bzip2 stream": (single, size),
    }
    files = {f"{name}, {mb:.0f} MB": (path, mb) for name, (path, mb) in files.items()}
    workers = measure_workers(files, out, max(rounds, 2))
    print_workers(workers)
    memory = measure_memory(dump, folder, repeat)
    print(f"\npeak memory of one worker in MB, by length of the dump: {json.dumps(memory)}")
    return {
        "functions": functions,
        "MB of XML": size,
        "pipelines": {
            key: {name: rates.to_mapping() for name, rates in table.items()}
            for key, table in found.items()
        },
        "workers": workers,
        "peak MB": memory,
    }


def sample() -> Path:
    """The sample in gensim's wheel, found without loading gensim into this process."""
    code = "from wiki_pages import sample_path; print(sample_path())"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parent
    )
    return Path(done.stdout.decode().strip())


if __name__ == "__main__":
    main()
