"""Indicators of the Målplan's signs that are no absence figures, as rows the joint display can take.

Each takes a side only where a stated limit is passed; in between it is shown and takes none.
"""

from __future__ import annotations

import pandas as pd

INDICATOR_COLUMNS = ("indicator", "estimate_pp", "ci_low_pp", "ci_high_pp", "verdict", "says", "text")
"""Columns of the joint display's ``effects``; process indicators have no interval and no verdict."""

CARRIED_OUT_FROM_PCT = 80.0
NOT_CARRIED_OUT_BELOW_PCT = 50.0
ANCHORED_FROM_STEP = 3
"""*Forandringsledelse* on Implementeringstrappen: the effort no longer rests on a launch or on courses."""


def process_indicators(
    implementation: pd.DataFrame, forms: pd.DataFrame, themes: pd.DataFrame, sign: str = "MP.TEGN.SPROG"
) -> pd.DataFrame:
    """Rows [:data:`INDICATOR_COLUMNS`] for talks held, consents, steps and informant groups.

    ``implementation``: one row of counts or several to be added [talks_planned, talks_held, consents_given,
    consents_missing, consents_withdrawn]. ``forms``: the schools' fields; the latest step of each school counts.
    ``themes``: :func:`~evaluation.interviews.signs.sign_themes`, for the number of informant groups at ``sign``.
    An indicator without data has no row.
    """
    rows: list[tuple[str, str, str]] = []
    totals = implementation.select_dtypes("number").sum()
    planned, held = float(totals.get("talks_planned", 0)), float(totals.get("talks_held", 0))
    if planned:
        share = 100 * held / planned
        says = (
            "for"
            if share >= CARRIED_OUT_FROM_PCT
            else "imod"
            if share < NOT_CARRIED_OUT_BELOW_PCT
            else "ukendt"
        )
        rows.append(("andel_afholdte_samtaler", says, f"{_pct(share)} af de planlagte samtaler er holdt."))
    given = float(totals.get("consents_given", 0))
    asked = given + float(totals.get("consents_missing", 0)) + float(totals.get("consents_withdrawn", 0))
    if asked:
        rows.append(("andel_samtykker", "ukendt", f"{_pct(100 * given / asked)} har givet samtykke."))
    steps = forms[(forms["dimension"] == "trin") & forms["score"].notna()]
    if len(steps):
        latest = steps.sort_values("occasion", kind="stable").groupby("school_id")["score"].last()
        high, schools = int((latest >= ANCHORED_FROM_STEP).sum()), len(latest)
        says = "for" if 2 * high > schools else "imod" if high == 0 else "ukendt"
        text = f"{high} af {schools} skoler sætter sig selv på trin {ANCHORED_FROM_STEP} eller højere."
        rows.append(("trin_paa_implementeringstrappen_pr_skole", says, text))
    spoken = themes[themes["sign_id"] == sign]
    if len(spoken):
        groups = int(spoken["informant_groups"].iloc[0])
        word = "informantgruppe" if groups == 1 else "informantgrupper"
        text = f"{groups} {word} taler om det; det er ikke et tal uafhængigt af interviewene."
        rows.append(("antal_informantgrupper_med_kode", "ukendt", text))
    nan = float("nan")
    return pd.DataFrame(
        [(name, nan, nan, nan, None, says, text) for name, says, text in rows],
        columns=list(INDICATOR_COLUMNS),
    )


def _pct(value: float) -> str:
    return f"{value:.0f} %"
