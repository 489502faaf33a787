"""Latency of a server for one client, while others load it.

    python scripts/bench/serve_probe.py PORT SECONDS BODIES.json

The load's own measurement has the delays of the program that makes it: one thread for hundreds of
connections. This client has few, of which one asks at a time, and waits in between.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from pathlib import Path

_CONNECTIONS = 4  # so that all workers are asked
_PAUSE_SECONDS = 0.001
_HEADERS = {"Content-Type": "application/json"}


def main() -> None:
    """Ask, then print milliseconds of 50, 95 and 99 % of the requests as JSON."""
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    bodies = [body.encode() for body in json.loads(Path(sys.argv[3]).read_text("utf-8"))]
    connections = [http.client.HTTPConnection("127.0.0.1", port) for _ in range(_CONNECTIONS)]
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        body = bodies[len(taken) % len(bodies)]
        connection = connections[len(taken) % _CONNECTIONS]
        begin = time.monotonic()
        connection.request("POST", "/invocations", body, _HEADERS)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            sys.exit(f"status {response.status}")
        taken.append(1000 * (time.monotonic() - begin))
        time.sleep(_PAUSE_SECONDS)
    taken.sort()
    print(json.dumps({f"p{p}": taken[len(taken) * p // 100] for p in (50, 95, 99)}))


if __name__ == "__main__":
    main()
