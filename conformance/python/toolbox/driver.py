"""Drives the synchronous and the asynchronous client by one set of blocking calls, and records which were made."""

import asyncio
import inspect
import threading

CALL_LIMIT = 120


class LoopThread:
    """An event loop of its own, in which everything asynchronous of a client runs.

    A coroutine that has not ended after two minutes is cancelled and raises TimeoutError.
    """

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(_limited(coroutine), self.loop).result()

    def iterate(self, source):
        iterator = source.__aiter__()
        while True:
            try:
                yield self.run(iterator.__anext__())
            except StopAsyncIteration:
                return

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


async def _limited(awaitable):
    return await asyncio.wait_for(awaitable, CALL_LIMIT)


class Driven:
    """One object of a client, such as `sandbox.fs`: its calls block, and are recorded as `fs.find_files`."""

    def __init__(self, target, name, loop, calls):
        self._target = target
        self._name = name
        self._loop = loop
        self._calls = calls

    def __getattr__(self, attribute):
        value = getattr(self._target, attribute)
        if not callable(value):
            return value

        def call(*arguments, **keywords):
            self._calls.add(f"{self._name}.{attribute}")
            result = value(*arguments, **keywords)
            if inspect.isawaitable(result):
                result = self._loop.run(result)
            return self._loop.iterate(result) if hasattr(result, "__anext__") else result

        return call

    def driven(self, target, name):
        """Another object of the same client, such as a language server."""
        return Driven(target, name, self._loop, self._calls)
