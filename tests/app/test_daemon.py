"""The whole daemon as a process of its own: a voice in, packets out, and every edge broken once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.audio.wavs import wav
from tests.devices.card import SoundCards
from tests.patience import PATIENCE_S
from tests.running import Running
from visaged import samples
from visaged.curves import MAXIMUM, MINIMUM
from visaged.inference.find import WHEEL_ROOT

# The energy solver follows loudness, so loudness tells whether the right sound was heard at the right time.
QUIET_FACE = ("--set", "animation.idle=false", "--solver", "energy")
FPS = 60


def speech() -> NDArray[np.float32]:
    sound, rate_hz = soundfile.read(samples.speech_path(), dtype="float32")
    assert rate_hz == 24_000
    return np.repeat(sound, 2)  # 48 kHz; the image above 12 kHz does not matter here


def envelope(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Loudness at 60 fps in dB above a quiet room, smoothed like a jaw."""
    frames = sound[: len(sound) // 800 * 800].reshape(-1, 800).astype(np.float64)
    loud_db = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-5)
    return np.convolve(loud_db, np.ones(5) / 5, mode="same")


def best_correlation(running: Running, name: str, reference: NDArray[np.float64], ticks: int) -> float:
    """Pearson's r at the best lag of a curve within ``reference``, from when it first moved, for so many ``ticks``.

    By scene time: a machine that is busy with other things leaves packets out.
    """
    curve, at = running.curve(name), np.rint(running.ticks()).astype(int)
    began = at[np.argmax(curve > 0.1)]
    seen = (at >= began) & (at < began + ticks)
    at, curve = at[seen] - began, curve[seen]
    assert at[-1] > 0.9 * ticks, "the whole time was seen"
    lags = range(len(reference) - ticks)
    return max(float(np.corrcoef(curve, reference[lag + at])[0, 1]) for lag in lags)


def wait_for_ticks(running: Running, count: int) -> None:
    """Wait until the mouth has opened, and ``count`` ticks of scene time more."""
    running.wait_for(lambda: running.curve("JawOpen").max(initial=0) > 0.1, "the mouth to open")
    began = running.ticks()[-1]
    running.wait_for(lambda: running.ticks()[-1] > began + count, f"{count} ticks")


def test_a_file_moves_the_mouth_and_leaves_the_face_neutral_when_stopped(tmp_path: Path) -> None:
    with Running(f"--input={samples.speech_path()}", *QUIET_FACE, log=tmp_path / "log") as running:
        wait_for_ticks(running, 4 * FPS)
        assert running.stop() == 0
    packets = running.packets
    assert best_correlation(running, "JawOpen", envelope(speech()), 4 * FPS) > 0.5
    poses = np.array([packet.curves for _, packet in packets], np.float32)
    assert np.isfinite(poses).all()
    assert (poses >= MINIMUM).all()
    assert (poses <= MAXIMUM).all()
    assert not poses[-1].any(), "the last packet is the neutral face"
    assert running.largest_step() < 0.5, "no curve jumps"
    assert "file speech.ogg" in running.log


def test_a_voice_from_a_pipe_moves_the_mouth(tmp_path: Path) -> None:
    """As a speech program writes it: a WAV whose length is not known, faster than time."""
    voice = wav(speech()[: 5 * 48_000, np.newaxis], claimed=0xFFFF_FFFF)
    with Running("--input=-", *QUIET_FACE, log=tmp_path / "log", stdin=subprocess.PIPE) as running:
        running.wait_for_packets(FPS)
        assert not running.curve("JawOpen").any()
        assert running.process.stdin is not None
        running.process.stdin.write(voice)
        running.process.stdin.close()
        running.wait_for(lambda: "standard input has ended: silence from here on" in running.log, "the end")
        running.wait_for_packets(FPS)
        assert running.stop() == 0
    assert best_correlation(running, "JawOpen", envelope(speech()), 4 * FPS) > 0.5


