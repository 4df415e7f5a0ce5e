"""What several chapters ask of a round: its groups and period by name, its smallest change, its grounds."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.protocol import Wave
from evaluation.questions.operating import verdict_mde
from evaluation.reports.inputs import ReportInputs, headline, records, text, value
from evaluation.reports.levels import treated_level
from evaluation.reports.places import wave_names
from evaluation.reports.verdict_words import grounds


def started_names(inputs: ReportInputs) -> str:
    """The groups that have had the programme, in the grades' order, as they read in a sentence."""
    return _names(inputs, inputs.started_waves())


def _names(inputs: ReportInputs, waves: Sequence[Wave]) -> str:
    return wave_names(inputs.protocol, waves)


def period_phrase(inputs: ReportInputs) -> str:
    """What this year is compared with, in words."""
    if inputs.round.kind == "final":
        return f"skoleåret {inputs.last_year}"
    return "de samme uger sidste år"


def smallest_change(inputs: ReportInputs) -> tuple[float | None, float | None]:
    """The fall at which the milestone is called opnået in four of five studies, and the level it is a part of, in points.

    From the committed simulation where the study has the simulated design, else the pooled look's own detectable change,
    seen or planned.
    """
    base = treated_level(inputs, inputs.last_year).absence
    simulated = verdict_mde(inputs.protocol)
    if simulated is not None:
        return simulated, base
    power = inputs.frame("out_power")
    for basis in ("observed", "planned"):
        for row in records(power[power["basis"].eq(basis) & power["look"].eq("milestone:all")]):
            return value(row, "mde_pp"), value(row, "baseline_pct") or base
    return None, base


def low_coverage(inputs: ReportInputs) -> list[tuple[str, str, float]]:
    """School × grade with begun talks below the protocol's coverage: school, grade, per cent."""
    begun = {w.id for w in inputs.started_waves()}
    out = []
    for row in records(inputs.frame("out_implementation")):
        share = value(row, "coverage_pct")
        if row["wave"] in begun and share is not None and share < inputs.protocol.talks.minimum_coverage_pct:
            out.append((text(row, "school_id"), text(row, "grade"), share))
    return out


def certainty_details(inputs: ReportInputs) -> tuple[str, ...]:
    """Every ground behind the dots with ✓ or ✗; the causes where nothing was judged."""
    verdict = headline(inputs)
    if verdict is None or verdict.dots is None:
        return ()
    before = records(inputs.frame("out_pretrend"))
    return grounds(
        verdict.grounds_met,
        verdict.grounds_failed,
        mde=smallest_change(inputs)[0],
        relevant_pp=inputs.protocol.milestone.relevant_change_pp,
        unseen=value(before[0], "bias_after_passing_pp") if before else None,
    )
