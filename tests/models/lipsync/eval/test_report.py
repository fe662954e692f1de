from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from models.lipsync import evaluate
from models.lipsync.eval import report
from models.lipsync.eval.clip import write
from models.lipsync.eval.contenders import find
from models.lipsync.eval.session import evaluate as run_evaluation
from models.lipsync.phones import Phone
from tests.models.lipsync.eval.made import clip
from visaged.curves import INDEX


def test_one_run_from_clips_to_tables_and_json(tmp_path: Path) -> None:
    nobody = clip("silence", phones=[], voice="nobody")
    clips = [clip("one"), clip("rich-00", voice="flite-tester", source="synthesised"), nobody]
    contenders = [find("shut"), find("follower")]
    told: list[str] = []
    result = run_evaluation(
        clips, contenders, [], conditions=["clean", "-24 dB"], other_conditions=[], progress=told.append
    )
    assert told == [f"shut mouth, loudness follower: {condition}" for condition in ("clean", "-24 dB")]
    assert result.figures["shut mouth", "clean", "people English"].closure_recall == 1.0
    assert result.figures["shut mouth", "-24 dB", "synthetic, rich text"].bilabials == 1
    assert result.figures["phones alone", "clean", "all"].false_closure_share == 0.0
    assert result.figures["shut mouth", "clean", "rest silence"].rest_jaw_milli == 0.0
    assert ("shut mouth", "-24 dB", "rest silence") not in result.figures
    made = report.sheets(result, ["clean", "-24 dB"])
    text = report.markdown(made)
    assert "### people English, clean" in text and "| shut mouth | 1 | 1.000 |" in text
    printed = io.StringIO()
    report.show(made, Console(file=printed, width=200))
    assert "closure recall" in printed.getvalue()
    report.write_json(tmp_path / "out.json", result, clips, ["x"], "evaluate")
    kept = json.loads((tmp_path / "out.json").read_text())
    assert kept["figures"]["shut mouth"]["clean"]["all"]["closure_recall"] == 1.0
    assert kept["labels"] == {"given": 3} and kept["skipped"] == ["x"]


def test_the_command_reports_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    write(clip(), tmp_path / "clips")
    common = ["--no-others", "--condition", "clean", "--solver", "shut"]
    files = ["--json", str(tmp_path / "a.json"), "--markdown", str(tmp_path / "a.md")]
    assert evaluate.main(parser.parse_args([str(tmp_path / "clips"), *common, *files])) == 0
    assert (tmp_path / "a.json").is_file() and "shut mouth" in (tmp_path / "a.md").read_text()
    assert evaluate.main(parser.parse_args([str(tmp_path / "clips"), *common, "--voice", "zed"])) == 1
    assert "no voice starts with zed" in capsys.readouterr().err
    assert evaluate.main(parser.parse_args([str(tmp_path / "nothing"), *common])) == 1


def test_the_drawn_mouth_opens_closes_and_rounds() -> None:
    draw = pytest.importorskip("models.lipsync.eval.draw", reason="drawing needs Pillow", exc_type=ImportError)

    def dark(**curves: float) -> int:
        pose = np.zeros(61, np.float32)
        for name, value in curves.items():
            pose[INDEX[name]] = value
        pixels = np.asarray(draw.face(pose).convert("L"))[78:128, 30:90]
        return int((pixels < 60).sum())

    assert dark() == 0
    assert dark(JawOpen=0.4) > dark(JawOpen=0.2) > 50
    assert dark(JawOpen=0.2, MouthClose=0.2) == 0
    assert dark(JawOpen=0.2, MouthPucker=0.6) < dark(JawOpen=0.2)


def test_a_clip_of_phones_only_in_pauses_does_not_break() -> None:
    quick = clip("short", phones=[Phone("B", 0.0, 0.05)])
    result = run_evaluation(
        [quick], [find("shut")], [], conditions=["clean"], other_conditions=[], progress=lambda _: None
    )
    assert result.figures["shut mouth", "clean", "all"].closure_recall == 1.0