def test_what_is_no_sound_in_a_pipe_is_a_problem_and_the_face_lives(tmp_path: Path) -> None:
    with Running("--input=-", log=tmp_path / "log", stdin=subprocess.PIPE) as running:
        assert running.process.stdin is not None
        running.process.stdin.write(b"<html><body>404 Not Found</body></html>")
        running.process.stdin.close()
        running.wait_for(lambda: "it is a web page (HTML)" in running.log, "the problem")
        running.wait_for_packets(FPS)


def test_every_packet_is_of_a_tick_with_a_clean_scene_time(tmp_path: Path) -> None:
    with Running("--input=none", "--set", "livelink.fps=30000/1001", log=tmp_path / "log") as running:
        running.wait_for_packets(45)
    packets = [packet for _, packet in running.packets]
    assert {str(packet.rate_hz) for packet in packets} == {"30000/1001"}
    steps = np.diff(running.ticks())
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)
    assert steps.min() > 0.5, "each tick once"
    assert len({packet.device_id for packet in packets}) == 1


def test_ctrl_c_is_a_clean_stop(tmp_path: Path) -> None:
    with Running("--input=none", log=tmp_path / "log") as running:
        running.wait_for_packets(10)
        assert running.stop(signal.SIGINT) == 130
    assert not any(running.packets[-1][1].curves)
    assert "Traceback" not in running.log


def test_a_broken_file_says_its_line_and_the_face_lives_on(tmp_path: Path) -> None:
    config = tmp_path / "visaged.toml"
    config.write_text("[livelink]\nsubject = 7\n[face]\nintensity = 50\n")
    with Running(f"--config={config}", log=tmp_path / "log") as running:
        running.wait_for_packets(FPS)
        assert running.stop() == 0
    assert f"{config} line 4: face.intensity = 50" in running.log
    assert f"{config} line 2: livelink.subject = 7" in running.log
    assert running.packets[-1][1].subject == "visaged"


def test_a_hang_up_reads_the_settings_again(tmp_path: Path) -> None:
    config = tmp_path / "visaged.toml"
    config.write_text('[livelink]\nsubject = "one"\n')
    with Running(f"--config={config}", "--input=none", log=tmp_path / "log") as running:
        running.wait_for_packets(FPS)
        config.write_text('[livelink]\nsubject = "two"\n')
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: running.packets[-1][1].subject == "two", "the other subject")
        config.write_text("[livelink]\nsubject = 7\n")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: "line 2: livelink.subject = 7" in running.log, "the refusal")
        running.wait_for_packets(FPS)
        assert running.packets[-1][1].subject == "two"
        assert running.stop() == 0


@pytest.mark.parametrize(
    "item", ["--set=livelink.fps=0", "--target=nowhere", "--solver=psychic", "--input=none-such.wav", "--set=fps"]
)
def test_a_mistyped_option_is_a_usage_error(item: str) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "visaged", "run", "--plain", item),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert item.partition("=")[2].rpartition("=")[2] in done.stderr


