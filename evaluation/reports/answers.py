"""Page one: the four answers, the fifth at the end of the year, the voices and the matters to discuss.

Each is put together here from the tables; the sentences themselves are chosen in :mod:`language`. The order of
the questions is fixed: a steering group must find the same question in the same place every time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from evaluation.protocol import Wave
from evaluation.reports import language as say
from evaluation.reports.danish import capital, count, date, join, number, percent, word
from evaluation.reports.findings import findings
from evaluation.reports.inputs import (
    ReportInputs,
    Verdict,
    headline,
    main_effect,
    records,
    text,
    value,
    verdicts,
)
from evaluation.reports.levels import treated_level
from evaluation.reports.page import marked

INFORMANTS = {
    "elev": "Eleverne",
    "elevgruppe": "Elevgrupperne",
    "laerer_paedagog": "Lærerne og pædagogerne",
    "sundhedsplejerske": "Sundhedsplejerskerne",
    "skoleledelse": "Skoleledelserne",
    "udviklingsvejleder": "Udviklingsvejlederne",
    "foraelder": "Forældrene",
    "praksisfaellesskab": "Praksisfællesskaberne",
    "forvaltning": "Forvaltningen",
    "styregruppe": "Styregruppen",
    "skolebestyrelse": "Skolebestyrelserne",
}
PUPILS = ("elev", "elevgruppe")


def started_names(inputs: ReportInputs) -> str:
    """The groups that have had the programme, in the grades' order, as they read in a sentence."""
    return _names(inputs, inputs.started_waves())


def _names(inputs: ReportInputs, waves: Sequence[Wave]) -> str:
    p = inputs.protocol
    return say.groups([p.grades.name(g) for g in sorted((w.grade for w in waves), key=p.grades.order.index)])


def period_phrase(inputs: ReportInputs) -> str:
    """What this year is compared with, in words."""
    if inputs.round.kind == "final":
        return f"skoleåret {inputs.last_year}"
    return "de samme uger sidste år"


def others_phrase(inputs: ReportInputs) -> str:
    """The groups that stand for what would have happened anyway."""
    return f"de øvrige {inputs.group_word(plural=True)}"


def smallest_change(inputs: ReportInputs, verdict: Verdict | None) -> tuple[float | None, float | None]:
    """The smallest detectable change behind the headline and the level it is a part of, in points.

    Of the headline's own look when it is due, else of what is seen so far.
    """
    names = ["grade:all"]
    if verdict is not None and verdict.is_due:
        grade = {w.id: w.grade for w in inputs.protocol.waves}.get(verdict.look, "all")
        names.insert(0, f"milestone:{grade}")
    power = inputs.frame("out_power")
    seen = power[power["basis"] == "observed"]
    for name in names:
        for row in records(seen[seen["look"] == name]):
            base = value(row, "baseline_pct")
            return value(row, "mde_pp"), base if base is not None else treated_level(
                inputs, inputs.last_year
            ).absence
    effect = main_effect(inputs)
    if effect is None:
        return None, None
    return effect.mde, effect.baseline or treated_level(inputs, inputs.last_year).absence


