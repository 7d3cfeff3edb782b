"""Hints within one process."""

from collections.abc import Callable


class MemoryBus:
    """Calls the subscribers of a topic at once; they only set a flag or spawn, so `publish` never waits."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[Callable[[], None]]] = {}

    def publish(self, topic: str) -> None:
        for callback in tuple(self._callbacks.get(topic, ())):
            callback()

    def subscribe(self, topic: str, callback: Callable[[], None]) -> Callable[[], None]:
        self._callbacks.setdefault(topic, []).append(callback)

        def unsubscribe() -> None:
            callbacks = self._callbacks.get(topic, [])
            if callback in callbacks:
                callbacks.remove(callback)
            if not callbacks:
                self._callbacks.pop(topic, None)

        return unsubscribe
