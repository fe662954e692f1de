"""Who gets in: names, origins, rates, passwords, tokens."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.web.conftest import BASE, error_of, wav_bytes
from visaged.web.app import create_app
from visaged.web.auth import guard
from visaged.web.auth.scopes import Scope
from visaged.web.auth.tokens import Tokens
from visaged.web.context import WebContext
from visaged.web.listening import Opened

WORD = "correct horse"


@pytest.fixture
def far(context: WebContext) -> Iterator[TestClient]:
    """A program on another machine, with a box that has a password."""
    context.passwords.set(WORD)
    listener = socket.socket()
    context.listening_on = Opened(listener, loopback=False, url="https://box")
    with TestClient(create_app(context), base_url="https://192.0.2.7:8880", client=("192.0.2.9", 50_000)) as asking:
        yield asking
    listener.close()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8880", "127.0.0.1.evil.example", "", "a@127.0.0.1"])
def test_a_name_that_is_not_the_boxs_is_refused(client: TestClient, host: str) -> None:
    assert error_of(client.get("/health", headers={"Host": host}), 403)["field"] == "Host"


@pytest.mark.parametrize("host", ["127.0.0.1:8880", "localhost:8880", "LOCALHOST", "[::1]:8880", "10.0.0.3"])
def test_addresses_and_the_boxs_names_are_let_in(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8880"])
def test_a_page_of_another_site_changes_nothing(client: TestClient, origin: str) -> None:
    answer = client.post("/commands/face.release", headers={"Origin": origin})
    assert error_of(answer, 403)["code"] == "forbidden"


def test_a_page_of_another_site_does_not_watch(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stream/face", headers={"Origin": "http://x.y"}):
        pass


def test_its_own_page_may_command(client: TestClient) -> None:
    assert client.post("/commands/face.release", headers={"Origin": BASE}).status_code == 200


def test_a_flood_is_answered_with_busy(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "PER_SECOND", 3)
    answers = [client.get("/session") for _ in range(40)]
    busy = [answer for answer in answers if answer.status_code == 429]
    assert busy
    assert busy[0].headers["retry-after"] == "1"


def test_a_stranger_gets_nothing(far: TestClient) -> None:
    assert far.get("/session").json() == {"name": "nobody", "scopes": [], "csrf": None, "password_set": True}
    for method, url in (("GET", "/health"), ("POST", "/commands/face.release"), ("GET", "/cache/stats")):
        answer = far.request(method, url)
        assert error_of(answer, 401)["code"] == "unauthorized"
        assert answer.headers["www-authenticate"] == "Bearer"
    assert error_of(far.post("/audio_to_blendshapes", content=wav_bytes(0.1)), 401)
    assert error_of(far.post("/password", json={"password": "another one"}), 403)


def test_a_password_on_loopback_is_asked_for_there_too(context: WebContext, client: TestClient) -> None:
    assert client.post("/password", json={"password": WORD}).status_code == 204
    assert error_of(client.get("/health"), 401)
    assert context.passwords.check(WORD)


def test_a_session_needs_its_cookie_and_for_changes_its_csrf_value(far: TestClient) -> None:
    answer = far.post("/login", json={"password": WORD})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" in cookie
    assert far.get("/health").status_code == 200
    assert error_of(far.post("/commands/face.release"), 403)["field"] == "X-CSRF-Token"
    headers = {"X-CSRF-Token": answer.json()["csrf"]}
    assert far.post("/commands/face.release", headers=headers).status_code == 200
    assert far.post("/logout", headers=headers).status_code == 204
    assert error_of(far.get("/health"), 401)


def test_wrong_passwords_are_slowed_down(far: TestClient) -> None:
    tries = [far.post("/login", json={"password": f"wrong {number}"}) for number in range(8)]
    assert [answer.status_code for answer in tries[:5]] == [401] * 5
    assert tries[5].status_code == 429
    answer = far.post("/login", json={"password": WORD})
    assert error_of(answer, 429)["code"] == "busy", "the right one waits, too"
    assert int(answer.headers["retry-after"]) >= 1


def test_a_token_may_do_what_it_was_made_for(far: TestClient, context: WebContext) -> None:
    secret = Tokens(context.state_folder).add("kiosk", (Scope.FACE,), 30)
    headers = {"Authorization": f"Bearer {secret}"}
    assert far.post("/commands/face.release", headers=headers).status_code == 200
    assert error_of(far.get("/health", headers=headers), 403)["code"] == "forbidden"
    assert error_of(far.post("/commands/restart", headers=headers), 403)
    assert error_of(far.post("/password", json={"password": "another one"}, headers=headers), 403)
    assert Tokens(context.state_folder).revoke("kiosk")
    assert error_of(far.post("/commands/face.release", headers=headers), 401)["field"] == "Authorization"


def test_guessing_tokens_is_slowed_down(far: TestClient) -> None:
    tries = [far.get("/health", headers={"Authorization": f"Bearer vis_{number}"}) for number in range(7)]
    assert [answer.status_code for answer in tries] == [401] * 5 + [429] * 2
