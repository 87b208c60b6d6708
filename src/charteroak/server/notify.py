"""Tells systemd how the service stands (sd_notify(3)); elsewhere it does nothing."""

import os
import socket
from typing import Final

_ABSTRACT: Final = "@"


def notify(state: str) -> None:
    """Send lines such as `READY=1` to who started us, if they want to know."""
    where = os.environ.get("NOTIFY_SOCKET", "")
    if not where:
        return
    if where.startswith(_ABSTRACT):
        where = "\0" + where[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), where)
    except OSError:
        # Nobody listens any more: then nobody waits for it either.
        return


def watchdog_s() -> float | None:
    """How often to send `WATCHDOG=1`, seconds: three times in the time that is given."""
    given = os.environ.get("WATCHDOG_USEC", "")
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(given) / 3_000_000 if given.isdecimal() and mine else None
