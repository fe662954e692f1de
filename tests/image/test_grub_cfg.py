"""Which slot grub.cfg starts: its script is run by bash, with GRUB's commands as functions."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from image.grub import environment

_CONFIG = Path(__file__).parents[2] / "image" / "grub.cfg"
_GRUB = r"""
set() { eval "${1%%=*}=\${1#*=}"; }
regexp() { disk=hd0; }
load_env() { :; }
save_env() { for name in "$@"; do eval "echo $name=\$$name"; done; }
linux() { echo "$*"; }
initrd() { :; }
boot() { exit 0; }
root=hd0,gpt3
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


def _start(**variables: str) -> tuple[str, dict[str, str]]:
    """(slot that is started, what is saved)."""
    given = "".join(f"{name}='{value}'\n" for name, value in variables.items())
    program = _GRUB + given + _CONFIG.read_text(encoding="utf-8")
    printed = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert printed.stderr == ""
    *saved, kernel = printed.stdout.splitlines()
    slot = kernel.partition("rauc.slot=")[2][0]
    assert f"root=PARTLABEL=visaged-{slot.lower()} " in kernel
    assert kernel.startswith(f"(hd0,gpt{'4' if slot == 'A' else '5'})/boot/vmlinuz ")
    return slot, dict(line.split("=", 1) for line in saved)


def test_a_new_box_and_a_spoilt_environment_start_a() -> None:
    slot, saved = _start()
    assert slot == "A" and saved["A_TRY"] == "1" and saved["ORDER"] == "A B"


@pytest.mark.parametrize(
    ("tries", "slot", "saved"), [("0", "A", "1"), ("1", "A", "2"), ("2", "A", "3"), ("3", "B", "3")]
)
def test_three_starts_without_proof_and_the_other_slot_has_its_turn(tries: str, slot: str, saved: str) -> None:
    started, kept = _start(ORDER="A B", A_OK="1", A_TRY=tries, B_OK="1", B_TRY="0")
    assert started == slot and kept["A_TRY"] == saved


def test_the_order_is_rauc_s() -> None:
    assert _start(ORDER="B A", A_OK="1", A_TRY="0", B_OK="1", B_TRY="0")[0] == "B"


def test_a_bad_slot_is_never_started_while_there_is_a_good_one() -> None:
    assert _start(ORDER="B A", A_OK="1", A_TRY="0", B_OK="0", B_TRY="0")[0] == "A"
    # Its only slot has used up its starts: it is tried on, not the bad one.
    assert _start(ORDER="B A", A_OK="1", A_TRY="3", B_OK="0", B_TRY="0")[0] == "A"


def test_a_box_never_stays_dark() -> None:
    slot, saved = _start(ORDER="B A", A_OK="1", A_TRY="3", B_OK="1", B_TRY="3")
    assert slot == "B" and saved["B_TRY"] == "1" and saved["A_TRY"] == "0"
    assert _start(ORDER="A B", A_OK="0", A_TRY="0", B_OK="0", B_TRY="0")[0] == "A"


@pytest.mark.skipif(shutil.which("grub-script-check") is None, reason="there is no GRUB (./setup.sh image)")
def test_grub_understands_it() -> None:
    subprocess.run(["grub-script-check", str(_CONFIG)], check=True)


@pytest.mark.skipif(shutil.which("grub-editenv") is None, reason="there is no GRUB (./setup.sh image)")
def test_grub_reads_the_environment(tmp_path: Path) -> None:
    block = environment({"ORDER": "A B", "A_OK": "1"})
    assert len(block) == 1024
    (tmp_path / "grubenv").write_bytes(block)
    listed = subprocess.run(
        ["grub-editenv", str(tmp_path / "grubenv"), "list"], capture_output=True, text=True, check=True
    )
    assert listed.stdout.split("\n")[:2] == ["ORDER=A B", "A_OK=1"]
