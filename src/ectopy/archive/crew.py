"""Workers of this machine: a few threads, each with a process of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterable
from queue import SimpleQueue
from typing import Protocol

from ectopy.archive.hand import Hand
from ectopy.archive.job import Answer, Job, Request


class Crew(Protocol):
    """Whoever works, here or elsewhere."""

    def each(self, job: Job, requests: Iterable[Request]) -> Generator[tuple[Request, Answer]]:
        """Have all requests done, and yield each with its answer as it comes.

        Raises
        ------
        StoppedError
            If those who work cannot be reached any more.
        """

    def close(self) -> None:
        """End all that still runs."""


def cores() -> int:
    """Give the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


class LocalCrew:
    """Workers of this machine.

    Parameters
    ----------
    workers
        How many recordings are worked on at a time.
    """

    def __init__(self, workers: int) -> None:
        self._hands = [Hand() for _ in range(workers)]

    def each(self, job: Job, requests: Iterable[Request]) -> Generator[tuple[Request, Answer]]:
        """Have all requests done; see `Crew.each`."""
        left = iter(requests)
        lock = threading.Lock()
        stopped = threading.Event()
        done: SimpleQueue[tuple[Request, Answer] | BaseException | None] = SimpleQueue()

        def serve(hand: Hand) -> None:
            try:
                while not stopped.is_set():
                    with lock:
                        request = next(left, None)
                    if request is None:
                        break
                    done.put((request, hand.ask(job, request)))
            except BaseException as error:
                done.put(error)
            done.put(None)

        threads = [threading.Thread(target=serve, args=(h,), daemon=True) for h in self._hands]
        for thread in threads:
            thread.start()
        try:
            working = len(threads)
            while working:
                found = done.get()
                if found is None:
                    working -= 1
                elif isinstance(found, BaseException):
                    raise found
                else:
                    yield found
        finally:
            stopped.set()
            if any(thread.is_alive() for thread in threads):
                for hand in self._hands:
                    hand.dismiss()
            for thread in threads:
                thread.join()
            if any(hand.dismissed for hand in self._hands):
                self.close()

    def close(self) -> None:
        """End all processes."""
        for hand in self._hands:
            hand.end()
        self._hands = [Hand() for _ in self._hands]
