"""POST /audio_to_blendshapes, as LocalAPI's clients call it, and with what is no sound."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from starlette.testclient import TestClient

from tests.web.conftest import error_of, speech_bytes, voice, wav_bytes
from visaged.curves import INDEX
from visaged.web import uploads
from visaged.web.context import WebContext

URL = "/audio_to_blendshapes"


def test_a_sound_is_rows_of_68_at_60_fps(client: TestClient) -> None:
    answer = client.post(URL, content=speech_bytes(1.5))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    rows = np.array(body["blendshapes"])
    assert rows.shape == (90, 68)
    assert (body["num_frames"], body["frame_rate"], body["solver"]) == (90, 60, "energy")
    assert rows[:, INDEX["JawOpen"]].max() > 0.1
    np.testing.assert_allclose(rows[:, 61:].sum(axis=1), 1.0, atol=1e-4)


def test_the_same_sound_is_remembered_and_other_wishes_are_another_answer(client: TestClient) -> None:
    sound = wav_bytes()
    first, again = client.post(URL, content=sound), client.post(URL, content=sound)
    other = client.post(URL, params={"lookahead_ms": 0}, content=sound)
    assert [answer.headers["x-cache"] for answer in (first, again, other)] == ["miss", "hit", "miss"]
    assert first.content == again.content
    stats = client.get("/cache/stats").json()
    assert (stats["entries"], stats["hits"], stats["misses"]) == (2, 1, 2)
    assert client.delete("/cache").json() == {"entries": 2}
    assert client.post(URL, content=sound).headers["x-cache"] == "miss"


def test_without_emotions_there_are_61_columns(client: TestClient) -> None:
    body = client.post(URL, params={"emotions": "false"}, content=wav_bytes(0.1)).json()
    assert {len(row) for row in body["blendshapes"]} == {61}


def test_the_trained_solver_is_the_default_and_can_be_asked_for(client: TestClient) -> None:
    body = client.post(URL, params={"solver": "lipsync"}, content=wav_bytes(0.2)).json()
    assert body["solver"] == "lipsync"


@pytest.mark.parametrize("form", ["FLAC", "OGG"])
def test_any_sound_the_box_reads(client: TestClient, form: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, voice(0.5), 16_000, format=form)
    assert client.post(URL, content=file.getvalue()).json()["num_frames"] == pytest.approx(30, abs=1)


def test_raw_samples_are_taken_as_the_original_does(client: TestClient) -> None:
    """NeuroSync_Player sends what its voice service gives: 16-bit PCM at 22,050 Hz, as application/octet-stream."""
    raw = (voice(1.0, 22_050) * 32_767).astype("<i2").tobytes()
    headers = {"Content-Type": "application/octet-stream"}
    assert client.post(URL, content=raw, headers=headers).json()["num_frames"] == 60


def test_raw_samples_of_another_rate_are_declared(client: TestClient) -> None:
    raw = (voice(0.5, 48_000) * 32_767).astype("<i2").tobytes()
    body = client.post(URL, params={"rate_hz": 48_000, "channels": 2}, content=raw).json()
    assert body["num_frames"] == 15


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"<html><body>404</body></html>" * 50, "web page"),
        (b"just a few words about nothing at all\n" * 50, "cannot be read"),
        (np.random.default_rng(1).bytes(9000), "cannot be read"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "PNG"),
        (wav_bytes()[:44], "no sound"),
        (bytes(5000), "zeros"),
        (b"\0", "zeros"),
    ],
)
def test_what_is_no_sound_is_refused(client: TestClient, content: bytes, word: str) -> None:
    error = error_of(client.post(URL, content=content), 422)
    assert error["code"] == "invalid"
    assert word in error["message"]
    assert "/" not in error["message"].replace("w/", ""), "no path of this box"


def test_an_empty_body_is_malformed(client: TestClient) -> None:
    assert error_of(client.post(URL, content=b""), 400)["code"] == "malformed"


def test_samples_that_are_not_numbers_are_silence(client: TestClient) -> None:
    sound = voice(0.5).astype(np.float32)
    sound[1000:3000] = np.nan
    file = io.BytesIO()
    soundfile.write(file, sound, 16_000, format="WAV", subtype="FLOAT")
    body = client.post(URL, content=file.getvalue()).json()
    assert np.isfinite(np.array(body["blendshapes"], float)).all()
    assert any("not numbers" in notice for notice in body["notices"])


def test_two_hours_are_too_long(client: TestClient) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(4000 * 7200, np.int16), 4000, format="FLAC")
    error = error_of(client.post(URL, content=file.getvalue()), 413)
    assert error["code"] == "too_large"
    assert "10 minutes" in error["message"]


def test_a_body_over_the_limit_is_refused_by_its_length(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_SOUND_BYTES", 10_000)
    assert error_of(client.post(URL, content=bytes(10_001)), 413)["code"] == "too_large"

    def pieces() -> object:
        for _ in range(20):
            yield bytes(1000)

    assert error_of(client.post(URL, content=pieces()), 413)["code"] == "too_large"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"solver": "psychic"}, "solver"), ({"lookahead_ms": 41}, "lookahead_ms"), ({"rate_hz": 1}, "rate_hz")],
)
def test_a_wrong_wish_names_its_field(client: TestClient, query: dict[str, str], field: str) -> None:
    error = error_of(client.post(URL, params=query, content=wav_bytes(0.1)), 422)
    assert (error["code"], error["field"]) == ("invalid", field)


def test_a_solver_without_its_package_is_unavailable(client: TestClient) -> None:
    error = error_of(client.post(URL, params={"solver": "neurosync"}, content=wav_bytes(0.5)), 503)
    assert error["code"] == "unavailable"


def test_nothing_is_left_behind(client: TestClient, context: WebContext) -> None:
    client.post(URL, content=wav_bytes(0.1))
    client.post(URL, content=b"nothing that sounds, " * 40)
    client.post(URL, params={"lookahead_ms": 5}, content=wav_bytes(0.1))
    assert context.uploads.used_bytes() == 0
