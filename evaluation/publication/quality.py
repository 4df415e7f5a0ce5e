"""What may be said outside about the data: which files came, which weeks are missing, which checks hold.

What belongs here is telling findings to the public. How far each of them may go stands with its sentence, in the catalogue;
a finding that is the analyst's alone is left out, and no finding's numbers are told in another way.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evaluation.disclosure.rules import DisclosureRules
from evaluation.expectations import CheckResult
from evaluation.words import Public, may_reach, render, taken


def public(rules: DisclosureRules) -> Public:
    """The readers of a report, under a study's limits."""
    return Public(minimum=rules.minimum_pupils, marker=rules.marker, step=rules.pupils_step)


def quality(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """``out_quality`` as it may leave: sentences for everybody, without the statements behind them."""
    audience = public(rules)
    said = [taken(str(text)) for text in rows["statement"]]
    reach = pd.Series([may_reach(s, audience) for s in said], index=rows.index, dtype=bool)
    kept = rows[reach].reset_index(drop=True)
    sentences = [render(s, audience) for s, far in zip(said, reach, strict=True) if far]
    nothing = pd.Series(None, index=kept.index, dtype="str")
    return kept.assign(sentence=pd.Series(sentences, index=kept.index, dtype="str"), statement=nothing)


def unsound(results: Sequence[CheckResult], rules: DisclosureRules) -> tuple[str, ...]:
    """What Dagster's page and messages say of checks that do not hold: what everybody may read, else the check's name."""
    audience = public(rules)
    said = (
        r.text(audience) if may_reach(r.statement, audience) else f"{r.check_name} (komglad check)"
        for r in results
    )
    return tuple(dict.fromkeys(said))
