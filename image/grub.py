"""GRUB for the disk image: the boot code of a BIOS, the program of an EFI, and the environment block.

``grub-install`` wants a mounted disk; these bytes can be made without one. Places inside them are those of GRUB 2's own
sources (``boot.S``, ``diskboot.S``): where the first sector finds the core, and where the core finds its remainder.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

SECTOR: Final = 512
_LIBRARY: Final = Path("/usr/lib/grub")
_MODULES: Final = (
    *("part_gpt", "ext2", "fat", "squash4", "gzio", "lzopio"),
    *("normal", "configfile", "linux", "loadenv", "regexp", "test", "echo", "reboot", "serial"),
    *("search", "search_label"),
)
# In boot.img: the core's first sector, 8 bytes, as an LBA. Before the GPT's table, 440 bytes are ours.
_CORE_AT: Final = 0x5C
_BOOT_CODE_BYTES: Final = 440
# At the end of the core's first sector: LBA (8 bytes), number of sectors (2), segment (2) of what follows it.
_BLOCK_LIST_AT: Final = SECTOR - 12
_ENVIRONMENT_BYTES: Final = 1024


def bios_boot_code(core_sector: int) -> tuple[bytes, bytes]:
    """(first bytes of the disk, content of the BIOS partition), for a core that lies at ``core_sector``."""
    first = bytearray((_LIBRARY / "i386-pc" / "boot.img").read_bytes()[:_BOOT_CODE_BYTES])
    first[_CORE_AT : _CORE_AT + 8] = core_sector.to_bytes(8, "little")
    core = bytearray(_make("i386-pc", ["biosdisk", *_MODULES], "(hd0,gpt3)/", None))
    core.extend(bytes(-len(core) % SECTOR))
    core[_BLOCK_LIST_AT : _BLOCK_LIST_AT + 8] = (core_sector + 1).to_bytes(8, "little")
    core[_BLOCK_LIST_AT + 8 : _BLOCK_LIST_AT + 10] = (len(core) // SECTOR - 1).to_bytes(2, "little")
    return bytes(first), bytes(core)


def efi_program(boot_label: str) -> bytes:
    """BOOTX64.EFI, which looks for the file system ``boot_label`` and goes on with its grub.cfg."""
    start = f"search --no-floppy --set=root --label {boot_label}\nset prefix=($root)/\nconfigfile ($root)/grub.cfg\n"
    return _make("x86_64-efi", _MODULES, "/", start)


def environment(values: Mapping[str, str]) -> bytes:
    """An environment block as GRUB and grub-editenv read it: 1024 bytes, filled up with ``#``."""
    text = "# GRUB Environment Block\n" + "".join(f"{name}={value}\n" for name, value in values.items())
    return text.encode("ascii").ljust(_ENVIRONMENT_BYTES, b"#")


def _make(target: str, modules: Sequence[str], prefix: str, config: str | None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = ["grub-mkimage", "--format", target, "--output", str(out), "--prefix", prefix]
        if config is not None:
            start = Path(folder) / "start.cfg"
            start.write_text(config, encoding="ascii")
            command += ["--config", str(start)]
        subprocess.run([*command, *modules], check=True, capture_output=True)
        return out.read_bytes()
