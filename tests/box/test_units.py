"""The unit files, without booting anything."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ("visaged.service", "visaged@.service", "visaged-models-build.service")


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze missing: apt-get install systemd")
    return subprocess.run(("systemd-analyze", *arguments), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("service", SERVICES)
def test_little_is_left_to_attack(service: str) -> None:
    done = _analyze("security", "--offline=true", "--threshold=15", str(UNITS / service))
    assert done.returncode == 0, done.stdout


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for unit in (*SERVICES, "visaged-retry.timer"):
        # Neither the program nor its man page are installed here.
        text = (UNITS / unit).read_text()
        text = text.replace("/opt/visaged/bin/visaged", "/bin/true").replace("Documentation=man:visaged(1)\n", "")
        (tmp_path / unit.replace("@", "@one")).write_text(text)
    done = _analyze("verify", *(str(path) for path in sorted(tmp_path.iterdir())))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_instance_is_hardened_as_the_first_face_is() -> None:
    first, instance = ((UNITS / name).read_text().splitlines() for name in ("visaged.service", "visaged@.service"))
    differ = set(first) ^ set(instance)
    keys = {line.partition("=")[0] for line in differ if line and not line.startswith("#")}
    assert keys == {
        *("Description", "StartLimitIntervalSec", "StartLimitBurst", "OnFailure", "Environment", "ExecStopPost"),
        *("RestartSec", "StateDirectory", "RuntimeDirectory"),
    }
    assert [line for line in differ if line.startswith("Environment")] == ["Environment=VISAGED_INSTANCE=%i"]


def test_nothing_waits_for_the_network() -> None:
    for unit in SERVICES:
        lines = (UNITS / unit).read_text().splitlines()
        ordering = [line for line in lines if line.startswith(("After=", "Wants=", "Requires=", "BindsTo="))]
        assert not any("network" in line for line in ordering)


def test_telemetry_is_off() -> None:
    for unit in SERVICES:
        assert "Environment=ORT_DISABLE_TELEMETRY=1" in (UNITS / unit).read_text()
