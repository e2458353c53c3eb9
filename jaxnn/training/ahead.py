"""Read ahead: one thread fetches what comes next while the device works."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any


class Ahead:
    """read(key), kept until another key is asked for, and read(after(key)) beforehand.

    Both must depend on the key alone. Safe to call from several threads.
    """

    def __init__(
        self, read: Callable[[Any], Any], after: Callable[[Any], Hashable]
    ) -> None:
        """Start no thread yet."""
        self.read, self.after = read, after
        self.pool, self.lock = ThreadPoolExecutor(1, "jaxnn-reads-ahead"), Lock()
        self.known: dict[Hashable, Future] = {}

    def __call__(self, key: Hashable) -> Any:
        """What is at key; what comes after it is on its way."""
        with self.lock:
            wanted = (key, self.after(key))
            self.known = {
                one: self.known.get(one) or self.pool.submit(self.read, one)
                for one in wanted
            }
            found = self.known[key]
        return found.result()

    def forget(self) -> None:
        """Keep nothing that was read."""
        with self.lock:
            self.known = {}
