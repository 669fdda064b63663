"""Work that is shared out among threads, and comes back in order."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

VARIABLE: Final = "ECTOPY_THREADS"
"""Environment variable that says how many threads a process may work in."""
MOST: Final = 4
"""Threads without it: each holds its own pieces of signal, and more are hardly faster."""


def threads() -> int:
    """Give how many threads to work in: one a core that this process may run on, four at most."""
    asked = os.environ.get(VARIABLE, "")
    if asked.isdecimal() and int(asked):
        return int(asked)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(MOST, cores or 1)


def in_threads(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Give ``function(item)`` for each item in order, computed by several threads.

    Not many more results than there are threads are waiting at any time. The libraries that do
    the work (NumPy, ONNX Runtime) let other threads run meanwhile.
    """
    n = threads()
    if n == 1 or (isinstance(items, Sized) and len(items) == 1):
        yield from map(function, items)
        return
    waiting: deque[Future[Result]] = deque()
    try:
        with ThreadPoolExecutor(n, "ectopy") as pool:
            try:
                for item in items:
                    waiting.append(pool.submit(function, item))
                    if len(waiting) > n:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()
    finally:
        _give_back()


def _give_back() -> None:
    """Give back to the system what glibc keeps of the memory of threads, where that is glibc."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
