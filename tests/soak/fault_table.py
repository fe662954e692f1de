"""The fault table: every scenario tried once on one running daemon, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.table import Table

from tests.bench.report import Bench, Row
from tests.soak.health_watch import HealthWatch
from tests.soak.scenarios.scenario import Scenario
from tests.soak.trial import Outcome, attempt
from tests.soak.world import World

HEADER = ("| `--only` | fault | the face | problem | it ends |", "|---|---|---|---|---|")
"""Of the table in docs/operations.md."""


def try_each(scenarios: Sequence[Scenario], world: World, tell: Callable[[Outcome], None]) -> list[Outcome]:
    """In their order; ``tell`` hears of each as it is done."""
    watch = HealthWatch(world.socket)
    outcomes = []
    for scenario in scenarios:
        outcomes.append(attempt(scenario, world, watch))
        tell(outcomes[-1])
        if outcomes[-1].died:
            break
    watch.close()
    return outcomes


def line(outcome: Outcome) -> str:
    """What came of one, in a line."""
    if outcome.skipped:
        return f"{outcome.scenario.name}: left out, {outcome.skipped}"
    wrong = outcome.wrong()
    return f"{outcome.scenario.name}: {'; '.join(wrong) if wrong else 'as it should be'}"


def table(outcomes: Sequence[Outcome]) -> Table:
    """For a terminal."""
    made = Table(title="Packets of ticks before, during and after each fault")
    for column in (
        "fault",
        "before",
        "during",
        "after",
        "longest gap",
        "problem",
        "shown",
        "over",
        "with it",
        "verdict",
    ):
        made.add_column(column)
    for outcome in outcomes:
        scenario = outcome.scenario
        if outcome.skipped:
            made.add_row(scenario.name, *("",) * 8, "left out")
            continue
        made.add_row(
            scenario.name,
            *_counts(outcome),
            f"{outcome.gap_ticks:.1f} of {scenario.gap_ticks} ticks",
            scenario.problem or "none",
            f"{outcome.shown_s:.1f} s" if outcome.shown else "",
            f"{outcome.over_s:.1f} s",
            ", ".join(sorted(outcome.also)),
            "MISSED" if outcome.wrong() else "reached",
        )
    return made


def bench(outcomes: Sequence[Outcome], command: str, note: str) -> Bench:
    """For docs/benchmarks."""
    rows = []
    for outcome in outcomes:
        if outcome.skipped:
            continue
        before, during, after = _counts(outcome)
        figures: dict[str, float | str | None] = {
            "before": before,
            "during": during,
            "after": after,
            "longest gap, ticks": round(outcome.gap_ticks, 1),
            "shown after s": round(outcome.shown_s, 1) if outcome.shown else None,
            "over after s": round(outcome.over_s, 1),
        }
        problem = f"{outcome.scenario.problem} in health, and over" if outcome.scenario.problem else "no problem"
        target = f"{problem}; gap <= {outcome.scenario.gap_ticks} ticks"
        rows.append(Row(outcome.scenario.name, figures, target, not outcome.wrong()))
    left_out = ", ".join(outcome.scenario.name for outcome in outcomes if outcome.skipped)
    words = "Packets that came, of the ticks in that time. " + (f"Left out: {left_out}. " if left_out else "")
    return Bench("soak faults", command, rows, (words + note).strip())


def _counts(outcome: Outcome) -> tuple[str, str, str]:
    packets = (outcome.before, outcome.during, outcome.after)
    before, during, after = (f"{count} of {ticks}" for count, ticks in zip(packets, outcome.expected, strict=True))
    return before, during, after
