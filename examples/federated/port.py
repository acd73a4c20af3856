"""A port of this machine that the server has, and clients wait for."""

import socket
import time

HOST = "127.0.0.1"


def free():
    """A port that nothing uses now."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return found.getsockname()[1]


def wait_for(port, seconds=60):
    """Returns when something listens at the port."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