def answers(inputs: ReportInputs) -> tuple[say.Answer, ...]:
    """The four answers in their fixed order, and the fifth in a final round."""
    names = started_names(inputs)
    p = inputs.protocol
    where = f"{inputs.on_group} {names}" if names else f"på indsats{inputs.group_word(plural=True)}ne"
    now = treated_level(inputs, p.years.follow_up)
    then = treated_level(inputs, inputs.last_year)
    verdict = headline(inputs)
    mde, base = smallest_change(inputs, verdict)
    schools = len(p.schools)
    all_schools = f"alle {word(schools)} skoler" if schools > 1 else "skolen"
    q1 = f"Er fraværet faldet {where}?"
    if not inputs.started_waves():
        first = say.Answer(
            q1, f"Det kan endnu ikke siges: ingen har haft {p.study.programme} endnu.", tone="wait"
        )
    else:
        first = say.development(q1, now.absence, then.absence, period_phrase(inputs), now.is_present)
    group_phrase = f"{names or 'indsatsgrupperne'} på {word(schools)} skoler" if schools > 1 else names
    found = [
        first,
        say.contrast(
            f"Mere end {inputs.on_group} de {inputs.group_word(plural=True)}, der ikke har haft "
            f"{p.study.programme}?",
            main_effect(inputs),
            others_phrase(inputs),
            p.verdict.alpha,
        ),
        say.milestone(
            f"Er milepælen efter {len(p.milestone.months)} måneder nået?",
            verdict,
            len(p.milestone.months),
            all_schools,
            mde,
        ),
        say.security("Hvor sikkert er det?", verdict, mde, base, f"med {group_phrase}"),
    ]
    if inputs.round.kind == "final":
        found.append(_fifth(inputs))
    return tuple(found)


@dataclass(frozen=True)
class Arguments:
    """What speaks for going on, adjusting or stopping: each a clause with its evidence. Never the decision."""

    go_on: tuple[str, ...]
    adjust: tuple[str, ...]
    stop: tuple[str, ...]


def arguments(inputs: ReportInputs) -> Arguments:
    """Collected by rule from verdict, implementation, voices and quality."""
    go_on: list[str] = []
    adjust: list[str] = []
    stop: list[str] = []
    verdict = headline(inputs)
    if verdict and verdict.word == "opnået":
        go_on.append("milepælen er opnået")
    elif verdict and verdict.word == "tegn på fald, men usikkert":
        go_on.append("der er usikre tegn på fald")
    elif verdict and verdict.word == "ikke påvist":
        rise = verdict.estimate is not None and say.direction(verdict.estimate) == "rise"
        stop.append("fraværet er højere end ventet" if rise else "et fald ud over det ventede er ikke påvist")
    elif verdict:
        adjust.append("det kan endnu ikke afgøres, om fraværet er faldet mere end ventet")
    low = low_coverage(inputs)
    if low:
        adjust.append(f"samtalerne nåede for få elever {_places(inputs, low)}")
    elif covered_everywhere(inputs):
        go_on.append("samtalerne er gennemført som planlagt")
    signs = inputs.frame("out_joint_display")
    backed, against = (int((signs["relation"] == r).sum()) for r in ("bekræfter", "modsiger"))
    if backed:
        go_on.append(f"interviewene bekræfter {_signs(backed)}")
    if against:
        adjust.append(f"interviewene modsiger {_signs(against)}")
    if findings(inputs).open:
        adjust.append("registreringerne har huller, der skal lukkes")
    return Arguments(tuple(go_on), tuple(adjust), tuple(stop))


def _signs(n: int) -> str:
    return f"{word(n)} af Målplanens tegn" if n > 1 else "ét af Målplanens tegn"


def _that(clauses: Iterable[str]) -> str:
    """``at a, at b og at c``: each clause keeps its own ``at``, so that no one runs into the next."""
    return join(f"at {c}" for c in clauses)


def _fifth(inputs: ReportInputs) -> say.Answer:
    a = arguments(inputs)
    question = "Hvad taler for at fortsætte, justere eller stoppe?"
    on = (
        f"For at fortsætte taler, {_that(a.go_on)}."
        if a.go_on
        else "Intet i tallene taler entydigt for at fortsætte."
    )
    rest = [
        f"for at {verb} taler, {_that(x)}" for verb, x in (("justere", a.adjust), ("stoppe", a.stop)) if x
    ]
    return say.Answer(question, on, capital(f"{'; '.join(rest)}.") if rest else "", "same")


def low_coverage(inputs: ReportInputs) -> list[tuple[str, str, float]]:
    """School × grade with begun talks below the protocol's coverage: school, grade, per cent."""
    begun = {w.grade for w in inputs.started_waves()}
    out = []
    for row in records(inputs.frame("out_implementation")):
        share = value(row, "coverage_pct")
        if row["grade"] in begun and share is not None and share < inputs.protocol.talks.minimum_coverage_pct:
            out.append((text(row, "school_id"), text(row, "grade"), share))
    return out


