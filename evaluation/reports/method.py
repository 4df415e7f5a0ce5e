"""Sections about the report itself: how to read it, data quality, method, limits, rerun, protocol, rounds compared."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.reports import language as say
from evaluation.reports.answers import certainty_details, smallest_change
from evaluation.reports.charts import shown
from evaluation.reports.danish import (
    capital,
    count,
    date,
    join,
    neuter,
    number,
    points,
    rounded,
)
from evaluation.reports.findings import Finding, findings
from evaluation.reports.glossary import TERMS
from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import (
    ReportInputs,
    Verdict,
    headline,
    main_effect,
    records,
    text,
    verdicts,
)
from evaluation.reports.page import Exhibit, Section

MOST_ROWS = 20
"""A longer table of operating characteristics is cut to the methods the verdict rests on."""
VERDICT_RULES = (
    "opnået",
    "tegn på fald, men usikkert",
    "ikke påvist",
    "kan ikke vurderes",
    "kan endnu ikke opgøres",
)


def reading_guide(inputs: ReportInputs) -> Section:
    """How to read: the words, the dots, the unit people feel, the hidden numbers."""
    verdict = headline(inputs)
    points_ = [
        f"»Ventet« er det fravær, der kunne ventes ud fra de øvrige {inputs.group_word(plural=True)} på "
        "samme skole og samme måned sidste år.",
        f"1 procentpoint svarer til cirka {number(say.SCHOOL_DAYS_PER_YEAR / 100, 0)} skoledage pr. elev på "
        f"et skoleår ({say.SCHOOL_DAYS_PER_YEAR} skoledage).",
        "Afgørelsen om milepælen har altid ét af fem faste ord og følger en regel, der blev skrevet på "
        "forhånd: " + join([f"»{w}«" for w in VERDICT_RULES], "eller") + ".",
        "Prikkerne viser, hvor sikkert grundlaget er, fra 0 til 5. Én prik for hvert krav, der er opfyldt; "
        f"for få elever eller {inputs.group_word(plural=True)} sætter et loft.",
        f"Mærket {inputs.protocol.disclosure.marker} står for et tal, der er skjult af hensyn til elevernes "
        "anonymitet. Det er ikke nul.",
        "Registreringer fra de seneste uger kan stadig blive rettet.",
    ]
    reasons = certainty_details(inputs)
    parts: tuple[Section, ...] = ()
    if verdict and reasons:
        heading = f"Hvorfor {say.dots_text(verdict.dots)}: {verdict.certainty or 'kan ikke vurderes'}"
        parts = (Section("prikker", heading, points=reasons),)
    return Section("laesevejledning", "Sådan læses rapporten", points=tuple(points_), parts=parts)


def quality(inputs: ReportInputs) -> Section:
    """Findings about the data in words: what calls for someone first, then what was checked, then each file."""
    found = findings(inputs)
    if not (found.open or found.fine or found.files or found.notes):
        return Section("kvalitet", "Datakvalitet", ("Runden har ingen fund om datakvalitet at vise.",))
    paragraphs = ["Intet i data kræver, at nogen følger op."]
    if found.open:
        paragraphs = [f"{neuter(len(found.open))} fund kræver, at nogen følger op."]
    checks = inputs.frame("out_registration")
    alarms = [text(r, "note") for r in records(checks[checks["is_alarm"].fillna(False).astype(bool)])]
    if alarms:
        paragraphs += [
            "Registreringen af fravær har ændret sig. En ændring i tallene kan komme af det.",
            *alarms,
        ]
    elif len(checks):
        paragraphs.append(
            "Registreringen ser ud som sidste år: ingen af prøverne for ændret registrering har slået ud."
        )
    if found.fine:
        paragraphs.append(f"{count(found.fine)} prøver af data er gjort uden anmærkninger.")
    lists = (
        ("kvalitet-aaben", "Kræver opmærksomhed", found.open),
        ("kvalitet-bemaerk", "Værd at vide", found.notes),
    )
    parts = tuple(Section(i, title, points=tuple(x.sentence for x in xs)) for i, title, xs in lists if xs)
    exhibits = (_files(inputs, found.files),) if found.files else ()
    return Section("kvalitet", "Datakvalitet", tuple(paragraphs), exhibits, parts=parts)


def _files(inputs: ReportInputs, received: tuple[Finding, ...]) -> Exhibit:
    """Every received file with its rows and how many were set aside."""
    frame = pd.DataFrame([{"group_id": f.group, "of_total": f.total, "count": f.count} for f in received])
    columns = [
        Column("group_id", "Fil"),
        Column("of_total", "Rækker modtaget", "count", "none"),
        Column("count", "Lagt til side", "count", "none"),
    ]
    rows, aside = frame["of_total"].sum(), frame["count"].sum()
    title = f"{count(aside)} af {count(rows)} rækker kunne ikke læses og er lagt til side"
    marker = inputs.protocol.disclosure.marker
    table = render_table(
        "filer", "Modtagne filer", frame, columns, key=("group_id",), marker=marker, source="out_quality"
    )
    what = "En række lægges til side, når den bryder en regel; den bliver hverken rettet eller gættet på."
    return Exhibit("filer-oversigt", title, table, what, "out_quality")


def method(inputs: ReportInputs) -> Section:
    """The method and its limits in words, with the smallest detectable change of each look."""
    p = inputs.protocol
    groups = inputs.group_word(plural=True)
    text_ = (
        f"Hver {inputs.group_word()} sammenlignes med sin egen samme måned sidste år og med de {groups} på samme "
        f"skole, der ikke har haft {p.study.programme}. Det ventede fravær regnes kun ud fra måneder uden samtaler, "
        "så en gruppe, der allerede har haft samtaler, aldrig bruges som sammenligning.",
        f"Usikkerheden regnes på det niveau, samtalerne blev fordelt på: skole og {inputs.group_word()}. Med så få "
        "grupper bruges beregninger, der er lavet til få grupper, og en ombytningstest, der ikke forudsætter noget "
        "om fordelingen.",
    )
    limits = (
        f"Der går andre elever på en {inputs.group_word()} i år end sidste år.",
        f"Samtalerne er ikke fordelt ved lodtrækning. Sker der noget særligt på netop disse {groups} på alle "
        "skoler samtidig, kan det ikke skilles fra samtalerne.",
        "Rapporten måler registreret fravær. Bedre registrering kan få fraværet til at se højere ud.",
        "Ufrivilligt fravær er ikke en registreringstype; det kan kun belyses gennem interviewene.",
        "Forskelle mellem skoler kan ikke afgøres med så få elever pr. skole.",
    )
    exhibits = [x for x in (_power(inputs), _characteristics(inputs)) if x]
    return Section(
        "metode",
        "Metode og grænser",
        text_,
        tuple(exhibits),
        parts=(Section("graenser", "Det kan undersøgelsen ikke vise", points=limits),),
    )


def glossary() -> Section:
    """The report's words."""
    return Section("ordliste", "Ordliste", terms=tuple((capital(t.danish), t.meaning) for t in TERMS))


