"""A socket to serve at."""

from __future__ import annotations

import socket

from nlp_engine.errors import InputError


def listen(host: str, port: int) -> socket.socket:
    """Listen at an address of this machine, IPv4 or IPv6.

    Raises:
        InputError: The port is taken, or the address is not this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise InputError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another --port or --host"
        ) from error