def covered_everywhere(inputs: ReportInputs) -> bool:
    """Whether every school × grade that has begun is known to have reached enough pupils."""
    begun = {w.grade for w in inputs.started_waves()}
    rows = inputs.frame("out_implementation")
    share = rows.loc[rows["grade"].isin(begun), "coverage_pct"]
    return bool(len(share) and (share >= inputs.protocol.talks.minimum_coverage_pct).all())


def _places(inputs: ReportInputs, found: list[tuple[str, str, float]]) -> str:
    names = [
        f"{inputs.on_group} {inputs.protocol.grades.name(g)} på {inputs.school_name(s)} ({percent(c, 0)})"
        for s, g, c in found
    ]
    return join(names) if len(names) <= 2 else f"{word(len(names))} steder"


def voices(inputs: ReportInputs) -> tuple[str, ...]:
    """At most three sentences: the pupils, the adults, and what speaks against; empty without interviews."""
    themes = inputs.frame("out_themes")
    if not len(themes):
        return ()
    by = themes[(themes["group_kind"] == "informant") & themes["sources"].notna()]
    against = by["is_disconfirming"].fillna(False).astype(bool)
    said = [
        _speaks(by[~against & by["group_id"].isin(PUPILS)]),
        _speaks(by[~against & ~by["group_id"].isin(PUPILS)]),
    ]
    if not any(said):
        said = [_speak_together(themes)]
    overall = themes[(themes["group_kind"] == "all") & themes["is_disconfirming"].fillna(False).astype(bool)]
    overall = overall[overall["sources"].notna() & (overall["sources"].fillna(0) > 0)]
    top = overall.sort_values(["sources", "code"], ascending=[False, True]).head(1)
    for row in records(top):
        said.append(f"Imod: »{text(row, 'code_name')}« nævnes i {_of(row)}.")
    return tuple(s for s in said if s)


def _speaks(rows: pd.DataFrame) -> str:
    """What a group speaks of most. The Målplan's own themes first: they are what the group was asked to judge."""
    own = rows[rows["code"].astype(str).str.startswith("MP.")]
    ordered = (own if len(own) else rows).sort_values(
        ["sources", "segments", "code"], ascending=[False, False, True]
    )
    if not len(ordered):
        return ""
    row = records(ordered.head(1))[0]
    who = INFORMANTS.get(text(row, "group_id"), capital(text(row, "group_id").replace("_", " ")))
    return f"{who} taler især om »{text(row, 'code_name')}« ({_of(row)})."


def _speak_together(themes: pd.DataFrame) -> str:
    """What all sources speak of most, where groups of informants are too small to be shown."""
    rows = themes[(themes["group_kind"] == "all") & themes["sources"].notna()]
    rows = rows[~rows["is_disconfirming"].fillna(False).astype(bool)]
    own = rows[rows["code"].astype(str).str.startswith("MP.")]
    ordered = (own if len(own) else rows).sort_values(["sources", "code"], ascending=[False, True]).head(2)
    told = [f"»{text(r, 'code_name')}« ({_of(r)})" for r in records(ordered)]
    return f"Børn og voksne taler især om {join(told)}." if told else ""


def _of(row: dict[str, object]) -> str:
    n, total = value(row, "sources"), value(row, "sources_total")
    if n is None:
        return "et antal kilder, der ikke vises"
    of = f" af {count(total)}" if total is not None else ""
    return f"{count(n)}{of} {'kilde' if (total or n) == 1 else 'kilder'}"


