"""Sections about the report itself: how to read it, data quality, method, limits, rerun, protocol, rounds compared."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.design import compared
from evaluation.questions.operating import chance, coverage, made, probabilities
from evaluation.questions.verdict import Word
from evaluation.reports import language as say
from evaluation.reports.answers import certainty_details, smallest_change
from evaluation.reports.charts import shown
from evaluation.reports.findings import Finding, file_parts, findings
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
from evaluation.reports.places import beside, of_unit, others, unit
from evaluation.words.danish import (
    capital,
    count,
    date,
    join,
    neuter,
    number,
    percent,
    points,
    rounded,
)

THREATS = {
    "clean": "når alt er, som planen antager",
    "grade_shocks": "når grupper har gode og dårlige år",
    "good_cohort": "når bedre grupper af elever rykker op",
    "trend": "når fraværet alligevel var på vej ned med 0,25 procentpoint om måneden",
    "registration": "når 1,2 procentpoint af fraværet ikke længere registreres",
}
"""The simulated threats as they read; the last two no data of this design can tell from an effect."""
MOST_ROWS = 20
"""A longer table of operating characteristics is cut to the methods the verdict rests on."""
WITHHELD = (
    "Af hensyn til elevernes anonymitet står her ikke, hvor mange rækker filerne har, noget om en enkelt klasse, en "
    "skoles fraværstyper, om en skoles gruppe har fået indsatsen, eller det fraværsniveau, en forskel er målt ud fra. "
    "Det kan kun den, der arbejder med data, se."
)
"""What is not in a report because nothing proves that hidden numbers cannot be worked out from it. Said once."""


def reading_guide(inputs: ReportInputs) -> Section:
    """How to read: the words, the dots, the unit people feel, the hidden numbers."""
    verdict = headline(inputs)
    points_ = [
        _expected(inputs),
        f"1 procentpoint svarer til cirka {number(say.SCHOOL_DAYS_PER_YEAR / 100, 0)} skoledage pr. elev på "
        f"et skoleår ({say.SCHOOL_DAYS_PER_YEAR} skoledage).",
        "Afgørelsen om milepælen har altid ét af de faste ord og følger en regel, der blev skrevet på "
        "forhånd: " + join([f"»{w}«" for w in Word], "eller") + ".",
        "Fraværet efter indsatsen er gennemsnittet af de hele måneder efter den, hver måned regnet ens, mod de samme "
        "måneder sidste år.",
        "Prikkerne viser, hvor sikkert grundlaget er, fra 0 til 5: én prik for hvert opfyldt krav, men højst tre, når "
        "undersøgelsen er lille. Hvor intet kan afgøres, er der ingen prikker.",
        f"Mærket {inputs.protocol.disclosure.marker} står for et tal, der er skjult af hensyn til elevernes "
        "anonymitet. Det er ikke nul.",
        "Registreringer fra de seneste uger kan stadig blive rettet.",
    ]
    reasons = certainty_details(inputs)
    parts: tuple[Section, ...] = ()
    if verdict is not None and verdict.dots is not None and reasons:
        heading = f"Hvorfor {say.dots_text(verdict.dots)}: {verdict.certainty}"
        parts = (Section("prikker", heading, points=reasons),)
    return Section("laesevejledning", "Sådan læses rapporten", points=tuple(points_), parts=parts)


def _expected(inputs: ReportInputs) -> str:
    """What "ventet" rests on, in the words of the model that is primary."""
    rest = {
        "grades_same_school": f"{inputs.group_word(plural=True)} på samme skole",
        "same_grades_other_schools": "skoler",
        "all_others": others(inputs.protocol),
    }[inputs.protocol.estimand.comparison]
    others_ = f"de øvrige {rest} og samme måned i tidligere år"
    own = inputs.protocol.estimand.model == "same_month_own_year"
    before = f"{of_unit(inputs.protocol)} egne måneder før indsatsen, " if own else ""
    return f"»Ventet« er det fravær, der kunne ventes ud fra {before}{others_}."


def _compared(inputs: ReportInputs) -> str:
    """The comparison of the model that is primary, and of the one beside it."""
    one, p = unit(inputs.protocol), inputs.protocol
    rest, the_one = beside(p), f"{one}n" if one.endswith("e") else f"{one}en"
    if p.estimand.model != "same_month_own_year":
        return f"Hver {one} sammenlignes med sin egen samme måned i tidligere år og med {rest}."
    return (
        f"Hver {one} måles fra sine egne måneder før indsatsen. Det skridt holdes op mod det samme skridt i tidligere år "
        f"og hos {rest}. Sådan flytter det ikke tallet, om eleverne på {the_one} er bedre eller dårligere stillet end dem "
        "før. En beregning uden egne måneder før står ved siden af. De to er uenige, hvis eleverne skilte sig ud allerede i "
        "årene før; det prøves, og viser det sig, afgøres intet."
    )


def _cluster(inputs: ReportInputs) -> str:
    by_school = compared(inputs.protocol).cluster == ("school_id",)
    return "skole" if by_school else f"skole og {inputs.group_word()}"


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
            "Fordelingen på typer og klasser uden registrering tyder ikke på ændret registrering. En ændring, der rammer "
            "alle typer lige meget, kan ikke ses i tallene."
        )
    if found.fine:
        paragraphs.append(f"{count(found.fine)} kontroller af data gav ingen anmærkninger.")
    paragraphs.append(WITHHELD)
    lists = (
        ("kvalitet-aaben", "Kræver opmærksomhed", found.open),
        ("kvalitet-bemaerk", "Værd at vide", found.notes),
    )
    parts = tuple(Section(i, title, points=tuple(x.sentence for x in xs)) for i, title, xs in lists if xs)
    return Section("kvalitet", "Datakvalitet", tuple(paragraphs), parts=parts)


def files(inputs: ReportInputs) -> Section | None:
    """Each received file by what it holds; None without any."""
    received = findings(inputs).files
    if not received:
        return None
    return Section("filer-afsnit", "Filerne", (), (_files(inputs, received),))


def _files(inputs: ReportInputs, received: tuple[Finding, ...]) -> Exhibit:
    """Every received file by what it holds, whose it is and its day: neither its name nor its rows leave."""
    parts = [file_parts(inputs, f.group) for f in received]
    frame = pd.DataFrame(parts, columns=["kind", "school", "day"])
    frame["status"] = ["rækker lagt til side" if f.severity == "warning" else "læst" for f in received]
    columns = [
        Column("kind", "Indhold"),
        Column("school", "Skole"),
        Column("day", "Leveret"),
        Column("status", "Status"),
    ]
    aside = sum(f.severity == "warning" for f in received)
    title = (
        f"{neuter(aside)} af {count(len(received))} filer har for mange rækker, der ikke kunne læses"
        if aside
        else "Alle modtagne filer er læst"
    )
    marker = inputs.protocol.disclosure.marker
    table = render_table(
        "filer", "Modtagne filer", frame, columns, key=(), marker=marker, source="out_quality"
    )
    what = "En række lægges til side, når den bryder en regel; den bliver hverken rettet eller gættet på."
    return Exhibit("filer-oversigt", title, table, what, "out_quality")


def method(inputs: ReportInputs) -> Section:
    """The method and its limits in words, with the smallest detectable change of each look."""
    groups = inputs.group_word(plural=True)
    text_ = (
        f"{_compared(inputs)} Det ventede fravær regnes kun ud fra måneder uden indsatsen, så en gruppe, der allerede har "
        "fået indsatsen, aldrig bruges som sammenligning.",
        f"Usikkerheden regnes på det niveau, indsatsen blev fordelt på: {_cluster(inputs)}. Med så få "
        "grupper bruges beregninger, der er lavet til få grupper, og en ombytningstest, der kun forudsætter, at indsatsen "
        f"lige så godt kunne være lagt på andre {groups}.",
    )
    limits = (
        f"Der går andre elever på en {inputs.group_word()} i år end sidste år.",
        f"Indsatsen er ikke fordelt ved lodtrækning. Sker der noget særligt på netop disse {groups} på alle "
        "skoler samtidig, kan det ikke skilles fra indsatsen.",
        "Rapporten måler registreret fravær. Bedre registrering kan få fraværet til at se højere ud.",
        "Ufrivilligt fravær er ikke en registreringstype; det kan kun belyses gennem interviewene.",
        "Forskelle mellem skoler kan ikke afgøres med så få elever pr. skole.",
    )
    exhibits = [x for x in (verdict_chances(inputs), _power(inputs), _characteristics(inputs)) if x]
    return Section(
        "metode",
        "Metode og grænser",
        text_,
        tuple(exhibits),
        parts=(Section("graenser", "Det kan undersøgelsen ikke vise", points=limits),),
    )


def glossary(text_: str) -> Section:
    """The words of the glossary that this text uses."""
    lower = text_.lower()
    used = [t for t in TERMS if t.danish.lower() in lower]
    return Section("ordliste", "Ordliste", terms=tuple((capital(t.danish), t.meaning) for t in used))


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
    facts.append(f"Genberegn tallene: komglad verify {inputs.round.id}")
    parts = (Section("gentag", "Sådan genberegnes tallene", points=tuple(facts)),)
    return Section(
        "protokol", "Planen, og hvordan tallene genberegnes", (lead,), points=tuple(changes), parts=parts
    )


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
    dots = [None if m is None or m.dots is None else float(m.dots) for m in (m0, m1)]
    add("Prikker (0–5)", dots[0], dots[1], "count")
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
        f"Sammenlignet med {inputs.previous_round.title[:1].lower()}{inputs.previous_round.title[1:]}. Hver rundes ændring "
        f"er af de {inputs.group_word(plural=True)}, der havde hele måneder efter {inputs.protocol.words.sessions} dengang. "
        "Fraværets niveau sammenlignes ikke mellem runder, fordi årstiden er en anden."
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


def verdict_chances(inputs: ReportInputs) -> Exhibit | None:
    """Before any outcome: how often this very rule gives each word, by what is true; None for a design not simulated."""
    found = probabilities(inputs.protocol)
    if found is None:
        return None
    words = [w for w in Word if w.value in found and float(found[w.value].max()) > 0]
    frame = (100 * found[[w.value for w in words]]).reset_index()
    frame = frame.assign(truth=[_truth(float(e)) for e in frame["effect_pp"]])
    columns = [
        Column("truth", "Hvis det sande er"),
        *(Column(w.value, capital(w.value), "pct0", "none") for w in words),
    ]
    alike = inputs.protocol.milestone.relevant_change_pp
    reached, none = (
        chance(inputs.protocol, -alike, Word.ACHIEVED),
        chance(inputs.protocol, 0.0, Word.UNDECIDED),
    )
    title = f"Falder fraværet {points(alike)}, kaldes milepælen opnået i {_share(reached)} af tilfældene"
    table = render_table(
        "udsigter",
        "Hvad afgørelsen vil blive, efter hvad der er sandt",
        frame,
        columns,
        key=("effect_pp",),
        marker=inputs.protocol.disclosure.marker,
        source="verdict_characteristics",
    )
    made_ = made(inputs.protocol)
    of = f" ({count(made_.studies)} af hver slags, gjort {date(made_.on)})" if made_ else ""
    what = (
        f"Opdigtede undersøgelser af samme størrelse{of}. Sker der ingenting, kan det ikke afgøres i {_share(none)} af "
        f"tilfældene. {_threats(inputs)}"
    )
    return Exhibit("udsigter", title, table, what, "verdict_characteristics")


def _truth(effect: float) -> str:
    size = {"fall": "et fald på", "rise": "en stigning på"}.get(say.direction(effect))
    return "ingen ændring" if size is None else f"{size} {points(effect)}"


def _threats(inputs: ReportInputs) -> str:
    """What looks like an effect and is none: how often it is taken for one."""
    out = []
    for threat, name in THREATS.items():
        share = chance(inputs.protocol, 0.0, Word.ACHIEVED, threat)
        if share is not None:
            out.append(f"{name}: {_share(share)}")
    if not out:
        return ""
    covers = [
        f"{THREATS[t]}: {_share(c)}" for t in THREATS if (c := coverage(inputs.protocol, t)) is not None
    ]
    return (
        f"Så ofte kaldes milepælen opnået, uden at noget er sket: {'; '.join(out)}. "
        f"Så ofte rummer milepælens interval det sande tal: {'; '.join(covers)}."
    )


def _share(share: float | None) -> str:
    """A share of studies in per cent, never rounded to none."""
    if share is None:
        return "et ukendt antal"
    return f"under {percent(1, 0)}" if 0 < share < 0.005 else percent(100 * share, 0)


def _power(inputs: ReportInputs) -> Exhibit | None:
    rows = inputs.frame("out_power")
    if not len(rows):
        return None
    rows = rows.assign(who=[_look_name(inputs, r) for r in records(rows)])
    columns = [
        Column("who", "Hvem"),
        Column("mde_pp", "Mindste ændring, der kan opdages (procentpoint)", "number", "none"),
        Column("relevant_change_pp", "Vigtig ændring (procentpoint)", "number", "none"),
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
    (size,) = shown([smallest_change(inputs)[0]])
    relevant = inputs.protocol.milestone.relevant_change_pp
    if size is None:
        finding = "Det kan ikke beregnes, hvor små ændringer der kan ses"
    elif size <= rounded(relevant):
        finding = f"Ændringer ned til {points(size)} ses i fire af fem tilfælde"
    else:
        finding = f"Kun ændringer på {points(size)} eller mere ses i fire af fem tilfælde"
    return Exhibit(
        "styrke",
        finding,
        table,
        "Så stor skal en ændring være for at blive fundet i fire af fem tilfælde.",
        "out_power",
    )


def _look_name(inputs: ReportInputs, row: dict[str, Any]) -> str:
    """``milestone:wave_6`` and ``grade:6`` in words, with what the number rests on."""
    question, _, group = text(row, "look").partition(":")
    grades = inputs.protocol.grades
    who = grades.name(group) if group in grades.order else inputs.wave_name(group)
    what = {"milestone": "milepælen", "grade": "alle måneder efter"}.get(question, question)
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
        "Tallene ved siden af er også prøvet på opdigtede kommuner",
        table,
        "Andel af gentagne prøver med samme måned sidste år, uden gruppens egne måneder før. Hvor godt milepælens egen "
        "model rammer, står under tabellen over afgørelsens udfald. Alle metoder og gentagelser står i metodebeskrivelsen.",
        "operating_characteristics",
    )
