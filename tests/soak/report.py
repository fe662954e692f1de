"""What a soak found, for a person and for docs/benchmarks."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.bench.report import Bench, Row
from tests.soak.arrivals import Gap
from tests.soak.usage import Sample, slope

GAP_MS = 50.0
# A killed sender is replaced in a tenth of a second, in half a second on a busy machine.
_KILL_S = 3.0
# Buffers and caches fill for minutes: a slope through less says nothing about hours.
_JUDGED_S = 600.0
_OPENED = re.compile(r"WARNING ([a-z0-9_]+): ")
_CLEARED = re.compile(r"INFO +([a-z0-9_]+): over after")


@dataclass
class Soaked:
    """Everything that was seen."""

    minutes: float
    packets: int
    gaps: list[Gap]
    struck: list[tuple[int, str]]
    """(wall clock ns, name) of each misfortune, in order."""
    samples: list[Sample]
    warm_up_s: float
    log: str
    answered: Counter[str]
    refused: Counter[str]
    unanswered: Counter[str]
    exit_code: int | None
    open_at_end: list[str] = field(default_factory=list)
    talk_before: dict[str, Any] | None = field(default_factory=dict)
    """Health's section ``codec``: when the last misfortune was over, and at the end. None: nobody was to talk."""
    talk: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    def excused(self, gap: Gap) -> bool:
        """Whether it belongs to a process that was killed on purpose."""
        kills = [time_ns for time_ns, name in self.struck if name in ("sender-killed", "sender-stopped")]
        return any(-1e8 <= gap.time_ns - time_ns < _KILL_S * 1e9 for time_ns in kills)

    def during(self, time_ns: int) -> str:
        """The misfortune that was the last to begin before then."""
        before = [name for struck_ns, name in self.struck if struck_ns <= time_ns]
        return before[-1] if before else "start"

    def problems(self) -> tuple[Counter[str], Counter[str]]:
        """How often each was opened and cleared."""
        return Counter(_OPENED.findall(self.log)), Counter(_CLEARED.findall(self.log))

    def talks(self) -> bool | None:
        """Whether, when all was over, the guest was still heard above and the brain here."""
        if self.talk_before is None:
            return None
        before = self.talk_before
        return all((self.talk.get(what) or 0) > (before.get(what) or 0) for what in ("sent", "heard"))

    def bench(self) -> Bench:
        """The figures with their targets."""
        own = [gap for gap in self.gaps if not self.excused(gap)]
        kills = [gap.length_ms for gap in self.gaps if self.excused(gap)]
        warm = [sample for sample in self.samples if sample.time_s - self.samples[0].time_s >= self.warm_up_s]
        line = slope(warm)
        judged = bool(warm) and warm[-1].time_s - warm[0].time_s >= _JUDGED_S
        opened, cleared = self.problems()
        names = Counter(name for _, name in self.struck)
        rows = [
            Row(
                f"packets, {self.minutes:g} min, {sum(names.values())} misfortunes",
                {
                    "packets": self.packets,
                    "gaps > 50 ms": len(own),
                    "longest ms": max((gap.length_ms for gap in own), default=0.0),
                    "after a kill: longest ms": max(kills, default=None),
                },
                target="no gap > 50 ms outside injected process kills",
                met=not own,
            ),
            Row(
                "memory after warm-up",
                {
                    "RSS MiB": warm[-1].rss_mib if warm else None,
                    "slope MiB/h": None if line is None else line.mib_per_h,
                    "standard error": None if line is None else line.error_mib_per_h,
                    "descriptors first": warm[0].descriptors if warm else None,
                    "descriptors last": warm[-1].descriptors if warm else None,
                    "threads last": warm[-1].threads if warm else None,
                },
                target="RSS slope < 1 MiB/h" if judged else "RSS slope < 1 MiB/h; too short a run to know",
                met=line.mib_per_h < 1 if line is not None and judged else None,
            ),
            Row(
                "commands",
                {
                    "answered": sum(self.answered.values()),
                    "refused as they should be": sum(self.refused.values()),
                    "unanswered": sum(self.unanswered.values()),
                },
                target="every one is answered",
                met=not self.unanswered,
            ),
            Row(
                "conversation",
                {
                    "frames up": self.talk.get("sent"),
                    "heard": self.talk.get("heard"),
                    "lost": self.talk.get("lost"),
                    "late": self.talk.get("late"),
                    "encode p99 ms": self.talk.get("encode_p99_ms"),
                    "decode p99 ms": self.talk.get("decode_p99_ms"),
                    "drift ppm": self.talk.get("drift_ppm"),
                },
                target="goes on in both directions when all is over",
                met=self.talks(),
            ),
            Row(
                "problems",
                {
                    "opened": sum(opened.values()),
                    "cleared": sum(cleared.values()),
                    "open at the end": ", ".join(self.open_at_end) or "none",
                    "exit code": self.exit_code,
                },
                target="all that was wrong is over",
                met=not self.open_at_end and self.exit_code == 0,
            ),
        ]
        listed = ", ".join(f"{name} {count}" for name, count in sorted(names.items()))
        raised = ", ".join(f"{name} {count}/{cleared[name]}" for name, count in sorted(opened.items()))
        long = "; ".join(f"{gap.length_ms:.0f} ms ({self.during(gap.time_ns)})" for gap in own)
        note = f"Misfortunes: {listed}. Problems raised/cleared: {raised}. Gaps: {long or 'none'}. {self.note}"
        return Bench("soak", f"make soak MINUTES={self.minutes:g}", rows, note.strip())
