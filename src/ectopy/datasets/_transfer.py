"""One file over HTTP: resumed where it broke off, tried again, put in place only when right."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from ectopy import __version__
from ectopy.datasets.checksums import sha256_of
from ectopy.errors import DatasetError, OutputError

if TYPE_CHECKING:
    import requests

_CHUNK: Final = 1 << 12
"""Bytes read at a time; what has come of them is lost when the connection breaks, so few."""
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be better next time."""
_FIRST_TRIES: Final = 3
"""How often a server is asked that cannot be reached from the start."""
_MOST_TEXT: Final = 1 << 26
"""Bytes beyond which no list of checksums is believed."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try.

    Attributes
    ----------
    tries
        How often a file is asked for without getting further, before it is given up.
    wrong
        How often it may arrive with a wrong checksum.
    first_wait_s, longest_wait_s
        Seconds before the second try, doubled for each further one up to the longest.
    timeout_s
        Seconds of silence after which a connection counts as lost.
    """

    tries: int = 6
    wrong: int = 3
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    timeout_s: float = 30.0


class UnreachableError(DatasetError):
    """The connection is lost each time, or there is none."""


class StoppedError(Exception):
    """Another file made an end of it all."""


class _TryAgainError(Exception):
    def __init__(self, reason: str, wait_s: float = 0.0, *, lost: bool = False):
        super().__init__(reason)
        self.wait_s, self.lost = wait_s, lost


@dataclass(frozen=True, slots=True)
class Watch:
    """What a transfer tells while it runs, and what makes it stop.

    Attributes
    ----------
    stop
        Set to make all transfers end.
    size
        Called with the path and its size in bytes, once that is known.
    moved
        Called with the number of bytes that came in.
    held
        Called with the number of bytes that were there before; negative for those that had to be
        thrown away.
    """

    stop: threading.Event
    size: Callable[[str, int], None]
    moved: Callable[[int], None]
    held: Callable[[int], None]

    def check(self, wait_s: float = 0.0) -> None:
        """Wait so long, unless all is stopped before.

        Raises
        ------
        StoppedError
            If all is stopped.
        """
        if self.stop.wait(wait_s) if wait_s else self.stop.is_set():
            raise StoppedError


def new_session() -> requests.Session:
    """Open a session, which keeps its connection from file to file."""
    import requests

    session = requests.Session()
    session.headers["User-Agent"] = f"ectopy/{__version__}"
    session.headers["Accept-Encoding"] = "identity"  # ranges count bytes as they are stored
    return session


def get_text(session: requests.Session, url: str, patience: Patience, watch: Watch) -> str:
    """Fetch a small text.

    Raises
    ------
    UnreachableError
        If the server cannot be reached.
    DatasetError
        If it does not give the text.
    """

    def attempt() -> str:
        import requests

        try:
            with session.get(url, stream=True, timeout=patience.timeout_s) as answer:
                _check_status(answer, url)
                content = bytearray()
                for chunk in answer.iter_content(_CHUNK):
                    content += chunk
                    if len(content) > _MOST_TEXT:
                        raise DatasetError(f"{url} never ends; check the address")
        except requests.RequestException as error:
            raise _lost(error) from error
        return content.decode("utf-8", "replace")

    for tried in range(patience.tries):
        try:
            return attempt()
        except _TryAgainError as error:
            if tried + 1 >= min(patience.tries, _FIRST_TRIES if error.lost else patience.tries):
                raise _gave_up(url, error, tried + 1) from error
            watch.check(_wait_s(patience, tried, error))
    raise AssertionError("unreachable")


def download(
    session: requests.Session,
    url: str,
    path: str,
    target: Path,
    sha256: str,
    patience: Patience,
    watch: Watch,
) -> None:
    """Fetch one file.

    What came in before the connection broke stays beside `target` as ``.NAME.part``, also from
    one run to the next, and the server is asked for the rest only. A part that turns out to be
    of other content is thrown away.

    Parameters
    ----------
    session
        Of this thread.
    url
        Its address.
    path
        Its path in the data set.
    target
        Where it belongs; it appears there only with the right checksum.
    sha256
        That checksum.
    patience, watch
        How long to try, whom to tell.

    Raises
    ------
    UnreachableError
        If the server cannot be reached.
    DatasetError
        If the server does not have the file, or sends other bytes than those published.
    OutputError
        If it cannot be written.
    StoppedError
        If all is stopped.
    """
    part = target.with_name(f".{target.name}.part")
    furthest = _size(part)
    watch.held(furthest)
    failures = wrong = 0
    while True:
        watch.check()
        try:
            _get_rest(session, url, path, part, patience, watch)
        except _TryAgainError as error:
            got_on = _size(part) > furthest
            furthest = max(furthest, _size(part))
            failures = 0 if got_on else failures + 1
            if failures >= patience.tries:
                raise _gave_up(url, error, patience.tries) from error
            watch.check(_wait_s(patience, max(0, failures - 1), error))
            continue
        found = sha256_of(part)
        if found == sha256:
            _put(part, target)
            return
        watch.held(-_size(part))
        part.unlink()
        furthest, wrong = 0, wrong + 1
        if wrong >= patience.wrong:
            raise DatasetError(
                f"{url} has other bytes than published: SHA-256 {found} instead of {sha256}, "
                f"{wrong} times; try again later, or report it to the publisher"
            )
        watch.check(_wait_s(patience, wrong - 1))