def rerun(inputs: ReportInputs) -> Section:
    """Protocol, changes, and what is needed to make the same numbers again."""
    m = inputs.manifest
    frozen = bool(m.get("is_frozen"))
    changes = [str(c) for c in m.get("changes_since_freeze") or []]
    when = f" den {date(m['frozen_on'])}" if m.get("frozen_on") else ""
    if frozen and not changes:
        lead = f"Planen for undersøgelsen (protokollen) blev låst{when}, før resultaterne blev set, og er ikke ændret siden."
    elif frozen:
        antal = f"{neuter(len(changes)).lower()} {'sted' if len(changes) == 1 else 'steder'}"
        lead = f"Planen (protokollen) blev låst{when}, men er siden ændret {antal}:"
    else:
        lead = (
            "Planen for undersøgelsen (protokollen) var ikke låst, før resultaterne blev set. "
            "Læs resultaterne med det forbehold."
        )
    facts = [
        f"Protokol: {inputs.protocol.study.id}, version {inputs.protocol.study.version}, kontrolsum "
        f"{str(m.get('protocol_hash') or inputs.protocol.hash)[:16]}",
        f"Runde: {inputs.round.id}, data til og med {date(inputs.round.cutoff)}, rapportdato "
        f"{date(inputs.round.report_date)}",
    ]
    if m.get("git_commit"):
        facts.append(f"Programmets udgave: {str(m['git_commit'])[:12]}")
    if m.get("input_hashes"):
        facts.append(
            f"Modtagne filer: {count(len(m['input_hashes']))}, hver med kontrolsum i manifestet ved siden af "
            "rapporten"
        )
    facts.append(f"Gør tallene om: komglad verify {inputs.round.id}")
    parts = (Section("gentag", "Sådan gøres tallene om", points=tuple(facts)),)
    return Section("protokol", "Planen og gentagelse", (lead,), points=tuple(changes), parts=parts)


