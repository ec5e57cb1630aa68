"""The record of what was asked of the proxy and the mirror, which the tests read."""

import threading


class RequestLog:
    """Appends lines `role METHOD TARGET STATUS` to a file, each in one write."""

    def __init__(self, path):
        self._file = open(path, "a", buffering=1, encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, role, method, target, status):
        with self._lock:
            self._file.write(f"{role} {method} {target} {status}\n")
