"""Workers of a Dask cluster: the same processes as on one machine, started by its workers."""

from __future__ import annotations

import atexit
import json
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from importlib import import_module
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, Final

from ectopy.archive.hand import Hand
from ectopy.archive.job import Answer, Job, Request, StoppedError, trouble
from ectopy.errors import EctopyError

CONNECT_S: Final = 20.0
"""Seconds to wait for the scheduler."""
AHEAD: Final = 3
"""Requests given to the scheduler for each thread of its workers: enough that none waits."""
_LEAST: Final = 16
_LOOK_S: Final = 1.0
_COUNT_S: Final = 5.0
"""Seconds between two looks at the scheduler, and at how many workers it has."""
_DEATHS: Final = 4
"""Times that a request is given out anew after Dask gave it up with the workers it was on."""

_idle: SimpleQueue[Hand] = SimpleQueue()


def work(job: str, request: str) -> str:
    """Do one request in a worker of Dask: job, request and answer as text."""
    try:
        hand = _idle.get_nowait()
    except Empty:
        hand = Hand()
        atexit.register(hand.end)
    try:
        answer = hand.ask(Job.from_text(job), json.loads(request))
    finally:
        _idle.put(hand)
    if answer["outcome"] == "stop":
        answer["reason"] = f"{answer['reason']} (worker {_address()})"
    return json.dumps(answer)


def end_hands() -> None:
    """End the processes of this worker that have nothing to do."""
    while True:
        try:
            _idle.get_nowait().end()
        except Empty:
            return


class DaskCrew:
    """The workers of a Dask cluster that runs.

    Parameters
    ----------
    address
        Of its scheduler, such as ``tcp://10.0.0.5:8786``.
    say
        Called with a line for people when all there is to do is to wait.

    Raises
    ------
    EctopyError
        If Dask is not installed, or the scheduler cannot be reached.
    """

    def __init__(self, address: str, say: Callable[[str], None] = lambda _: None) -> None:
        try:
            dask = import_module("distributed")
        except ImportError as error:
            raise EctopyError(
                "--scheduler needs Dask, which is not installed; pip install 'ectopy[cluster]' "
                "here and on all workers"
            ) from error
        self.address = address
        self._say = say
        self._waits = False
        self._killed: type[Exception] = dask.KilledWorker
        self._counted = (-_COUNT_S, 0)
        try:
            self._client = dask.Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise EctopyError(
                f"no scheduler of Dask answers at {address}; start one with 'dask scheduler' and "
                "give its address, such as tcp://10.0.0.5:8786"
            ) from error

    def each(self, job: Job, requests: Iterable[Request]) -> Generator[tuple[Request, Answer]]:
        """Have all requests done; see `ectopy.archive.crew.Crew.each`."""
        left = iter(requests)
        text = job.to_text()
        done: SimpleQueue[Any] = SimpleQueue()
        given: dict[str, tuple[Any, Request, int]] = {}

        def give(request: Request, times: int = 0) -> None:
            future = self._client.submit(
                work, text, json.dumps(dict(request)), pure=False, retries=0
            )
            given[future.key] = (future, request, times)
            future.add_done_callback(done.put)

        try:
            while True:
                for request in islice(left, max(0, self._wanted() - len(given))):
                    give(request)
                if not given:
                    return
                try:
                    future = done.get(timeout=_LOOK_S)
                except Empty:
                    self._check()
                    continue
                _, request, times = given.pop(future.key)
                answer = self._answer(future)
                if answer is None and times + 1 < _DEATHS:
                    give(request, times + 1)
                elif answer is None:
                    yield (
                        request,
                        trouble(
                            "crashed", "the workers of Dask that it was given to ended, one by one"
                        ),
                    )
                else:
                    yield request, answer
        finally:
            for future, _, _ in given.values():
                future.release()

    def close(self) -> None:
        """Let go of the cluster, which goes on."""
        if self._client.status == "running":
            with suppress(Exception):  # else they end by themselves when they have been idle
                self._client.run(end_hands, on_error="ignore")
        self._client.close(timeout=2)

    def _answer(self, future: Any) -> Answer | None:
        """Give the answer of a request, None if the workers it was on ended."""
        try:
            answer: Answer = json.loads(future.result(timeout=CONNECT_S))
            return answer
        except self._killed:
            return None
        except TimeoutError:  # the worker that held the answer ended, too
            self._check()
            return None
        except ImportError as error:
            raise StoppedError(
                f"a worker of {self.address} lacks what it needs ({error}); pip install "
                "'ectopy[cluster]' there, in this very version, and run again with --resume"
            ) from error
        except Exception as error:
            if future.status != "error":
                raise self._lost() from error
            raise StoppedError(
                f"a worker of {self.address} failed ({type(error).__name__}: {error}); run again "
                "with --resume"
            ) from error

    def _wanted(self) -> int:
        """Give how many requests the scheduler should have."""
        return max(_LEAST, AHEAD * self._threads())

    def _threads(self) -> int:
        """Give the number of threads of all workers, looked at now and then."""
        seen, threads = self._counted
        if time.monotonic() - seen > _COUNT_S:
            try:
                threads = sum(self._client.nthreads().values())
            except Exception as error:
                raise self._lost() from error
            self._counted = (time.monotonic(), threads)
        return threads

    def _check(self) -> None:
        """Say it where nothing can come: the scheduler is lost, or has no worker."""
        if self._client.status != "running":
            raise self._lost()
        waited, self._waits = self._waits, not self._threads()
        if self._waits and not waited:
            self._say(f"the scheduler at {self.address} has no worker; waiting for one")

    def _lost(self) -> StoppedError:
        return StoppedError(
            f"the scheduler at {self.address} went away; what is done is kept: start it and run "
            "again with --resume"
        )


def _address() -> str:
    try:
        return str(import_module("distributed").get_worker().address)
    except ValueError:
        return "of unknown address"