def comparison(inputs: ReportInputs) -> Section | None:
    """What changed since the earlier round, and why; None when there is no earlier round."""
    if inputs.previous is None or inputs.previous_round is None:
        return None
    before = _as_previous(inputs)
    rows: list[dict[str, Any]] = []

    def add(what: str, then: float | None, now: float | None, kind: str) -> None:
        if then is not None or now is not None:
            rows.append({"what": what, "then": then, "now": now, "kind": kind})

    e0, e1 = main_effect(before), main_effect(inputs)
    add(
        "Ændring ud over det ventede (procentpoint)",
        e0.estimate if e0 else None,
        e1.estimate if e1 else None,
        "pp",
    )
    m0, m1 = headline(before), headline(inputs)
    add("Prikker (0–5)", float(m0.dots) if m0 else None, float(m1.dots) if m1 else None, "count")
    s0, s1 = _sources(before), _sources(inputs)
    add("Kilder i interviewene", s0, s1, "count")
    points_ = []
    old = {v.look: v for v in verdicts(before)}
    for v in verdicts(inputs):
        if v.look in old:
            points_.append(f"{capital(inputs.wave_name(v.look))}: {_moved(old[v.look], v)}.")
    why = [f"Nye data: {date(inputs.previous_round.cutoff)} til {date(inputs.round.cutoff)}"]
    new_files = set(inputs.manifest.get("input_hashes") or {}) - set(
        inputs.previous_manifest.get("input_hashes") or {}
    )
    if new_files:
        why.append(f"Nye filer: {count(len(new_files))}")
    c0, c1 = (_total(x.frame("out_implementation"), "consents_given") for x in (before, inputs))
    if c0 is not None and c1 is not None and c0 != c1:
        why.append("Samtykker er givet eller trukket tilbage siden sidst")
    if inputs.manifest.get("git_commit") != inputs.previous_manifest.get("git_commit"):
        why.append("Programmet er en nyere udgave")
    if inputs.manifest.get("protocol_hash") != inputs.previous_manifest.get("protocol_hash"):
        why.append("Protokollen er ændret")
    intro = (
        f"Sammenlignet med {inputs.previous_round.title[:1].lower()}{inputs.previous_round.title[1:]}. Fraværets "
        "niveau sammenlignes ikke mellem runder, fordi årstiden er en anden."
    )
    exhibits: tuple[Exhibit, ...] = ()
    if rows:
        columns = [
            Column("what", "Tal"),
            Column("then", inputs.previous_round.title, "pp", "none", kind_from="kind"),
            Column("now", inputs.round.title, "pp", "none", kind_from="kind"),
        ]
        table = render_table(
            "runder",
            "Hovedtal i de to runder",
            pd.DataFrame(rows),
            columns,
            key=("what",),
            marker=inputs.protocol.disclosure.marker,
            source="rounds",
        )
        exhibits = (
            Exhibit(
                "runder",
                "Hovedtallene dengang og nu",
                table,
                "Tallene fra den tidligere runde står, som de blev offentliggjort.",
                "out_effects, out_verdicts",
            ),
        )
    return Section(
        "siden-sidst",
        "Hvad er ændret siden sidst",
        (intro,),
        exhibits,
        tuple(points_),
        parts=(Section("hvorfor", "Hvorfor er tallene ændret", points=tuple(f"{w}." for w in why)),),
    )


def _as_previous(inputs: ReportInputs) -> ReportInputs:
    assert inputs.previous is not None
    assert inputs.previous_round is not None
    return ReportInputs(inputs.protocol, inputs.previous_round, inputs.previous, inputs.previous_manifest)


