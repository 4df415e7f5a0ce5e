"""Findings about the data sorted by what a reader must do about them. The checks themselves are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.reports.inputs import ReportInputs, records, text, value
from evaluation.words.danish import date, join

FILE_KINDS = {
    "absence": "Fravær",
    "totals": "Opgørelse",
    "pupils": "Elevliste",
    "talks": "Samtalelog",
    "consents": "Samtykker",
    "calendar": "Kalender",
    "interviews": "Interviews",
    "school_forms": "Skolernes skemaer",
}
_ORDER = {"blocking": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Finding:
    """One finding as a sentence; ``group`` is a school, a file or nothing."""

    head: str
    group: str
    severity: str
    next_step: str = ""

    @property
    def sentence(self) -> str:
        """What is the matter, and what to do next."""
        return f"{self.head}. Næste skridt: {self.next_step}." if self.next_step else f"{self.head}."


@dataclass(frozen=True)
class Findings:
    """``open``: calls for someone; ``notes``: worth knowing; ``files``: each received file.

    ``fine`` counts the checks that found everything in order.
    """

    open: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    fine: int
    files: tuple[Finding, ...]


def findings(inputs: ReportInputs) -> Findings:
    """``out_quality`` sorted, the gravest first.

    A file with some rows set aside is normal; it is open only when more of it than the protocol allows was.
    """
    groups: dict[str, list[Finding]] = {"open": [], "notes": [], "fine": [], "files": []}
    for row in records(inputs.frame("out_quality")):
        sentence = text(row, "sentence")
        if not sentence:
            continue
        severity = text(row, "severity") or "info"
        is_file = text(row, "check_name") == "ledger"
        if is_file:
            sentence = f"{join(file_parts(inputs, text(row, 'group_id'))[:2], 'fra')}: {sentence}"
        found = Finding(sentence.rstrip("."), text(row, "group_id"), severity, text(row, "next_step"))
        is_passed = value(row, "is_passed") != 0
        if is_file:
            groups["files"].append(found)
            if not is_passed:
                groups["open"].append(found)
        elif not is_passed:
            groups["notes" if severity == "info" else "open"].append(found)
        else:
            groups["fine"].append(found)
    ranked = sorted(groups["open"], key=lambda f: (_ORDER.get(f.severity, 3), f.group, f.sentence))
    return Findings(tuple(ranked), tuple(groups["notes"]), len(groups["fine"]), tuple(groups["files"]))


def file_parts(inputs: ReportInputs, group: str) -> tuple[str, str, str]:
    """A received file as what it holds, whose it is, and the day it was made."""
    school, kind, day, *_ = [*group.split(" "), "-", "-"]
    return (
        FILE_KINDS.get(kind, kind),
        "alle skoler" if school == "-" else inputs.school_name(school, short=True),
        "" if day == "-" else date(day),
    )
