from __future__ import annotations

import os
from pathlib import Path

import pytest

from visaged.capsules.library.own_tables import OwnTables

GOOD = "[profiles.calm]\n"


def test_a_file_that_turns_bad_counts_as_it_was_and_one_that_was_never_good_does_not(tmp_path: Path) -> None:
    calm, never = tmp_path / "calm.toml", tmp_path / "never.toml"
    calm.write_text(GOOD)
    never.write_text("[profiles.Never]")
    own = OwnTables()
    assert [list(tables.profiles) for tables in own.read([calm, never])] == [["calm"]]
    assert len(own.faults) == 1 and "never.toml" in own.faults[0] and "before" not in own.faults[0]

    calm.write_text("[profiles.calm]\ntitle = 5")
    assert [list(tables.profiles) for tables in own.read([calm, never])] == [["calm"]]
    assert "profiles.calm.title" in own.faults[0] and "as it was before" in own.faults[0]

    calm.write_text("[profiles.calmer]")
    assert [list(tables.profiles) for tables in own.read([calm])] == [["calmer"]]
    assert not own.faults


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    calm = tmp_path / "calm.toml"
    calm.write_text(GOOD)
    own = OwnTables()
    own.read([calm])
    assert own.read([]) == []
    calm.write_text("nonsense")
    assert own.read([calm]) == []


@pytest.mark.parametrize("kind", ["pipe", "folder", "large"])
def test_what_is_no_table_is_a_fault_and_nobody_waits_for_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"#" * (8 << 20))
    own = OwnTables()
    assert own.read([path]) == []
    assert "odd.toml" in own.faults[0]