def _moved(then: Verdict, now: Verdict) -> str:
    if then.word == now.word:
        return f"fortsat »{now.word}«"
    return f"var »{then.word}«, er nu »{now.word}«"


def _sources(inputs: ReportInputs) -> float | None:
    rows = inputs.frame("out_themes")
    totals = rows.loc[rows["group_kind"] == "all", "sources_total"].dropna()
    return float(totals.max()) if len(totals) else None


def _total(frame: pd.DataFrame, column: str) -> float | None:
    return None if not len(frame) or frame[column].isna().any() else float(frame[column].sum())


def _power(inputs: ReportInputs) -> Exhibit | None:
    rows = inputs.frame("out_power")
    if not len(rows):
        return None
    rows = rows.assign(who=[_look_name(inputs, r) for r in records(rows)])
    columns = [
        Column("who", "Hvem"),
        Column("mde_pp", "Mindste ændring, der kan opdages (procentpoint)", "number", "none"),
        Column("relevant_change_pp", "Vigtig ændring (procentpoint)", "number", "none"),
        Column("baseline_pct", "Fravær at måle mod", "pct", "none"),
    ]
    table = render_table(
        "styrke",
        "Hvad undersøgelsen kan se",
        rows,
        columns,
        key=("look", "basis"),
        marker=inputs.protocol.disclosure.marker,
        source="out_power",
    )
    # The number that page one speaks of, so that the report names one smallest change and not two.
    (size,) = shown([smallest_change(inputs, headline(inputs))[0]])
    relevant = inputs.protocol.milestone.relevant_change_pp
    if size is None:
        finding = "Det kan ikke beregnes, hvor små ændringer målingen kan opdage"
    elif size <= rounded(relevant):
        finding = f"Målingen kan opdage ændringer ned til {points(size)}"
    else:
        finding = f"Målingen kan kun opdage ændringer på mindst {points(size)}; {points(relevant)} er aftalt som vigtigt"
    return Exhibit(
        "styrke",
        finding,
        table,
        "Så stor skal en ændring være for at blive fundet i fire af fem tilfælde.",
        "out_power",
    )


def _look_name(inputs: ReportInputs, row: dict[str, Any]) -> str:
    """``milestone:6`` and ``grade:all`` in words, with what the number rests on."""
    question, _, group = text(row, "look").partition(":")
    grades = inputs.protocol.grades
    who = (
        grades.name(group)
        if group in grades.order
        else f"alle indsats{inputs.group_word(plural=True)} samlet"
    )
    what = {"milestone": "milepælen", "grade": "indtil nu"}.get(question, question)
    basis = {"observed": "rundens egne tal", "planned": "planlagt ud fra årene før"}.get(
        text(row, "basis"), text(row, "basis")
    )
    return f"{capital(who)}, {what} ({basis})"


def _characteristics(inputs: ReportInputs) -> Exhibit | None:
    frame = inputs.operating_characteristics
    if frame is None or not len(frame):
        return None
    if "method" in frame and len(frame) > MOST_ROWS:
        frame = frame[frame["method"].astype(str).str.contains("CR2|permutation|indsatselever")]
    shares = [c for c in ("size", "power", "coverage") if c in frame]
    names = [c for c in ("scenario", "method") if c in frame]
    frame = frame[names + shares].assign(**{c: frame[c].astype("float64") * 100 for c in shares})
    labels = dict(
        zip(
            ("size", "power", "coverage"), ("Falsk alarm", "Finder faldet", "Intervallet rammer"), strict=True
        )
    )
    columns = [Column(c, {"scenario": "Prøve", "method": "Metode"}[c]) for c in names]
    columns += [Column(c, labels[c], "pct", "none") for c in shares]
    table = render_table(
        "proevet",
        "Metoden prøvet på opdigtede kommuner med kendt facit",
        frame,
        columns,
        key=names,
        marker=inputs.protocol.disclosure.marker,
        source="operating_characteristics",
    )
    return Exhibit(
        "proevet",
        "Metoden er prøvet på opdigtede kommuner, hvor facit er kendt",
        table,
        "Andel af gentagne prøver. Alle metoder og gentagelser står i metodebeskrivelsen.",
        "operating_characteristics",
    )
