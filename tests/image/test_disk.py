"""The disk image: read back by the tools that know its parts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from image.disk import BIOS, BOOT, DATA, EFI, PARTITIONS, SECTOR, SLOT_A, ImageError, make_disk, offset_of
from image.grub import bios_boot_code

_TOOLS = ("sfdisk", "mke2fs", "debugfs", "mkfs.vfat", "mcopy", "grub-mkimage")
_GRUB = Path("/usr/lib/grub")
_missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
_missing += [name for name in ("i386-pc", "x86_64-efi") if not (_GRUB / name).is_dir()]

pytestmark = pytest.mark.skipif(bool(_missing), reason=f"there is no {', '.join(_missing)} (./setup.sh image)")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("disk")
    (folder / "root").write_bytes(b"the root" * 1000)
    (folder / "data" / "etc").mkdir(parents=True)
    (folder / "data" / "etc" / "seed").write_text("seed")
    make_disk(folder / "root", folder / "box.img", folder / "data")
    return folder / "box.img"


def test_the_table_is_as_planned(disk: Path) -> None:
    dumped = subprocess.run(["sfdisk", "--json", str(disk)], capture_output=True, check=True).stdout
    found = json.loads(dumped)["partitiontable"]["partitions"]
    assert [entry["name"] for entry in found] == [partition.label for partition in PARTITIONS]
    assert [entry["start"] * SECTOR for entry in found] == [offset_of(partition) for partition in PARTITIONS]


def test_the_root_lies_in_slot_a(disk: Path) -> None:
    with disk.open("rb") as file:
        file.seek(offset_of(SLOT_A))
        assert file.read(8000) == b"the root" * 1000


def test_data_and_boot_hold_their_files(disk: Path, tmp_path: Path) -> None:
    for partition, name, begins in (
        (DATA, "/etc/seed", "seed"),
        (BOOT, "/grubenv", "# GRUB Environment Block\nORDER=A B"),
    ):
        part = tmp_path / partition.label
        with disk.open("rb") as file:
            file.seek(offset_of(partition))
            part.write_bytes(file.read(partition.mib << 20))
        command = ["debugfs", "-R", f"cat {name}", str(part)]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith(begins)


def test_the_efi_partition_starts_grub_and_can_be_read_on_windows(disk: Path) -> None:
    command = ["mtype", "-i", f"{disk}@@{offset_of(EFI)}"]
    assert subprocess.run([*command, "::EFI/BOOT/BOOTX64.EFI"], capture_output=True, check=True).stdout[:2] == b"MZ"
    assert b"visaged.toml" in subprocess.run([*command, "::README.TXT"], capture_output=True, check=True).stdout


def test_the_first_sector_knows_where_the_core_is_and_the_core_where_it_goes_on(disk: Path) -> None:
    content = disk.open("rb").read(offset_of(BIOS) + SECTOR)
    assert content[510:512] == b"\x55\xaa"
    assert int.from_bytes(content[0x5C:0x64], "little") * SECTOR == offset_of(BIOS)
    first, core = bios_boot_code(2048)
    assert len(first) == 440 and len(core) <= BIOS.mib << 20
    assert int.from_bytes(core[500:508], "little") == 2049
    assert int.from_bytes(core[508:510], "little") == len(core) // SECTOR - 1


def test_a_root_that_is_too_large_is_refused_with_nothing_left(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with root.open("wb") as file:
        file.truncate((SLOT_A.mib << 20) + 1)
    with pytest.raises(ImageError, match="768"):
        make_disk(root, tmp_path / "box.img")
    assert [path.name for path in tmp_path.iterdir()] == ["root"]
