from __future__ import annotations

from pathlib import Path

import pytest

from visaged.system import sensors
from visaged.system.sensors import Sensors, SystemFigures


def _write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content + "\n")


_HWMON = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
ORIN = {
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
    "sys/class/thermal/thermal_zone0/temp": "48562",
    "sys/class/thermal/thermal_zone1/type": "gpu-thermal",
    "sys/class/thermal/thermal_zone1/temp": "47125",
    "sys/class/thermal/thermal_zone8/type": "tj-thermal",
    "sys/class/thermal/thermal_zone8/temp": "49000",
    "sys/class/thermal/cooling_device0/type": "pwm-fan",
    "sys/class/thermal/cooling_device0/cur_state": "1",
    "sys/class/thermal/cooling_device1/type": "cpu-throttle-alert",
    "sys/class/thermal/cooling_device1/cur_state": "0",
    "sys/devices/platform/gpu.0/load": "371",
    f"{_HWMON}/in1_label": "VDD_IN",
    f"{_HWMON}/in1_input": "5024",
    f"{_HWMON}/curr1_input": "1400",
    f"{_HWMON}/in2_label": "VDD_CPU_GPU_CV",
    f"{_HWMON}/in2_input": "5016",
    f"{_HWMON}/curr2_input": "400",
}


def test_a_jetsons_sensors(tmp_path: Path) -> None:
    _write(tmp_path, ORIN)
    figures = Sensors(tmp_path, tmp_path).read()
    assert (figures.cpu_temp_c, figures.gpu_temp_c, figures.gpu_load_percent) == (48.6, 47.1, 37.1)
    assert figures.power_w == 7.03
    assert figures.throttled is False
    assert figures.disk_free_mib is not None


def test_without_a_total_rail_the_rails_are_added(tmp_path: Path) -> None:
    names = {"in1_label": "VDD_GPU_SOC", "in2_label": "VDD_CPU_CV"}
    _write(tmp_path, ORIN | {f"{_HWMON}/{key}": name for key, name in names.items()})
    assert Sensors(tmp_path, tmp_path).read().power_w == 9.04


def test_a_box_without_sensors_has_nulls_never_zeros(tmp_path: Path) -> None:
    figures = Sensors(tmp_path, tmp_path).read()
    assert figures == SystemFigures(disk_free_mib=figures.disk_free_mib)


def test_a_sensor_that_does_not_answer_is_null(tmp_path: Path) -> None:
    _write(tmp_path, ORIN | {"sys/class/thermal/thermal_zone0/temp": "", "sys/devices/platform/gpu.0/load": "busy"})
    (tmp_path / "sys/class/thermal/thermal_zone1/temp").unlink()
    figures = Sensors(tmp_path, tmp_path).read()
    assert (figures.cpu_temp_c, figures.gpu_temp_c, figures.gpu_load_percent) == (None, None, None)


def test_throttling_is_seen(tmp_path: Path) -> None:
    _write(tmp_path, ORIN | {"sys/class/thermal/cooling_device1/cur_state": "3"})
    assert Sensors(tmp_path, tmp_path).read().throttled is True


def test_figures_are_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time_ns = 0
    monkeypatch.setattr(sensors, "now_ns", lambda: time_ns)
    _write(tmp_path, ORIN)
    found = Sensors(tmp_path, tmp_path)
    found.read()
    _write(tmp_path, {"sys/class/thermal/thermal_zone0/temp": "60000"})
    time_ns = 10**9
    assert found.read().cpu_temp_c == 48.6
    time_ns = 3 * 10**9
    assert found.read().cpu_temp_c == 60.0


def test_the_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert Sensors(tmp_path / "not" / "yet", tmp_path).read().disk_free_mib is not None
