from __future__ import annotations

from pathlib import Path

import pytest

from visaged.codec.up import echo_canceller
from visaged.config import Settings
from visaged.doctor.conversation import check


def findings(root: Path, **sections: dict[str, object]) -> dict[str, tuple[str, str, str]]:
    """Verdict, text and remedy by subject."""
    settings = Settings.model_validate(sections)
    return {found.subject: (found.verdict, found.text, found.remedy) for found in check(settings, [root])}


def test_where_nobody_asked_it_is_silent(tmp_path: Path) -> None:
    assert findings(tmp_path) == {}


def test_converse_without_leave_is_a_fault(tmp_path: Path) -> None:
    assert findings(tmp_path, device={"mode": "converse"})["converse"][0] == "fail"


def test_a_box_that_is_ready(mimi_root: Path) -> None:
    found = findings(mimi_root, codec={"enabled": True, "link": "udp://127.0.0.1:5004"})
    assert {verdict for verdict, _, _ in found.values()} == {"ok"}
    assert "8 codebooks" in found["codec encoder"][1]
    assert set(found) == {"codec link", "codec encoder", "codec decoder", "voice detector"}


@pytest.mark.parametrize(
    ("codec", "subject", "remedy"),
    [
        ({}, "codec link", "codec.link"),
        ({"link": "mqtt"}, "codec link", "Enable"),
        ({"link": "udp://no-such-host.invalid:5004"}, "codec link", "DNS"),
        ({"link": "mqtt"}, "codec decoder", "models import mimi"),
        ({"link": "udp://127.0.0.1:5004", "key_file": "/no/such/key"}, "codec link", "key"),
    ],
)
def test_what_is_missing_has_a_remedy(codec: dict[str, object], subject: str, remedy: str, tmp_path: Path) -> None:
    verdict, text, said = findings(tmp_path, codec={"enabled": True, **codec})[subject]
    assert verdict == "fail"
    assert text
    assert remedy in said


def test_a_link_that_others_could_talk_over(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    link = {"enabled": True, "link": "udp://192.0.2.7:5004"}
    assert findings(tmp_path, codec=link)["codec link"][0] == "warn"
    assert findings(tmp_path, codec=link | {"key_file": str(key)})["codec link"][0] == "ok"


def test_a_speaker_without_echo_cancelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo_canceller, "can_clean", lambda: False)
    output = {"output": {"backend": "alsa"}}
    found = findings(tmp_path, codec={"enabled": True}, audio=output)
    assert found["echo"][0] == "warn"
    found = findings(tmp_path, codec={"enabled": True, "echo": "cancel", "noise_suppression": True}, audio=output)
    assert (found["echo"][0], found["noise suppression"][0]) == ("fail", "fail")