def test_a_sound_file_that_cannot_be_read_leaves_the_face_on_idle(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF\x00\x00\x00\x00WAVE nonsense")
    with Running(f"--input={broken}", log=tmp_path / "log") as running:
        running.wait_for(lambda: "broken.wav" in running.log, "the file to be named")
        count = len(running.packets)
        running.wait_for(
            lambda: len({packet.curves for _, packet in running.packets[count:]}) > FPS, "a face that lives on"
        )


def test_a_microphone_drives_the_mouth_and_silence_closes_it(sound_cards: SoundCards, tmp_path: Path) -> None:
    sound = speech()[: 8 * 48_000]
    sound_cards.add("mic", np.concatenate([np.zeros(48_000, np.float32), sound, np.zeros(20 * 48_000, np.float32)]))
    with Running("--input=mic", *QUIET_FACE, log=tmp_path / "log") as running:
        wait_for_ticks(running, 4 * FPS)
        assert best_correlation(running, "JawOpen", envelope(sound), 4 * FPS) > 0.5
        running.wait_for(lambda: running.curve("JawOpen", 90).max() < 0.03, "the mouth to close in silence")
        running.wait_for_packets(FPS)
        assert running.curve("JawOpen", FPS).max() < 0.03


def test_a_microphone_that_is_pulled_out_and_put_back(sound_cards: SoundCards, tmp_path: Path) -> None:
    card = sound_cards.add("mic", speech(), loop=True)
    with Running("--input=mic", *QUIET_FACE, log=tmp_path / "log") as running:
        running.wait_for(lambda: running.curve("JawOpen", 30).max(initial=0) > 0.1, "the mouth to open")
        card.pull_out()
        running.wait_for(lambda: "audio_input_lost" in running.log, "the loss to be said")
        running.wait_for(lambda: running.curve("JawOpen", 20).max() < 0.01, "the mouth to ease shut")
        running.wait_for_packets(3 * FPS)
        assert running.log.count("audio_input_lost") == 1, "said once, whatever is retried"
        card.put_back()
        running.wait_for(lambda: running.curve("JawOpen", 30).max() > 0.1, "the mouth to open again")
        assert running.process.poll() is None
    assert "audio_input_lost: over after" in running.log
    assert running.largest_step() < 0.5, "no curve jumps"


def test_a_microphone_that_is_missing_at_boot(sound_cards: SoundCards, tmp_path: Path) -> None:
    card = sound_cards.add("mic", speech(), loop=True)
    card.pull_out()
    with Running("--input=mic", log=tmp_path / "log") as running:
        running.wait_for(lambda: "audio_input_lost" in running.log, "the loss to be said")
        card.put_back()
        running.wait_for(lambda: running.curve("JawOpen", 30).max(initial=0) > 0.1, "the mouth to open")


def test_a_sender_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with Running("--input=none", log=tmp_path / "log") as running:
        running.wait_for_packets(20)
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        running.wait_for_packets(FPS)
        assert running.process.poll() is None
    assert (np.diff(running.ticks()) > 0).all(), "scene time goes on"
    assert "livelink_sender" in running.log


def test_the_sender_does_not_outlive_a_daemon_that_is_killed(tmp_path: Path) -> None:
    with Running("--input=none", log=tmp_path / "log") as running:
        running.wait_for_packets(20)
        children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
        running.stop(signal.SIGKILL)
        running.wait_for(lambda: not Path(f"/proc/{children[0]}").exists(), "the sender to end")


def test_without_realtime_rights_it_says_so_and_goes_on(tmp_path: Path) -> None:
    # For a plain user this takes nothing away that was there.
    without = ("setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", "prlimit", "--rtprio=0")
    with Running("--input=none", log=tmp_path / "log", wrapper=without) as running:
        running.wait_for_packets(FPS)
        running.wait_for(lambda: "livelink_not_realtime" in running.log, "a plain word")
        assert running.stop() == 0


def test_a_target_that_does_not_resolve_does_not_hold_up_the_others(tmp_path: Path) -> None:
    with Running("--input=none", "--target=no-such-host.invalid:11111", log=tmp_path / "log") as running:
        running.wait_for_packets(FPS)
        running.wait_for(lambda: "no-such-host.invalid" in running.log, "the target to be named")


def test_a_damaged_model_package_falls_back_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "lipsync"
    shutil.copytree(WHEEL_ROOT / "lipsync", folder)
    for model in folder.glob("*.onnx"):
        model.write_bytes(b"not a model")
    with Running(f"--models={tmp_path}/models", "--input=none", log=tmp_path / "log") as running:
        running.wait_for(lambda: "solver_package" in running.log, "the refusal")
        running.wait_for(lambda: "solver lipsync" in running.log, "the next package, that of the wheel")
        running.wait_for_packets(FPS)
    assert str(folder) in running.log


def test_more_cache_than_there_is_memory_is_said_and_the_face_moves(tmp_path: Path) -> None:
    """``cache-65536.toml`` on a box with 12 GiB."""
    wrapper = ("prlimit", f"--as={12 << 30}")
    with Running("--input=none", "--set=capsules.cache_mib=65536", log=tmp_path / "log", wrapper=wrapper) as running:
        running.wait_for_packets(FPS)
        running.wait_for(lambda: "cache_mib = 65536 is more than this box" in running.log, "the problem")
        running.wait_for_packets(FPS)
        assert "Traceback" not in running.log
