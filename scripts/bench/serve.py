"""Requests per second and latency of the endpoint, beside fastText behind AWS's own recipe.

    python scripts/bench/serve.py [--rounds 3] [--seconds 4] [--soak SECONDS] [--results FILE]
    python scripts/bench/serve.py --table [--results FILE]

A classifier of langid8 (NLP_ENGINE_DATA) with BlazingText's defaults, word 2-grams, and one of
words alone; requests of one and of 100 sentences. Peers (`serve_peers.py`): the fastText library
behind Flask and gunicorn with gevent workers; and, with 2-grams, this package's answers behind
uvicorn and granian. Each has a worker per core and opens the same model. wrk on the same machine
loads them one after the other, in an order by chance each round, after a second for each to warm
up. Half load is half of a server's own median rate, by clients that wait between requests for
random times; ours is also loaded with half of the rate of fastText's server. Latency is then that
of a client of its own beside them (`serve_probe.py`). `--soak` keeps ours at half load of
one-sentence requests and notes failures and memory.

It needs wrk (Debian package `wrk`), and `pip install fasttext-numpy2 flask gunicorn gevent uvicorn
granian` in the Python that runs it; what is missing is left out and named. A run takes some ten
minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import classify_data
import measure
from quality_corpora import data_folder
from serve_load import Load, MemoryWatch, load, write_script
from serve_table import OURS, PEER, print_tables

_RESULTS = Path(__file__).parent / "results" / "serve.jsonl"
_SIZES = (1, 100)
_BODIES = 100
_CLIENTS = 16
_LEAST_WAIT = 10  # milliseconds between the requests of a client at half load
_PACKAGES = ["fasttext-numpy2", "flask", "gevent", "granian", "gunicorn", "httptools", "nlp-engine",
             "orjson", "uvicorn", "uvloop"]  # fmt: skip


@dataclass(frozen=True)
class Contender:
    """A server: the modules it needs, and its command but for the port's number."""

    needs: str
    command: str


CONTENDERS = {
    OURS: Contender("uvloop", "-m nlp_engine serve {model} --quiet --port"),
    PEER: Contender(
        "fasttext flask gevent gunicorn",
        "-m gunicorn -k gevent -w {cores} --timeout 60 --log-level warning "
        "serve_peers:flask_app() -b 127.0.0.1:",
    ),
    "nlp_engine on uvicorn": Contender(
        "uvicorn",
        "-m uvicorn --loop uvloop --http httptools --workers {cores} --no-access-log "
        "--log-level warning serve_peers:asgi --port",
    ),
    "nlp_engine on granian": Contender(
        "granian",
        "-m granian --interface rsgi --loop uvloop --workers {cores} --no-ws --log-level warning "
        "serve_peers:rsgi --port",
    ),
}


def model_of(ngrams: int, cache: Path) -> Path:
    """A classifier of langid8 in the cache, trained at the first call."""
    folder = cache / f"serve-langid8-{ngrams}"
    if not folder.exists():
        import nlp_engine as ne

        found = classify_data.prepare("langid8", cache, data_folder())
        ne.train_classifier(found.train, folder, word_ngrams=ngrams)
    return folder


def bodies_of(cache: Path, size: int) -> list[bytes]:
    """Requests with so many of the test sentences each."""
    path = classify_data.prepare("langid8", cache, data_folder()).test
    texts = [line.split(" ", 1)[1] for line in path.read_text("utf-8").split("\n")[:-1]]
    random.Random(1).shuffle(texts)
    parts = [texts[size * i : size * (i + 1)] for i in range(_BODIES)]
    return [json.dumps({"instances": part}, ensure_ascii=False).encode() for part in parts]


