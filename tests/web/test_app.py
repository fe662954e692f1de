"""The root, health, commands, and the form of errors."""

from __future__ import annotations

import json
import re

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import FakeDaemon, error_of
from visaged.control.protocol.commands import COMMANDS
from visaged.web.errors import HttpRefusal


def test_a_program_gets_the_list_of_calls_and_a_browser_the_page(client: TestClient) -> None:
    listed = client.get("/").json()
    assert {"message", "name", "version", "endpoints"} <= set(listed)
    assert "POST /audio_to_blendshapes" in listed["endpoints"]
    page = client.get("/", headers={"Accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert "/static/page/page.js" in page.text


def test_nothing_comes_from_elsewhere_and_no_script_is_inline(client: TestClient) -> None:
    page = client.get("/", headers={"Accept": "text/html"})
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    for url in ("/", "/docs"):
        text = client.get(url, headers={"Accept": "text/html"}).text
        assert not re.search(r"(src|href)=.(https?:|//)", text)
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=", text)


@pytest.mark.parametrize(
    "path", ["/static/../main.py", "/static/%2e%2e/main.py", "/static/..%2fmain.py", "/static//etc"]
)
def test_no_file_outside_its_folder_is_served(client: TestClient, path: str) -> None:
    assert error_of(client.get(path), 404)["code"] == "not_found"


def test_health_says_whether_the_face_moves(client: TestClient, daemon: FakeDaemon) -> None:
    assert client.get("/health").json()["status"] == "operational"
    detailed = client.get("/health/detailed").json()
    assert detailed["state"] == "online"
    assert detailed["jobs"] == {"running": 0, "waiting": 0}
    daemon.answers["health.get"] = HttpRefusal("unavailable", "no visaged is running")
    assert client.get("/health").json()["status"] == "degraded"
    assert error_of(client.get("/health/detailed"), 503)["code"] == "unavailable"


def test_every_command_is_a_call_with_its_example(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for name, command in COMMANDS.items():
        body = paths[f"/commands/{name}"]["post"]["requestBody"]["content"]["application/json"]
        assert body["example"].items() <= json.loads(command.example).items()


def test_a_command_reaches_the_daemon_and_its_data_come_back(client: TestClient, daemon: FakeDaemon) -> None:
    answer = client.post("/commands/face.set", json={"curves": {"JawOpen": 0.4}, "transaction": "t1"})
    assert answer.json() == {"curves": ["JawOpen"]}
    assert daemon.asked == [("face.set", {"curves": {"JawOpen": 0.4}, "transaction": "t1"})]


@pytest.mark.parametrize(
    ("content", "status", "expected"),
    [
        (b'{"curves": {"JawOpens": 1}}', 422, ("invalid", "curves")),
        (b'{"curves": {"JawOpen": NaN}}', 400, ("malformed", "curves.JawOpen")),
        (b"{", 400, ("malformed", None)),
        (b"[]", 400, ("malformed", None)),
        (b"\xff", 400, ("malformed", None)),
        (b"{}", 422, ("invalid", "curves")),
        (b'{"curves": {"JawOpen": 1}, "shout": 1}', 422, ("invalid", "shout")),
        (b" " * 1_000_000, 413, ("too_large", None)),
    ],
)
def test_what_is_wrong_with_a_command_is_said_before_the_daemon_is_asked(
    client: TestClient, daemon: FakeDaemon, content: bytes, status: int, expected: tuple[str, str | None]
) -> None:
    error = error_of(client.post("/commands/face.set", content=content), status)
    assert (error["code"], error["field"]) == expected
    assert daemon.asked == []


def test_an_unknown_command_names_those_that_there_are(client: TestClient) -> None:
    error = error_of(client.post("/commands/face.explode"), 404)
    assert error["code"] == "unknown_command"
    assert "face.set" in error["message"]


def test_a_call_that_is_none_and_a_wrong_method_have_the_same_form(client: TestClient) -> None:
    assert error_of(client.get("/nowhere%1b[2J"), 404)["code"] == "not_found"
    assert error_of(client.put("/health"), 405)["code"] == "malformed"
