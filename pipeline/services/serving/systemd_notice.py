"""What systemd, or any other manager that listens, is told: sd_notify(3)."""

import contextlib
import os
import socket


def notify(message: str) -> None:
    """Say it where somebody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(message.encode(), "\0" + address[1:] if address.startswith("@") else address)
