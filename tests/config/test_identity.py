from __future__ import annotations

import re
import uuid
from pathlib import Path

from visaged.config.identity import default_device_id, livelink_device_id


def test_the_device_id_follows_the_machine_and_does_not_show_its_id(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("0123456789abcdef0123456789abcdef\n")
    other.write_text("f123456789abcdef0123456789abcdef\n")
    assert default_device_id(one) == default_device_id(one) != default_device_id(other)
    assert re.fullmatch(r"box-[0-9a-f]{8}", default_device_id(one))
    assert "01234567" not in default_device_id(one)
    assert default_device_id(tmp_path / "none") == default_device_id(tmp_path / "none")


def test_the_live_link_id_is_a_stable_upper_case_uuid_per_box_and_subject() -> None:
    a = livelink_device_id("box-1", "left")
    assert a == livelink_device_id("box-1", "left") == str(uuid.UUID(a)).upper()
    assert len({a, livelink_device_id("box-1", "right"), livelink_device_id("box-2", "left")}) == 3
