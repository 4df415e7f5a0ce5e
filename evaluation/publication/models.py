"""Model numbers in released tables: an estimate is no count, but a group below the limit is not estimated in public.

What belongs here: which rows of estimates, looks and indsatselever are blank. Numbers of pupils stand in the tables
only where the reports print them.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evaluation.disclosure.rules import DisclosureRules
from evaluation.protocol import Protocol

_EFFECT_NUMBERS = (
    "estimate_pp",
    "ci_low_pp",
    "ci_high_pp",
    "ci_low_lower_pp",
    "ci_high_lower_pp",
    "band_low_pp",
    "band_high_pp",
    "std_error_pp",
    "df",
    "p_value",
    "p_permutation",
    "p_smallest",
    "p_wild_restricted",
    "p_wild_unrestricted",
    "baseline_pct",
    "mde_pp",
)
_LOOK_NUMBERS = frozenset(
    {
        "estimate_pp", "ci_low_pp", "ci_high_pp", "std_error_pp", "df", "mde_pp", "baseline_pct",
        "statistic", "df_num", "df_denom", "p_value", "slope_50", "slope_80", "bias_at_milestone_pp",
        "bias_after_passing_pp", "breakdown",
    }
)  # fmt: skip
ROUNDED_TO = 5
"""Pupils behind an estimate: their size matters to a reader, their number does not."""
TOO_FEW = "Gruppen har for få elever til, at tal kan vises."
"""Stands where a verdict's reasons would repeat numbers."""


def effects(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """``out_effects`` with numbers of groups below the limit blank. Pupil-days behind estimates are not handed on.

    Pupils behind an estimate are given to the nearest five: a look and a round later they differ by one or two.
    """
    is_small = rows["pupils"].notna() & (rows["pupils"] < rules.minimum_pupils)
    out = rows.copy()
    numbers = list(_EFFECT_NUMBERS)
    out[numbers] = out[numbers].where(~is_small)
    return out.assign(
        pupils=(out["pupils"].where(~is_small) / ROUNDED_TO).round() * ROUNDED_TO,
        pupil_days=float("nan"),
        note=out["note"].where(~is_small),
    )


def small_looks(rows: pd.DataFrame, protocol: Protocol, rules: DisclosureRules) -> frozenset[str]:
    """Looks at the milestone (wave ids, and ``all``) whose treated group is below the limit."""
    of_grade = {w.grade: w.id for w in protocol.waves}
    mine = rows[rows["question"].isin(["milestone", "grade"]) & (rows["pupils"] < rules.minimum_pupils)]
    found = {of_grade.get(str(g), "") for g in mine.loc[mine["group_kind"] == "grade", "group_id"]}
    found |= {"all"} if (mine["group_kind"] == "all").any() else set()
    return frozenset(found - {""})


def looks(rows: pd.DataFrame, small: frozenset[str]) -> pd.DataFrame:
    """Verdicts, power, pre-trends and honest bounds with the numbers of small looks blank, and words that repeat them."""
    is_small = rows["look"].isin(small)
    out = rows.copy()
    numbers = [c for c in map(str, out.columns) if c in _LOOK_NUMBERS]
    out[numbers] = out[numbers].where(~is_small)
    for column in ("reasons", "certainty_reasons", "note"):
        if column in out.columns:
            out[column] = out[column].mask(is_small, TOO_FEW)
    return out


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
    number = pd.Series(
        [printed.get(f"gruppe={group}") for group in rows["group_id"]], index=rows.index, dtype="Float64"
    )
    return out.assign(
        pupils=number.round().astype("Int64").where(~is_small & rows["estimator"].eq("naive")),
        note=rows["note"].where(~is_small),
    )
