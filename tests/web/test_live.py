"""Beats while samples come in, over a WebSocket and as the answer to a request that goes on."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import numpy as np
import pytest
from serving import PATIENCE_S, Server, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from ectopy.simulate import simulate
from ectopy.stream import replay
from ectopy.web.routes.stream import LARGEST_MESSAGE, MOST_STREAMS

RECORDING = simulate(20, 250, seed=3)
SETTINGS = {"fs": 250, "leads": list(RECORDING.leads)}
SAMPLES = RECORDING.signal.astype("<f4").tobytes()
TOKEN = {"Authorization": "Bearer right"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(None, upload_limit=1000) as running:
        yield running


@contextmanager
def opened(server: Server, host: str = "127.0.0.1", **headers: str) -> Iterator[ClientConnection]:
    with (
        socket.create_connection(("127.0.0.1", server.port)) as line,
        connect(
            f"ws://{host}:{server.port}/api/stream",
            sock=line,
            additional_headers=TOKEN | headers,
            compression=None,
        ) as channel,
    ):
        yield channel


def expected() -> list[int]:
    return replay(RECORDING).beats.sample.tolist()


def told(server: Server, *messages: str | bytes) -> list[dict[str, Any]]:
    """Send messages and give all that comes back until the server closes."""
    lines = []
    with opened(server) as channel, suppress(ConnectionClosed):
        with suppress(ConnectionClosed):
            for message in messages:
                channel.send(message)
        while True:
            lines.append(json.loads(channel.recv()))
    return lines


def test_a_websocket_gives_the_beats_of_the_live_path(server: Server) -> None:
    blocks = [SAMPLES[at : at + 1001] for at in range(0, len(SAMPLES), 1001)]
    lines = told(server, json.dumps(SETTINGS), *blocks, '{"end": true}')
    assert lines[0]["type"] == "stream"
    assert lines[0]["warning"] == "not a medical device"
    assert [line["sample"] for line in lines if line["type"] == "beat"] == expected()
    assert lines[-1]["beats"] == len(expected())
    assert lines[-1]["n_samples"] == RECORDING.n_samples


def test_beats_come_back_while_samples_still_go_out(server: Server) -> None:
    with opened(server) as channel:
        channel.send(json.dumps(SETTINGS))
        assert json.loads(channel.recv())["type"] == "stream"
        channel.send(SAMPLES[: 5 * 250 * 8])
        assert json.loads(channel.recv())["type"] == "beat"


def test_text_gaps_and_rates(server: Server) -> None:
    text = "\n".join(f"{a:.4f} {b:.4f}" for a, b in RECORDING.signal)
    lines = told(
        server,
        json.dumps({"fs": 250, "format": "text"}),
        text,
        '{"gap": 2}',
        text,
        '{"fs": 500}',
        '{"end": true}',
    )
    assert lines[0]["leads"] == ["1", "2"]
    assert [line["reason"] for line in lines if line["type"] == "bad"] == ["missing"]
    assert lines[-1]["n_samples"] == 2 * RECORDING.n_samples + 500
    after = next(line for line in lines if line.get("sample", 0) > RECORDING.n_samples)
    assert after["rr_s"] is None


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        (["nonsense"], "the first message"),
        ([json.dumps({"fs": 20})], "20 Hz"),
        ([json.dumps({"fs": 250, "leads": []})], "leads"),
        ([json.dumps({"fs": 250, "format": "mp3"})], "mp3"),
        ([json.dumps({"fs": 250, "model": "none such"})], "none such"),
        ([json.dumps({"fs": 250, "colour": "red"})], "colour"),
        ([json.dumps(SETTINGS), "1 2"], "binary"),
        ([json.dumps(SETTINGS), '{"gap": -1}'], "gap"),
        ([json.dumps(SETTINGS), '{"gap": '], "JSON"),
        ([json.dumps(SETTINGS), '{"fs": "x"}'], "JSON"),
        ([json.dumps(SETTINGS), b"\x00\x00\x80\x7f" * 2], "sample 0"),
        ([json.dumps({"fs": 250, "format": "text"}), "1 2\n3"], "line 2"),
        ([json.dumps(SETTINGS), bytes(LARGEST_MESSAGE + 1)], "at most"),
    ],
    ids=lambda value: None if isinstance(value, list) else value,
)
def test_what_cannot_be_taken_is_told_and_closes(
    server: Server, messages: list[str | bytes], says: str
) -> None:
    assert says in told(server, *messages)[-1]["error"]


def test_only_so_many_streams_run(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(MOST_STREAMS):
            channel = stack.enter_context(opened(server))
            channel.send(json.dumps(SETTINGS))
            assert json.loads(channel.recv())["type"] == "stream"
        assert "streams run already" in told(server, json.dumps(SETTINGS))[-1]["error"]
        query = "/api/stream?fs=250&format=float32&leads=II,V1"
        assert server.api.post(query, content=SAMPLES).status_code == 409
    until = time.monotonic() + PATIENCE_S
    while told(server, json.dumps(SETTINGS), SAMPLES, '{"end": true}')[-1]["type"] != "end":
        assert time.monotonic() < until


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=lambda headers: " ".join(f"{k}={v}" for k, v in headers.items()),
)
def test_a_websocket_is_guarded_as_all_else(server: Server, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused, opened(server, **headers):
        pass
    assert refused.value.response.status_code == 403


def test_our_own_page_may_open_a_websocket(server: Server) -> None:
    headers = {"Origin": server.base, "Sec-Fetch-Site": "same-origin"}
    with opened(server, **headers) as channel:
        channel.send(json.dumps(SETTINGS))
        assert json.loads(channel.recv())["type"] == "stream"


def pieces() -> Iterator[bytes]:
    for at in range(0, len(SAMPLES), 3001):
        yield SAMPLES[at : at + 3001]


def test_a_request_of_any_length_is_answered_line_by_line(server: Server) -> None:
    query = {"fs": 250, "format": "float32", "leads": "II,V1"}
    with server.api.stream("POST", "/api/stream", params=query, content=pieces()) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert [line["sample"] for line in lines if line["type"] == "beat"] == expected()
    assert lines[-1]["reason"] == "end of input"


def test_what_was_found_before_a_bad_line_is_told(server: Server) -> None:
    text = "\n".join(f"{value:.4f}" for value in RECORDING.signal[:2000, 0]) + "\nbad\n"
    answer = server.api.post("/api/stream?fs=250", content=text.encode())
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert "line 2001" in lines[-1]["error"]
    beats = [line["sample"] for line in lines if line["type"] == "beat"]
    assert len(beats) > 5
    assert np.isin(beats, expected()).all()


def test_settings_that_cannot_be_are_refused(server: Server) -> None:
    for query, says in (
        ("fs=20&leads=II", "20 Hz"),
        ("fs=abc", "fs"),
        ("fs=250&format=mp3", "mp3"),
        ("fs=250&model=none", "none"),
        ("fs=250&leads=I,I", "different"),
    ):
        answer = server.api.post(f"/api/stream?{query}", content=b"")
        assert answer.status_code == 422
        assert says in answer.json()["error"]
    other = {"Origin": "https://evil.example"}
    assert server.api.post("/api/stream?fs=250", headers=other).status_code == 403
    assert httpx.post(f"{server.base}/api/stream?fs=250").status_code == 401
