"""Assembles the disk image of a PC: ``python -m image.disk ROOT.squashfs OUT.img [--data FOLDER]``.

GPT: 1 GRUB's core (BIOS), 2 EFI (FAT), 3 boot (grub.cfg and the environment that RAUC and GRUB share), 4 and 5 the
slots, 6 data. Every part is written at its offset into a sparse file: no mounts, no loop devices, no root.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from image.grub import bios_boot_code, efi_program, environment

SECTOR: Final = 512
_MIB: Final = 1 << 20
HERE: Final = Path(__file__).parent


class ImageError(Exception):
    """The image cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Partition:
    """One entry of the GPT. sfdisk's names of types: see ``sfdisk --list-types``."""

    label: str
    mib: int
    type: str


# Root file systems are some 300 MiB; the next Debian will be larger. Data takes the rest of the disk at first start.
BIOS, EFI, BOOT, SLOT_A, SLOT_B, DATA = PARTITIONS = (
    Partition("visaged-bios", 1, "21686148-6449-6E6F-744E-656564454649"),
    Partition("visaged-efi", 64, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"),
    Partition("visaged-boot", 16, "BC13C2FF-59E6-4262-A352-B275FD6F7172"),
    Partition("visaged-a", 768, "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"),
    Partition("visaged-b", 768, "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"),
    Partition("visaged-data", 256, "0FC63DAF-8483-4772-8E79-3D69D8477DE4"),
)


# Slot B is empty until the first update. RAUC wants all of them to be there.
_ENVIRONMENT: Final = {"ORDER": "A B", "A_OK": "1", "A_TRY": "0", "B_OK": "0", "B_TRY": "0"}


def offset_of(partition: Partition) -> int:
    """Where it begins, in bytes; the first MiB holds the table."""
    before = PARTITIONS[: PARTITIONS.index(partition)]
    return (1 + sum(other.mib for other in before)) * _MIB


def make_disk(root: Path, out: Path, data: Path | None = None) -> None:
    """Write ``out`` with ``root`` in slot A. ``data``: what the data partition holds at first. Raises ImageError."""
    if root.stat().st_size > SLOT_A.mib * _MIB:
        raise ImageError(
            f"{root} has {root.stat().st_size >> 20} MiB, a slot takes {SLOT_A.mib}: make the slots larger"
        )
    part = out.with_name(out.name + ".part")
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        work = Path(folder)
        _write_table(part)
        boot = work / "boot"
        boot.mkdir()
        shutil.copy(HERE / "grub.cfg", boot / "grub.cfg")
        (boot / "grubenv").write_bytes(environment(_ENVIRONMENT))
        _put(part, _ext4(work / "boot.img", BOOT, boot), BOOT)
        _put(part, _fat(work / "efi.img", work), EFI)
        _put(part, root, SLOT_A)
        _put(part, _ext4(work / "data.img", DATA, data), DATA)
        first, core = bios_boot_code(offset_of(BIOS) // SECTOR)
        with part.open("r+b") as disk:
            disk.write(first)
            disk.seek(offset_of(BIOS))
            disk.write(core)
    part.replace(out)


def _write_table(disk: Path) -> None:
    total = 2 + sum(partition.mib for partition in PARTITIONS)
    with disk.open("wb") as file:
        file.truncate(total * _MIB)
    lines = ["label: gpt", "first-lba: 2048"]
    lines += [f"size={p.mib}MiB, type={p.type}, name={p.label}" for p in PARTITIONS]
    _run(["sfdisk", "--quiet", str(disk)], "\n".join(lines) + "\n")


def _ext4(image: Path, partition: Partition, content: Path | None) -> Path:
    command = ["mke2fs", "-q", "-t", "ext4", "-L", partition.label, "-E", "root_owner=0:0", "-m", "1"]
    if content is not None:
        command += ["-d", str(content)]
    _run([*command, str(image), f"{partition.mib}M"])
    return image


def _fat(image: Path, work: Path) -> Path:
    _run(["mkfs.vfat", "-C", "-n", "VISAGED", str(image), str(EFI.mib * 1024)])
    program = work / "bootx64.efi"
    program.write_bytes(efi_program(BOOT.label))
    readme = work / "README.TXT"
    readme.write_text((HERE / "efi-readme.txt").read_text(encoding="utf-8").replace("\n", "\r\n"), encoding="utf-8")
    _run(["mmd", "-i", str(image), "::/EFI", "::/EFI/BOOT"])
    _run(["mcopy", "-i", str(image), str(program), "::/EFI/BOOT/BOOTX64.EFI"])
    _run(["mcopy", "-i", str(image), str(readme), "::/README.TXT"])
    return image


def _put(disk: Path, content: Path, partition: Partition) -> None:
    """Copy into the partition, without writing the holes."""
    _run(
        [
            "dd",
            f"if={content}",
            f"of={disk}",
            "bs=1M",
            f"seek={offset_of(partition) // _MIB}",
            "conv=notrunc,sparse",
            "status=none",
        ]
    )


def _run(command: list[str], text: str | None = None) -> None:
    try:
        subprocess.run(command, input=text, text=True, check=True, capture_output=True)
    except FileNotFoundError:
        raise ImageError(f"there is no {command[0]}: ./setup.sh image") from None
    except subprocess.CalledProcessError as error:
        raise ImageError(f"{' '.join(command)}: {error.stderr.strip()}") from None


def main() -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="image.disk", description="Assemble the disk image of a PC.")
    parser.add_argument("root", type=Path, help="the squashfs of image/rootfs.sh")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="what the data partition holds at first")
    options = parser.parse_args()
    try:
        make_disk(options.root, options.out, options.data)
    except (ImageError, OSError) as error:
        print(f"image.disk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