def _get_rest(
    session: requests.Session, url: str, path: str, part: Path, patience: Patience, watch: Watch
) -> None:
    """Ask for what `part` lacks and append it; a server that sends all makes it begin anew."""
    import requests

    have = _size(part)
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with session.get(url, headers=headers, stream=True, timeout=patience.timeout_s) as answer:
            if have and answer.status_code == 416:
                return  # nothing is left to ask for; the checksum tells whether it is all right
            _check_status(answer, url)
            resumed = have and answer.status_code == 206 and _first_byte(answer) == have
            if answer.status_code == 206 and not resumed:
                watch.held(-have)
                _remove(part)
                raise _TryAgainError("it sends another range than it was asked for")
            if have and not resumed:
                watch.held(-have)
            kept = have if resumed else 0
            length = answer.headers.get("Content-Length", "")
            if length.isdecimal():
                watch.size(path, kept + int(length))
            with _opened(part, append=bool(resumed)) as stream:
                for chunk in answer.iter_content(_CHUNK):
                    watch.check()
                    _write(stream, chunk, part)
                    watch.moved(len(chunk))
    except requests.RequestException as error:
        raise _lost(error) from error


def _check_status(answer: requests.Response, url: str) -> None:
    status = answer.status_code
    if status in _BUSY:
        after = answer.headers.get("Retry-After", "")
        raise _TryAgainError(
            f"it answers {status} {answer.reason}", float(after) if after.isdecimal() else 0.0
        )
    if status == 404:
        raise DatasetError(
            f"{url} is not there (404); check the address, or whether the publisher has moved it"
        )
    if status not in (200, 206):
        raise DatasetError(f"{url} cannot be fetched: it answers {status} {answer.reason}")


def _first_byte(answer: requests.Response) -> int:
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _lost(error: requests.RequestException) -> _TryAgainError:
    import requests

    if isinstance(error, requests.Timeout):
        return _TryAgainError("it does not answer in time", lost=True)
    if isinstance(error, requests.TooManyRedirects):
        raise DatasetError(
            "the server leads from one address to the next without end; check the address, or "
            "name another one with --from"
        ) from error
    if isinstance(error, ValueError):
        raise DatasetError(
            f"the address is wrong: {error}; give one such as https://physionet.org/files"
        ) from error
    return _TryAgainError(_reason(error), lost=True)


def _reason(error: BaseException) -> str:
    """Give the innermost cause of a lost connection in a few words."""
    reason = "the connection was lost"
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        if isinstance(inner, OSError) and inner.strerror:
            reason = inner.strerror[0].lower() + inner.strerror[1:]
        inner = inner.__cause__ or inner.__context__
    return reason


def _gave_up(url: str, error: _TryAgainError, tries: int) -> DatasetError:
    tried = f"{tries} tries" if tries > 1 else "one try"
    if error.lost:
        return UnreachableError(
            f"{url} could not be fetched in {tried}: {error}; check the network and run the same "
            "command again, it goes on where it stopped"
        )
    return DatasetError(f"{url} could not be fetched in {tried}: {error}; try again later")


def is_reachable(session: requests.Session, url: str, patience: Patience) -> bool:
    """Whether a server answers, whatever it says."""
    import requests

    try:
        with session.get(url, stream=True, timeout=patience.timeout_s):
            return True
    except requests.RequestException:
        return False


def _wait_s(patience: Patience, tried: int, error: _TryAgainError | None = None) -> float:
    wait = patience.first_wait_s * float(2 ** min(tried, 16))
    return min(max(wait, error.wait_s if error else 0.0), patience.longest_wait_s)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _opened(part: Path, *, append: bool) -> BinaryIO:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        return part.open("ab" if append else "wb")
    except OSError as error:
        raise _no_room(part, error) from error


def _write(stream: BinaryIO, chunk: bytes, part: Path) -> None:
    try:
        stream.write(chunk)
        stream.flush()
    except OSError as error:
        raise _no_room(part, error) from error


def _put(part: Path, target: Path) -> None:
    try:
        part.replace(target)
    except OSError as error:
        raise _no_room(target, error) from error


def _remove(part: Path) -> None:
    try:
        part.unlink(missing_ok=True)
    except OSError as error:
        raise _no_room(part, error) from error


def _no_room(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write {path}: {error.strerror or error}; make room, or choose another folder with "
        "-o, and run the same command again"
    )
