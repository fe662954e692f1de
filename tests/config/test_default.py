from __future__ import annotations

import re
from pathlib import Path

from visaged.config import Settings
from visaged.config.default import default_toml, to_toml
from visaged.config.load import load

DEFAULTS = Settings.model_validate({})


def test_the_default_file_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "visaged.toml"
    path.write_text(default_toml())
    assert load(path) == DEFAULTS


def test_every_line_of_the_default_file_can_be_uncommented(tmp_path: Path) -> None:
    lines = default_toml().splitlines()
    keys = [line[2:] if re.match(r"# \w+ = (?!\(not set\))", line) else line for line in lines]
    assert sum(line != key for line, key in zip(lines, keys, strict=True)) > 30
    path = tmp_path / "visaged.toml"
    path.write_text("\n".join(keys))
    assert load(path) == DEFAULTS


def test_what_is_in_effect_can_be_written_and_read_back(tmp_path: Path) -> None:
    settings = load(
        None, ["face.scale.brows=0.6", "livelink.fps=30000/1001", "animation.seed=4", "device.groups=['a']"]
    )
    path = tmp_path / "visaged.toml"
    path.write_text(to_toml(settings))
    assert load(path) == settings