def to_discuss(inputs: ReportInputs, limit: int = 4) -> tuple[str, ...]:
    """Matters for the meeting by rule, the most pressing first: registration, coverage, plan, consent, doubt."""
    found: list[str] = []
    open_ = findings(inputs).open
    if open_:
        more = f" (og {word(len(open_) - 1)} andre fund, se datakvalitet)" if len(open_) > 1 else ""
        found.append(f"{open_[0].head}: hvem følger op?{more}")
    low = low_coverage(inputs)
    if low:
        found.append(f"Samtalerne har nået for få {_places(inputs, low)}: hvad skal der til?")
    begun = {w.id for w in inputs.started_waves()}
    waiting = [w for w in inputs.protocol.waves if w.id not in begun]
    if waiting:
        found.append(f"Skal samtalerne {inputs.on_group} {_names(inputs, waiting)} fastholdes som planlagt?")
    for v in verdicts(inputs):
        if v.word == "ikke påvist" and v.estimate is not None and say.direction(v.estimate) == "rise":
            found.append(
                f"Fraværet er højere end ventet {inputs.on_group} {inputs.wave_name(v.look)}: hvad ved "
                "skolerne om det?"
            )
            break
    alarms = inputs.frame("out_registration")
    alarms = alarms[alarms["is_alarm"].fillna(False).astype(bool)]
    if len(alarms):
        found.append("Registreringen af fravær har ændret sig: er praksis den samme som sidste år?")
    answers_ = inputs.frame("out_implementation")["consents_missing"]
    # With one school hidden no total is given: it could be found by subtraction.
    missing = 0 if answers_.isna().any() else int(answers_.sum())
    if missing and missing >= inputs.protocol.disclosure.minimum_pupils:
        found.append(f"{count(missing)} samtykker mangler svar: hvordan hentes de?")
    against = inputs.frame("out_joint_display")
    for row in records(against[against["relation"] == "modsiger"].head(1)):
        found.append(f"Tal og interviews peger hver sin vej om »{text(row, 'sign')}«: hvad ligger bag?")
    if inputs.round.kind == "final" and len(found) < limit:
        found.append("Skal indsatsen fortsætte, justeres eller stoppe, og hvor forankres den?")
    return tuple(found[:limit])


def status_line(inputs: ReportInputs) -> str:
    """Under the title: data until, schools, who has had the programme, who waits."""
    p = inputs.protocol
    begun = inputs.started_waves()
    waiting = [w for w in p.waves if w not in begun]
    parts = [f"Data til og med {date(inputs.round.cutoff)}"]
    parts.append(f"{count(len(p.schools))} {'skoler' if len(p.schools) > 1 else 'skole'}")
    if begun:
        parts.append(
            f"{started_names(inputs)} har haft samtaler"
            if "samtale" in p.study.programme
            else f"{started_names(inputs)} er i gang"
        )
    if waiting:
        parts.append(f"{_names(inputs, waiting)} venter")
    return " · ".join(parts)


def certainty_details(inputs: ReportInputs) -> tuple[str, ...]:
    """Every reason behind the dots."""
    verdict = headline(inputs)
    return tuple(capital(r) for r in verdict.certainty_reasons) if verdict else ()


def interview_count(inputs: ReportInputs) -> str:
    """How many sources the voices rest on; empty without interviews."""
    themes = inputs.frame("out_themes")
    totals = themes.loc[themes["group_kind"] == "all", "sources_total"].dropna()
    return f"{number(float(totals.max()), 0)} kilder" if len(totals) else ""


def marked_answers(inputs: ReportInputs) -> tuple[tuple[say.Answer, Markup, Markup], ...]:
    """The answers with the numbers of pupils marked for the disclosure audit; the rest are model numbers."""
    found = answers(inputs)
    levels = [treated_level(inputs, y) for y in (inputs.protocol.years.follow_up, inputs.last_year)]
    marks = [(percent(x.absence), x.mark) for x in levels if x.absence is not None]
    first = (found[0], marked(found[0].first, marks), marked(found[0].second, []))
    return (first, *((a, marked(a.first, []), marked(a.second, [])) for a in found[1:]))
