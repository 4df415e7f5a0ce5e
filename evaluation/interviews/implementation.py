"""Was the programme carried out: talks planned and held, coverage, follow-ups and consents – dose beside effect.

Counts only; they pass disclosure control before a report shows them.
"""

from __future__ import annotations

import pandas as pd

from evaluation.errors import InputError, Problem
from evaluation.interviews.attributes import slug

IMPLEMENTATION_COLUMNS = (
    "school_id",
    "grade",
    "pupils",
    "talks_planned",
    "talks_held",
    "pupils_talked_with",
    "coverage_pct",
    "held_of_planned_pct",
    "follow_ups",
    "pupils_followed_up",
    "consents_given",
    "consents_missing",
    "consents_withdrawn",
    "consent_pct",
    "first_on",
    "last_on",
)
"""One row per school and grade (the wave is its grade's), per school, or one in all."""

HELD = frozenset({"held", "afholdt", "gennemfoert", "done"})
NOT_HELD = frozenset(
    {"planned", "planlagt", "cancelled", "aflyst", "no_show", "udeblevet", "udsat", "postponed"}
)
FOLLOW_UPS = frozenset({"follow_up", "followup", "opfoelgning", "opfoelgende"})
_LEVELS = {"school_grade": ["school_id", "grade"], "grade": ["grade"], "school": ["school_id"], "all": []}


def implementation_table(
    talks: pd.DataFrame, cells: pd.DataFrame, consents: pd.DataFrame, *, level: str = "school_grade"
) -> pd.DataFrame:
    """Dose by school and wave; columns of ``level`` + :data:`IMPLEMENTATION_COLUMNS`' counts.

    ``talks``: one row per talk [school_id, grade, pupil_key, date, kind, status]; ``kind`` is a first talk unless it
    is a follow-up (``follow_up``/``opfølgning``), ``status`` held or not (``held``/``afholdt``, ``planned``,
    ``cancelled``/``aflyst`` …). ``cells``: pupils by [school_id, grade]. ``consents``: counts [school_id, grade,
    given, missing, withdrawn]. Coverage = pupils with at least one held first talk ÷ pupils. ``level``:
    ``school_grade``, ``grade``, ``school`` or ``all``. Raises ``InputError`` for a status that is not known.
    """
    if level not in _LEVELS:
        raise InputError(f"Implementation cannot be shown by {level}. Expected: {', '.join(_LEVELS)}.")
    keys = _LEVELS[level]
    status = talks["status"].map(lambda value: slug(str(value)))
    unknown = sorted(set(status) - HELD - NOT_HELD)
    if unknown:
        problem = Problem(
            "talks",
            column="status",
            found=f"{int(status.isin(unknown).sum())} talk(s) with a status that is not known",
            expected=", ".join(sorted(HELD | NOT_HELD)),
            next_step="map the status in the file's mapping",
        )
        raise InputError("The talks cannot be counted.", [problem])
    table = talks.assign(
        _held=status.isin(HELD),
        _follow=talks["kind"].map(lambda value: slug(str(value))).isin(FOLLOW_UPS),
        _all="",
    )
    by = [*keys, "_all"]
    first = table[~table["_follow"]]
    held = first[first["_held"]]
    followed = table[table["_follow"] & table["_held"]]
    everyone = cells.assign(_all="").groupby(by, sort=True)[["pupils"]].sum()
    answers = consents.assign(_all="").groupby(by)[["given", "missing", "withdrawn"]].sum()
    result = everyone.copy()
    result["talks_planned"] = first.groupby(by).size()
    result["talks_held"] = held.groupby(by).size()
    result["pupils_talked_with"] = held.groupby(by)["pupil_key"].nunique()
    result["follow_ups"] = followed.groupby(by).size()
    result["pupils_followed_up"] = followed.groupby(by)["pupil_key"].nunique()
    for name in ("given", "missing", "withdrawn"):
        result[f"consents_{name}"] = answers[name]
    counts = [c for c in result.columns if c != "pupils"]
    result[counts] = result[counts].fillna(0).astype("int64")
    result["first_on"] = held.groupby(by)["date"].min()
    result["last_on"] = held.groupby(by)["date"].max()
    asked = result["consents_given"] + result["consents_missing"] + result["consents_withdrawn"]
    result["coverage_pct"] = _share(result["pupils_talked_with"], result["pupils"])
    result["held_of_planned_pct"] = _share(result["talks_held"], result["talks_planned"])
    result["consent_pct"] = _share(result["consents_given"], asked)
    result = result.reset_index()
    return result[[c for c in IMPLEMENTATION_COLUMNS if c in keys or c not in ("school_id", "grade")]]


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Per cent; missing where there is nothing to take a share of."""
    return (100.0 * part / whole.where(whole > 0)).astype("float64")
