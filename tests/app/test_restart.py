from __future__ import annotations

import json
import socket
from pathlib import Path

import visaged
from tests.running import Running

ROOT = str(Path(visaged.__file__).absolute().parents[1])


def ask(path: Path, command: str) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rw") as file:
        connection.settimeout(30)
        connection.connect(str(path))
        file.write(json.dumps({"command": command}) + "\n")
        file.flush()
        answer: dict[str, object] = json.loads(file.readline())
        return answer


def test_what_lies_in_the_working_folder_is_not_run(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    settings = (f"--set=capsules.library={tmp_path}/library", "--set=audio.input.backend=none")
    with Running(*settings, log=tmp_path / "log", wrapper=("env", "-C", str(work), f"PYTHONPATH={ROOT}")) as daemon:
        daemon.wait_for(lambda: "control socket" in daemon.log, "the control socket")
        for name in ("visaged", "numpy"):
            (work / name).mkdir()
            (work / name / "__init__.py").write_text("open('owned', 'w')\nraise SystemExit('the working folder')\n")
        assert ask(tmp_path / "control.sock", "restart")["status"] == "ok"
        daemon.wait_for(lambda: daemon.log.count("control socket") == 2, "the second start")
        assert ask(tmp_path / "control.sock", "ping")["status"] == "ok"
        assert ask(tmp_path / "control.sock", "restart")["status"] == "ok"
        daemon.wait_for(lambda: daemon.log.count("control socket") == 3, "the third start")
    assert not (work / "owned").exists()
