"""The outcomes that do not decide the milestone: what each moved, with its interval, and no word about it."""

from __future__ import annotations

import pandas as pd

from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import EFFECT_KEY, ReportInputs, effects, records, text
from evaluation.reports.milestone import ESTIMATE_COLUMNS
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.telling import tell
from evaluation.words.catalogue.sections import Others
from evaluation.words.danish import capital


def others(inputs: ReportInputs) -> Section | None:
    """One row per outcome beside the one that decides: the treated groups together, against what was expected."""
    labels = {o.id: capital(o.label) for o in inputs.protocol.outcomes if not o.is_primary}
    if not labels:
        return None
    found = {o: effects(inputs, "grade", o, group_kind="all", estimator="imputation").head(1) for o in labels}
    shown = pd.concat([rows[rows["estimate_pp"].notna()] for rows in found.values()])
    why = dict.fromkeys(w for f in found.values() for r in records(f) if (w := text(r, "note")))
    if shown.empty:
        return Section("andre-udfald", tell(Others.TITLE), tuple(why) or (tell(Others.NOTHING),))
    columns = [Column("outcome", tell(Others.OUTCOME), names=lambda o: labels[str(o)]), *ESTIMATE_COLUMNS]
    exhibit = Exhibit(
        "andre-udfald-tabel",
        tell(Others.FOUND),
        render_table(
            "andre-udfald",
            tell(Others.CAPTION),
            shown,
            columns,
            key=EFFECT_KEY,
            marker=inputs.protocol.disclosure.marker,
            source="out_effects",
        ),
        tell(Others.WHAT),
        "out_effects",
    )
    lead = tell(Others.LEAD)
    return Section("andre-udfald", tell(Others.TITLE), (lead,), (exhibit,))
