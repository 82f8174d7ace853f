"""Whether a server could listen where it is told to, found out before anything depends on it."""

from __future__ import annotations

import socket

from gunicorn.util import parse_address


def check_address(bind: str) -> None:
    """Try to listen at ``bind`` (HOST:PORT or unix:PATH) for a moment. Raises ValueError with one sentence."""
    try:
        address = parse_address(bind)
        if not isinstance(address, tuple):
            return  # A socket file is made anew, whatever is there.
        host, port = address
        if not 0 <= port <= 65535:
            raise OverflowError("there is no such port")
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
            trial.listen(1)
    except (OSError, OverflowError, RuntimeError, UnicodeError) as error:
        raise ValueError(
            f"The service can't listen at {bind}: {getattr(error, 'strerror', None) or error}; choose another --bind."
        ) from error
