"""Findings about the data sorted by what a reader must do about them. The checks themselves are made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.reports.inputs import ReportInputs, records, text, value

_ORDER = {"blocking": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Finding:
    """One finding as a sentence; ``group`` is a school, a file or nothing. ``count`` of ``total`` rows or places."""

    sentence: str
    group: str
    severity: str
    count: float = 0.0
    total: float = 0.0

    @property
    def head(self) -> str:
        """What is the matter, without the next step."""
        return self.sentence.split(" Næste skridt", 1)[0].rstrip(".")


@dataclass(frozen=True)
class Findings:
    """``open``: calls for someone; ``notes``: worth knowing; ``files``: each received file's balance.

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
        count, total = value(row, "count") or 0.0, value(row, "of_total") or 0.0
        severity = text(row, "severity") or "info"
        found = Finding(_closed(sentence), text(row, "group_id"), severity, count, total)
        is_passed = value(row, "is_passed") != 0
        if text(row, "check_name") == "ledger":
            groups["files"].append(found)
            if total and 100 * count / total > inputs.protocol.quality.maximum_quarantine_pct:
                groups["open"].append(found)
        elif not is_passed:
            groups["notes" if severity == "info" else "open"].append(found)
        else:
            groups["fine"].append(found)
    ranked = sorted(groups["open"], key=lambda f: (_ORDER.get(f.severity, 3), f.group, f.sentence))
    return Findings(tuple(ranked), tuple(groups["notes"]), len(groups["fine"]), tuple(groups["files"]))


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
