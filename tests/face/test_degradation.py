from __future__ import annotations

from visaged.clock import NS_PER_S
from visaged.config import Settings
from visaged.face.degradation import PROBLEM, FallbackLevel, SolverDegradation, fallback_levels, level_name
from visaged.problems import Problems


def _settings(solver: str, precision: str = "auto") -> Settings:
    settings = Settings.model_validate({"inference": {"precision": precision}})
    return settings.model_copy(update={"face": settings.face.model_copy(update={"solver": solver})})


class Bench:
    """A degradation over time; ``used`` is what it made the face run on."""

    def __init__(self, solver: str = "lipsync") -> None:
        self.used: list[str] = []
        self.problems = Problems()
        self.degradation = SolverDegradation(self._use, self.problems)
        self.degradation.restart(lambda: fallback_levels(_settings(solver)))
        self.now_s = 100.0

    def _use(self, level: FallbackLevel) -> None:
        self.used.append(level_name(level))

    def run(self, seconds: float, **pressure: str | None) -> list[str]:
        """Update ten times a second; returns what was used meanwhile."""
        for source, reason in pressure.items():
            self.degradation.set_pressure(source, reason)
        before = len(self.used)
        for _ in range(round(seconds * 10)):
            self.now_s += 0.1
            self.degradation.update(int(self.now_s * NS_PER_S))
        return self.used[before:]


def test_the_rungs_of_each_solver() -> None:
    def names(settings: Settings, *precisions: str) -> list[str]:
        return [level_name(level) for level in fallback_levels(settings, precisions)]

    assert names(_settings("lipsync"), "fp32", "int8") == ["lipsync", "energy", "idle"]
    assert names(_settings("energy")) == ["energy", "idle"]
    assert names(_settings("neurosync"), "fp16", "int8") == [
        "neurosync",
        "neurosync (int8)",
        "lipsync",
        "energy",
        "idle",
    ]
    assert names(_settings("neurosync"), "fp32") == ["neurosync", "lipsync", "energy", "idle"]
    assert names(_settings("neurosync", "int8"), "int8") == ["neurosync (int8)", "lipsync", "energy", "idle"]


def test_only_solver_and_precision_change_from_rung_to_rung() -> None:
    wanted = Settings.model_validate({"face": {"lookahead_ms": 80, "intensity": 0.7}})
    for level in fallback_levels(wanted)[:-1]:
        assert level is not None
        assert (level.face.lookahead_ms, level.face.intensity) == (80, 0.7)


def test_pressure_that_does_not_last_changes_nothing() -> None:
    bench = Bench()
    assert bench.run(4, heat="95 C") == []
    assert bench.run(60, heat=None) == []


def test_lasting_pressure_steps_down_one_rung_at_a_time_to_idle() -> None:
    bench = Bench()
    assert bench.run(6, heat="97 C") == ["energy"]
    (problem,) = bench.problems.current()
    assert problem.code == PROBLEM
    assert "'energy' moves the face instead of 'lipsync': 97 C" in problem.message
    assert bench.run(18) == [], "what the step brings shows only after a while"
    assert bench.run(5) == ["idle"]
    assert bench.run(600) == [], "there is nothing below"


def test_it_comes_back_when_all_sources_have_been_calm_for_long() -> None:
    bench = Bench()
    bench.run(6, heat="97 C", memory="31 %")
    bench.run(6, heat=None)
    assert bench.run(120) == ["idle"], "memory is still short"
    assert bench.run(58, memory=None) == []
    assert bench.run(4) == ["energy"]
    assert bench.run(58) == []
    assert bench.run(4) == ["lipsync"]
    assert bench.problems.current() == ()


def test_a_step_up_that_does_not_last_is_tried_later_and_later() -> None:
    bench = Bench("energy")
    waits = []
    for _ in range(7):
        bench.run(30, speed="a step takes 30 ms")
        assert bench.used[-1] == "idle"
        self_s = bench.now_s
        bench.degradation.set_pressure("speed", None)
        while bench.used[-1] == "idle":
            bench.run(0.5)
        waits.append(bench.now_s - self_s)
    assert [round(wait / 60) for wait in waits] == [1, 2, 4, 8, 16, 16, 16]


def test_new_settings_begin_at_the_top() -> None:
    bench = Bench()
    bench.run(30, heat="97 C")
    assert bench.used == ["energy", "idle"]
    bench.degradation.restart(lambda: fallback_levels(_settings("energy")))
    assert bench.problems.current() == ()
    assert bench.run(4) == []
    assert bench.run(2) == ["idle"]