@contextlib.contextmanager
def running(name: str, model: Path) -> Iterator[tuple[int, int]]:
    """A server's process and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = CONTENDERS[name].command.format(model=model, cores=os.cpu_count()).split()
    joined = (
        [*words[:-1], words[-1] + str(port)] if words[-1].endswith(":") else [*words, str(port)]
    )
    process = subprocess.Popen(
        [sys.executable, *joined],
        cwd=Path(__file__).parent,
        env={**os.environ, "BENCH_MODEL": str(model / "model.bin")},
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=30)
                break
            time.sleep(0.1)
        else:
            sys.exit(f"{name} does not start")
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(60)


def check_alike(ports: dict[str, int], body: bytes) -> None:
    """All must give the same labels."""
    found = []
    for port in ports.values():
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations", body, {"Content-Type": "application/json"}
        )
        answers = json.loads(urllib.request.urlopen(request).read())
        found.append([answer["label"] for answer in answers])
    if any(labels != found[0] for labels in found):
        sys.exit("the servers answer differently")


def measure_model(ngrams: int, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The rows of one model, as they come."""
    model = model_of(ngrams, arguments.cache)
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        names = [name for name in present() if ngrams == 2 or name in (OURS, PEER)]
        servers = {name: stack.enter_context(running(name, model)) for name in names}
        scripts = {}
        for size in _SIZES:
            scripts[size] = scratch / f"{size}.lua"
            write_script(scripts[size], bodies_of(arguments.cache, size))
        check_alike({name: port for name, (_, port) in servers.items()},
                    bodies_of(arguments.cache, 100)[0])  # fmt: skip
        cases = [(name, size) for name in servers for size in _SIZES]
        rates: dict[tuple[str, int], list[float]] = {case: [] for case in cases}
        for name, size in cases:
            pid, port = servers[name]
            load(port, scripts[size], clients=_CLIENTS, seconds=1, process=pid)
        order = random.Random(ngrams)
        for round in range(arguments.rounds):
            for name, size in order.sample(cases, len(cases)):
                pid, port = servers[name]
                seconds = arguments.seconds
                found = load(port, scripts[size], clients=_CLIENTS, seconds=seconds, process=pid)
                rates[name, size].append(found.rate)
                yield row("full", round, ngrams, name, size, found)
        half = {case: statistics.median(rates[case]) / 2 for case in cases}
        loads = [("half", name, size, half[name, size])
                 for name, size in cases if name in (OURS, PEER)]  # fmt: skip
        if PEER in servers:
            loads += [("peer's half", OURS, size, half[PEER, size]) for size in _SIZES]
        for round in range(arguments.rounds):
            for kind, name, size, rate in order.sample(loads, len(loads)):
                seconds = arguments.seconds * 2
                with probing(servers[name][1], scratch, arguments, size, seconds) as probe:
                    found = half_load(servers[name], scratch, arguments, size, rate, seconds)
                yield {**row(kind, round, ngrams, name, size, found), "probe": probe}
        if arguments.soak and ngrams == 2:
            watch = MemoryWatch(servers[OURS][0])
            watch.start()
            found = half_load(servers[OURS], scratch, arguments, 1, half[OURS, 1], arguments.soak)
            memory = watch.finish()
            yield {**row("soak", 0, ngrams, OURS, 1, found), "seconds": arguments.soak,
                   "memory": memory[:: max(1, len(memory) // 60)]}  # fmt: skip


def half_load(
    server: tuple[int, int], scratch: Path, arguments: argparse.Namespace, size: int, rate: float,
    seconds: float,
) -> Load:  # fmt: skip
    """Load at a given rate."""
    clients = max(4, round(rate * _LEAST_WAIT / 1000))
    script = scratch / "half.lua"
    write_script(script, bodies_of(arguments.cache, size), round(1000 * clients / rate))
    pid, port = server
    return load(port, script, clients=clients, seconds=seconds, process=pid)


@contextlib.contextmanager
def probing(
    port: int, scratch: Path, arguments: argparse.Namespace, size: int, seconds: float
) -> Iterator[dict[str, float]]:
    """Ask as one client meanwhile; what is given has the latencies afterwards."""
    bodies = scratch / "bodies.json"
    bodies.write_text(json.dumps([body.decode() for body in bodies_of(arguments.cache, size)]))
    script = Path(__file__).parent / "serve_probe.py"
    # Neither the load's beginning nor its end.
    command = [sys.executable, str(script), str(port), str(seconds - 1), str(bodies)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = {}
    yield found
    output, _ = process.communicate(timeout=60)
    if process.returncode:
        sys.exit("the client beside the load failed")
    found.update(json.loads(output))


def row(
    kind: str, round: int, ngrams: int, name: str, size: int, found: Load
) -> dict[str, Any]:  # fmt: skip
    """A line of the results."""
    return {"kind": kind, "round": round, "word_ngrams": ngrams, "server": name,
            "sentences": size, **asdict(found)}  # fmt: skip


def present() -> list[str]:
    """The contenders whose modules are installed."""
    import importlib.util

    def missing(contender: Contender) -> list[str]:
        return [name for name in contender.needs.split() if not importlib.util.find_spec(name)]

    for name, contender in CONTENDERS.items():
        if missing(contender):
            print(f"left out: {name}, without {', '.join(missing(contender))}", file=sys.stderr)
    return [name for name, contender in CONTENDERS.items() if not missing(contender)]


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of one load")
    parser.add_argument("--soak", type=int, default=0, metavar="SECONDS")
    parser.add_argument("--word-ngrams", type=int, nargs="+", default=[2, 1], metavar="N")
    parser.add_argument("--results", type=Path, default=_RESULTS, metavar="FILE")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/nlp_engine/bench")
    parser.add_argument("--table", action="store_true", help="run nothing, print the results'")
    arguments = parser.parse_args()
    if not arguments.table:
        if shutil.which("wrk") is None:
            sys.exit("wrk is not installed; apt-get install wrk")
        arguments.results.parent.mkdir(parents=True, exist_ok=True)
        with arguments.results.open("w", encoding="utf-8", buffering=1) as file:
            about = {"machine": measure.machine(), "versions": measure.versions(_PACKAGES)}
            file.write(json.dumps(about) + "\n")
            for ngrams in arguments.word_ngrams:
                for line in measure_model(ngrams, arguments):
                    file.write(json.dumps(line) + "\n")
                    print(json.dumps(line), flush=True)
    print_tables([json.loads(line) for line in arguments.results.read_text("utf-8").splitlines()])


if __name__ == "__main__":
    main()
