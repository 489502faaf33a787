"""Settings of the event collector."""

from __future__ import annotations

from dataclasses import dataclass

from nlp_engine.personalize.sending.settings import CallSettings
from nlp_engine.settings import setting

_MEGABYTE, _KILOBYTE = 1_000_000, 1000


@dataclass(frozen=True, kw_only=True)
class CollectorSettings(CallSettings):
    """Where events are taken, and what is kept of them until AWS has them."""

    host: str = setting("127.0.0.1", help="address to listen on")
    port: int = setting(8081, minimum=1, maximum=65535, help="port to listen on")
    spool_mb: int = setting(
        1000, minimum=1, help="megabytes on disk that may wait for AWS; then the answer is 503"
    )
    max_body_kb: int = setting(256, minimum=1, help="largest body in kilobytes")
    header_seconds: float = setting(10.0, above=0, help="time for a request's head")
    body_seconds: float = setting(10.0, above=0, help="time for a request's body")
    max_clients: int = setting(500, minimum=1, help="requests at a time; others are answered 503")
    linger_seconds: float = setting(
        0.5, minimum=0, help="how long events wait for others of their session"
    )
    grace_seconds: float = setting(
        25.0, minimum=0, help="time to forward what waits when the service is stopped"
    )
    allow_origin: tuple[str, ...] = setting(
        (),
        metavar="URL",
        help="origin whose pages may send events from a browser; may be given several times",
    )

    @property
    def spool_bytes(self) -> int:
        """Bytes on disk that may wait."""
        return self.spool_mb * _MEGABYTE

    @property
    def body_bytes(self) -> int:
        """The largest body."""
        return self.max_body_kb * _KILOBYTE
