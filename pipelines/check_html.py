"""What ``komglad check`` understood, as an HTML page for the analyst alone: owner-only, never under the reports.

No pupil stands in it; counts of pupils do, so it stays on this machine.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from evaluation.door.understood import Understood
from evaluation.errors import Problem
from evaluation.words import ANALYST, danish
from pipelines.checking import Findings
from pipelines.storage import write_text
from pipelines.told import danish_words, place_of

_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}caption{text-align:left;font-weight:600}
th,td{border:1px solid #767676;padding:.2rem .6rem;text-align:right}th[scope=row]{text-align:left;font-weight:400}
td.t{text-align:left}.q{border-left:.4rem solid #8a4b00;padding-left:.8rem}
"""


def write_page(found: Findings, folder: Path) -> Path:
    """Write the page; returns where it lies."""
    path = folder / f"kontrol_{found.round_id}.html"
    write_text(path, page_of(found))
    return path


def page_of(found: Findings) -> str:
    """The page."""
    title = f"Kontrol af {found.round_id}"
    parts = [
        "<p>Kun for den, der kører evalueringen: siden har tal på elever og må ikke sendes videre.</p>",
        *(_file(found, name) for name in found.names),
    ]
    if found.problems:
        parts.append(_table("Det, der stopper runden", ("Fil", "Hvad", "Næste skridt"),
                            [_problem(p) for p in found.problems]))  # fmt: skip
    if found.open_warnings:
        parts.append(_table("Bør ses efter", ("Nummer", "Hvad"),
                            [(found.noted.id_of(r), r.text(ANALYST)) for r in found.open_warnings]))  # fmt: skip
    if found.accepted_warnings:
        noted = [(found.noted.id_of(r), r.text(ANALYST), why) for r, why in found.accepted_warnings]
        parts.append(_table("Noteret", ("Nummer", "Hvad", "Grund"), noted))
    return (
        f'<!doctype html><html lang="da"><head><meta charset="utf-8"><title>{_e(title)}</title>'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main><h1>{_e(title)}</h1>{''.join(parts)}</main></body></html>\n"
    )


def _problem(p: Problem) -> tuple[str, str, str]:
    words = danish_words(p.rule, p.found, p.next_step, p.expected)
    return p.file, f"{words.found}{place_of(p.line, [p.column])}", words.do


def _file(found: Findings, name: str) -> str:
    row = found.ledger[found.ledger["source_file"] == name]
    parts = [f"<section><h2>{_e(name)}</h2>"]
    if not row.empty:
        counts = {c.removeprefix("rows_"): int(row[c].iloc[0]) for c in row.columns if c.startswith("rows_")}
        parts.append(
            f"<p>{_e(' · '.join(f'{_COUNTS.get(c, c)} {danish.count(n)}' for c, n in counts.items() if n))}</p>"
        )
    if questions := found.questions.get(name, ()):
        items = "".join(f"<li><b>{_e(q.name)}</b>: {_e(q.why)} → {_e(q.answer)}</li>" for q in questions)
        parts.append(f'<div class="q"><h3>Åbne spørgsmål</h3><ul>{items}</ul></div>')
    if unread := found.unread.get(name, ()):
        parts.append(f"<p>Læses ikke: {_e(', '.join(unread))}</p>")
    if (u := found.understood.get(name)) is not None:
        parts += _understood(u, {t.id: t.label for t in found.study.protocol.absence_types})
    mine = found.quarantine[found.quarantine["source_file"] == name]
    if len(mine):
        rows = []
        for (rule, column), these in mine.groupby(["rule", "column_name"], dropna=False):
            words = danish_words(str(rule), str(these["found"].iloc[0]), "")
            rows.append((danish.count(len(these)), words.found, _text(column), _lines(these["source_row"])))
        parts.append(_table("Karantæne", ("Rækker", "Hvad", "Kolonne", "Linjer"), rows))
    return "".join([*parts, "</section>"])


_COUNTS = {
    "in": "ind", "kept": "brugt", "quarantined": "karantæne", "duplicate": "dubletter", "superseded": "erstattet",
    "out_of_round": "uden for", "skipped": "sprunget over",
}  # fmt: skip


def _understood(u: Understood, types: dict[str, str]) -> list[str]:
    months = sorted(u.days["month"].unique())
    facts = [f"{danish.number(u.absent_days)} dage"]
    facts += [] if u.possible_days is None else [f"af {danish.number(u.possible_days)} mulige"]
    facts += [f"{danish.count(u.pupils)} {danish.plural(u.pupils, ('elev', 'elever'))}"] if u.pupils else []
    facts += [f"{danish.date(u.first_on)} – {danish.date(u.last_on)}"]
    if u.smallest is not None and u.largest is not None:
        facts.append(f"mindste mængde {danish.number(u.smallest)}, største {danish.number(u.largest)}")
    heads = ("Type", *(danish.month(m) for m in months), "I alt")
    rows: list[Sequence[str]] = []
    for kind, label in types.items():
        mine = u.days[u.days["absence_type"] == kind]
        for name, column in ((label, "days"), (f"{label}, året før", "last_year")):
            sums = mine.groupby("month")[column].sum(min_count=1)
            if sums.notna().any():
                rows.append((name, *(_number(sums.get(m)) for m in months), _number(sums.sum())))
    by_class = (
        u.days.groupby(["class_label", "absence_type"], dropna=False)["days"].sum().unstack(fill_value=0)
    )
    classes = [
        (_text(label) or "uden klasse", *(_number(row.get(kind, 0.0)) for kind in types))
        for label, row in by_class.iterrows()
    ]
    return [
        f"<p>Forstået: {_e(' · '.join(facts))}</p>",
        _table("Dage efter type og måned", heads, rows),
        _table("Dage efter klasse og type", ("Klasse", *types.values()), classes),
    ]


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_e(h)}</th>' for h in heads)
    body = "".join(
        f'<tr><th scope="row">{_e(r[0])}</th>{"".join(f"<td>{_e(c)}</td>" for c in r[1:])}</tr>' for r in rows
    )
    return (
        f"<table><caption>{_e(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _lines(rows: pd.Series) -> str:
    numbers = [str(int(n)) for n in rows.dropna().head(20)]
    return ", ".join(numbers) + (" …" if len(rows) > len(numbers) else "")


def _number(value: float | None) -> str:
    return "–" if value is None or pd.isna(value) else danish.number(float(value))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _e(text: str) -> str:
    return html.escape(text)
