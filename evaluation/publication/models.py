"""Model numbers in released tables: an estimate is no count, but a group below the limit is not estimated in public.

What belongs here: which rows of estimates, looks and indsatselever are blank. Numbers of pupils stand in the tables
only where the reports print them.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evaluation.disclosure.rules import DisclosureRules
from evaluation.protocol import Protocol
from evaluation.publication.quality import public
from evaluation.questions.verdict import Cause
from evaluation.words import render, say, told
from evaluation.words.catalogue.estimates import Note

_EFFECT_NUMBERS = (
    "estimate_pp",
    "ci_low_pp",
    "ci_high_pp",
    "band_low_pp",
    "band_high_pp",
    "std_error_pp",
    "df",
    "p_value",
    "p_permutation",
    "p_relevant",
    "p_smallest",
    "p_wild_restricted",
    "p_wild_unrestricted",
    "mde_pp",
)
_LOOK_NUMBERS = frozenset(
    {
        "estimate_pp", "ci_low_pp", "ci_high_pp", "std_error_pp", "df", "mde_pp",
        "slope_pp", "p_value", "p_relevant", "slope_80", "bias_per_slope", "bias_at_milestone_pp",
        "bias_after_passing_pp", "breakdown",
    }
)  # fmt: skip


def effects(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """``out_effects`` with numbers of groups below the limit blank. Pupil-days behind estimates are not handed on.

    Nor is the level an estimate is measured from: estimate and level add up to the group's own level, to the day, also
    where the gate hides it.
    Pupils behind an estimate are given in steps: a look and a round later they differ by one or two.
    """
    is_small = rows["pupils"].notna() & (rows["pupils"] < rules.minimum_pupils)
    out = rows.copy()
    numbers = list(_EFFECT_NUMBERS)
    out[numbers] = out[numbers].where(~is_small)
    return out.assign(
        pupils=(out["pupils"].where(~is_small) / rules.pupils_step).round() * rules.pupils_step,
        pupil_days=float("nan"),
        baseline_pct=float("nan"),
        note=_told(out["note"], rules).where(~is_small),
    )


def small_looks(rows: pd.DataFrame, protocol: Protocol, rules: DisclosureRules) -> frozenset[str]:
    """Looks at the milestone (wave ids, and ``all``) whose treated group is below the limit."""
    mine = rows[rows["question"].isin(["milestone", "grade"]) & (rows["pupils"] < rules.minimum_pupils)]
    grades = set(mine.loc[mine["group_kind"] == "grade", "group_id"].astype(str))
    found = {w.id for (_, g), w in protocol.treated.items() if g in grades}
    found |= set(mine.loc[mine["group_kind"].isin(["wave", "all"]), "group_id"].astype(str))
    return frozenset(found)


def looks(rows: pd.DataFrame, small: frozenset[str], rules: DisclosureRules) -> pd.DataFrame:
    """Verdicts, power, pre-trends and honest bounds with the numbers of small looks blank, and words that repeat them."""
    is_small = rows["look"].isin(small)
    out = rows.copy()
    numbers = [c for c in map(str, out.columns) if c in _LOOK_NUMBERS]
    out[numbers] = out[numbers].where(~is_small)
    if "baseline_pct" in out.columns:
        out["baseline_pct"] = float("nan")
    if "note" in out.columns:
        hidden = render(say(Note.HIDDEN), public(rules))
        out["note"] = _told(out["note"], rules).mask(is_small, hidden)
    if "causes" in out.columns:
        out["causes"] = out["causes"].mask(is_small, Cause.HIDDEN.value)
        out[["demands_met", "demands_failed"]] = out[["demands_met", "demands_failed"]].mask(is_small, "")
    return out


def registration(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """``out_registration``: the alarms. Shares of types and weeks behind them are sums of days nobody protected, and
    nothing is said of one class."""
    kept = rows[rows["group_kind"] == "treated"]
    nothing = float("nan")
    return kept.assign(before=nothing, after=nothing, change=nothing, note=_told(kept["note"], rules))


def targeted(rows: pd.DataFrame, printed: Mapping[str, float | None], rules: DisclosureRules) -> pd.DataFrame:
    """``out_targeted``: levels with the one decimal that is printed; n as ``printed`` by cell, on the naive row.

    Other estimators leave out a few pupils more or fewer, and the difference of two such numbers is a handful.
    """
    is_small = ~(rows["pupils"] >= rules.minimum_pupils)
    numbers = [c for c in map(str, rows.columns) if c.endswith(("_pct", "_pp"))] + ["df"]
    out = rows.copy()
    out[numbers] = out[numbers].where(~is_small)
    levels = ["before_pct", "after_pct", "change_pp", "expected_change_pp"]
    out[levels] = out[levels].round(1)
    # Nobody has shown that two levels of the few with a follow-up are safe beside everything else: changes alone leave.
    is_followed = out["estimator"].astype(str).str.startswith("follow_up")
    out[["before_pct", "after_pct"]] = out[["before_pct", "after_pct"]].where(~is_followed)
    number = pd.Series(
        [printed.get(f"gruppe={group}") for group in rows["group_id"]], index=rows.index, dtype="Float64"
    )
    return out.assign(
        pupils=number.round().astype("Int64").where(~is_small & rows["estimator"].eq("naive")),
        note=_told(rows["note"], rules).where(~is_small),
    )


def _told(notes: pd.Series[str], rules: DisclosureRules) -> pd.Series[str]:
    """Kept statements as everybody may read them."""
    audience = public(rules)
    return pd.Series([told(n, audience) for n in notes], index=notes.index, dtype="str")
