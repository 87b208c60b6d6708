"""The list for boxes, made once after a change and kept ready for all that ask."""

import threading
from collections.abc import Callable

from charteroak.core.errors import CharterOakError
from charteroak.core.orders import Signed


class ListBeingMadeError(CharterOakError):
    """Another request makes the list just now."""

    code = "charteroak.box-list.being-made"
    hint = "Ask again in a moment; the list of before counts until it is over."


class BoxLists:
    """Holds the newest list in memory; safe to share between threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._making = threading.Lock()
        self._ready: tuple[str, Signed] | None = None

    def take(self, tag: str, make: Callable[[], Signed]) -> Signed:
        """The list of a tag, made where it is not there.

        Nobody waits while somebody else makes one: a list of a million plates takes
        seconds, and hits come in by the same threads.

        Raises:
            ListBeingMadeError: somebody makes one.
        """
        ready = self._ready
        if ready is not None and ready[0] == tag:
            return ready[1]
        if not self._making.acquire(blocking=False):
            raise ListBeingMadeError("the list for boxes is being made")
        try:
            made = make()
            self._ready = tag, made
            return made
        finally:
            self._making.release()
