"""The section about what children and staff say: themes, change between occasions, what speaks against, agreement.

Counts are sources (interviews, talks, minutes), never segments: one talkative source is one source. Which words the
sources use is not shown here; approved quotes stand in the joint display.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from evaluation.interviews.themes import DECLINED, DECLINED_CELL, EVERY_SOURCE, divided_cell, theme_cell
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, records, text, value
from evaluation.reports.page import Exhibit, Section, own_mark
from evaluation.reports.telling import tell
from evaluation.words import Code, Persons
from evaluation.words.catalogue.goal import Goal
from evaluation.words.danish import capital, count, join, number, percent, rounded

STRENGTHS = {
    "enkelt_udsagn": "enkelt udsagn",
    "flere_informanter": "flere kilder",
    "flere_informantgrupper": "flere grupper af kilder",
    "ingen": "ingen",
}
OCCASIONS = {
    "baseline": "Før start",
    "delevaluering_nov_2026": "November 2026",
    "slutevaluering_2027": "Slutevaluering 2027",
    "loebende": "Løbende",
}
SPEAKERS = {"pupils": "Elever", "adults": "Voksne"}
TOLD: Mapping[str, Code] = {
    "KL.LAERT": Goal.LEARNT,
    "MP.VIDERE": Goal.ABOUT_GOING_ON,
    "MP.BORGER": Goal.CITIZENS,
    "X.UTILSIGTET": Goal.UNEXPECTED,
}
SHOWN_THEMES = 12
WORTH_NAMING_POINTS = 20.0
"""A difference of a fifth of the sources is named in a title; with ten to twenty sources less is one or two talks."""
VERDICTS = {
    "fast": "enige",
    "foreløbig": "enige nok til foreløbig brug",
    "usikkert": "for lidt kodet til at afgøre det",
    "under grænsen": "ikke enige nok",
}


def learning(inputs: ReportInputs) -> Section:
    """Themes by how many speak of them, with what speaks against."""
    title = "Hvad kan vi lære?"
    rows = inputs.frame("out_themes")
    everyone = rows[rows["group_kind"] == "all"]
    if not len(everyone):
        lead = "Der er ingen kodede interviews i denne runde, siden indsatsen begyndte."
        return Section("laering", title, (lead,))
    against = everyone[_is_against(everyone) & everyone["sources"].notna()]
    points = [_against(r) for r in records(against)] or [
        "Der er søgt efter udsagn, der taler imod. Hvor mange kilder der har et, kan ikke vises i denne runde."
    ]
    exhibits = tuple(x for x in (_themes(inputs, rows),) if x is not None)
    return Section(
        "laering",
        title,
        tuple(p for p in (_double_coding(inputs),) if p),
        exhibits,
        (*to_come(inputs), *points),
    )


def annex(inputs: ReportInputs) -> Section | None:
    """How the voices changed between occasions, and how well two coders agree; None without either."""
    exhibits = tuple(x for x in (_material(inputs), _changes(inputs), _agreement(inputs)) if x is not None)
    return Section("kodning", "Interviewene: ændringer og enighed", (), exhibits) if exhibits else None


def occasion_name(occasion: str) -> str:
    """An occasion as it reads; the pilot's own in plain words, others as the codebook calls them."""
    return OCCASIONS.get(occasion, capital(occasion.replace("_", " ")))


def _is_against(rows: pd.DataFrame) -> pd.Series:
    return rows["is_disconfirming"].fillna(False).astype(bool)


def _against(row: dict[str, Any]) -> str:
    n = value(row, "sources") or 0
    if n == 0:
        return f"Taler imod: »{text(row, 'code_name')}« – ingen kilder."
    return f"Taler imod: »{text(row, 'code_name')}« ({count(n)} {'kilde' if n == 1 else 'kilder'})."


def _themes(inputs: ReportInputs, rows: pd.DataFrame) -> Exhibit | None:
    everyone = rows[rows["group_kind"] == "all"]
    if not len(everyone):
        return None
    order = everyone.assign(_against=_is_against(everyone), _n=everyone["sources"].fillna(-1)).sort_values(
        ["_against", "_n", "code"], ascending=[True, False, True]
    )
    # What speaks against is always there, however many themes there are.
    said = order[~order["_against"] & (order["_n"] != 0)].head(SHOWN_THEMES)
    top = pd.concat([said, order[order["_against"]]])
    marker = inputs.protocol.disclosure.marker
    top = top.assign(
        strength=[STRENGTHS.get(str(s), marker) for s in top["strength"]],
        **{f"by_{speaker}": _by_speaker(rows, speaker, top["code"]) for speaker in SPEAKERS},
    )

    def mark(row: Any) -> Mark:
        return own_mark(row, "sources") or Mark("themes", (("kode", str(row["code"])),), "pupils")

    columns = [
        Column("code_name", "Tema"),
        Column("sources", "Kilder", "count", mark=mark),
        Column("strength", "Styrke"),
        *(Column(f"by_{s}", title, "count", mark=_mark_of(s)) for s, title in SPEAKERS.items()),
        Column("is_disconfirming", "Taler imod", "yes"),
    ]
    columns = [c for c in columns if not c.name.startswith("by_") or top[c.name].notna().any()]
    table = render_table("temaer", "Hvad kilderne taler om", top, columns, key=("code",), marker=marker)
    totals = everyone["sources_total"].dropna()
    of = f", af {count(float(totals.max()))} kilder i alt siden indsatsens start" if len(totals) else ""
    what = f"Antal kilder, der nævner temaet{of}. En kilde er ét interview eller ét referat."
    return Exhibit("temaer", _most_spoken_of(order[~order["_against"]]), table, what, "out_themes")


def _most_spoken_of(themes: pd.DataFrame) -> str:
    """The theme that most sources speak of; all of them where several are as many."""
    most = themes["sources"].max()
    if pd.isna(most) or not most:
        return "Temaer fra interviewene"
    names = join(f"»{name}«" for name in themes.loc[themes["sources"].eq(most).fillna(False), "code_name"])
    if themes["sources"].isna().any():
        return f"Af de temaer, der kan vises, taler flest kilder om {names}"
    return f"Flest kilder taler om {names}"


def _by_speaker(rows: pd.DataFrame, speaker: str, codes: pd.Series) -> pd.Series:
    """Sources of each code that are pupils, or adults; missing where they are not printed."""
    mine = rows[(rows["group_kind"] == "speaker") & (rows["group_id"] == speaker)]
    return codes.map(dict(zip(mine["code"], mine["sources"], strict=True)))


def _mark_of(speaker: str) -> Callable[[Any], Mark]:
    return lambda row: Mark(*divided_cell("speaker", str(row["code"]), speaker), "pupils")


def to_come(inputs: ReportInputs) -> tuple[str, ...]:
    """What has been learnt, how to go on, what boards and parents say: a sentence for each that enough sources speak of."""
    rows = inputs.frame("out_themes")
    told = {
        text(r, "code"): int(value(r, "sources") or 0) for r in records(rows[rows["group_kind"] == "all"])
    }
    said = {code: tell(said, sources=Persons(told[code])) for code, said in TOLD.items() if told.get(code)}
    for row in records(rows[rows["quote"].notna()]):
        if (code := text(row, "code")) in said and (words := text(row, "quote")):
            said[code] += f" »{words}«"
    return tuple(said.values())


def _material(inputs: ReportInputs) -> Exhibit | None:
    """How many interviews and minutes, of whom and when."""
    rows = inputs.frame("out_themes")
    divided = rows[rows["group_kind"] == "speaker"]
    totals = {text(r, "group_id"): value(r, "sources_total") for r in records(divided)}
    found = [
        (title, totals[s], divided_cell("speaker", EVERY_SOURCE, s))
        for s, title in SPEAKERS.items()
        if s in totals
    ]
    everyone = rows[rows["group_kind"] == "all"]["sources_total"].dropna()
    whole = float(everyone.max()) if len(everyone) else None
    found.append(("I alt siden indsatsens start", whole, ("themes", (("kode", EVERY_SOURCE),))))
    declined = rows[rows["group_kind"] == "all"]["sources_declined"].dropna()
    at: dict[str, float | None] = {}
    for r in records(inputs.frame("out_theme_changes")):
        at |= {text(r, f"occasion_{end}"): value(r, f"sources_total_{end}") for end in ("from", "to")}
    found += [(occasion_name(o), n, theme_cell(EVERY_SOURCE, o)) for o, n in at.items()]
    refused = float(declined.max()) if len(declined) else None
    found.append(("Spurgt uden gyldigt samtykke", refused, (DECLINED, DECLINED_CELL)))
    if not any(n for _, n, _ in found):
        return None
    frame = pd.DataFrame(found, columns=["name", "sources", "place"])
    columns = [
        Column("name", "Hvem og hvornår"),
        Column(
            "sources", "Kilder", "count", mark=lambda row: Mark(row["place"][0], row["place"][1], "pupils")
        ),
    ]
    marker = inputs.protocol.disclosure.marker
    title = "Hvem der er spurgt, og hvornår"
    table = render_table(
        "materiale", title, frame, columns, key=("name",), marker=marker, source="out_themes"
    )
    what = (
        "En kilde er ét interview eller ét referat med gyldigt samtykke. Uden er afslag, tilbagetrukne og manglende svar "
        "siden indsatsens start; hvad de sagde, er ingen steder med."
    )
    return Exhibit("materiale", title, table, what, "out_themes")


def _changes(inputs: ReportInputs) -> Exhibit | None:
    rows = inputs.frame("out_theme_changes")
    if not len(rows):
        return None
    occasions = _in_time(rows)
    latest = rows[rows["occasion_to"] == occasions[-1]]
    totals: dict[str, float | None] = {}
    wide: dict[str, dict[str, Any]] = {}
    for row in records(rows):
        found = wide.setdefault(
            str(row["code"]),
            {"code": row["code"], "code_name": row["code_name"], "against": bool(row["is_disconfirming"])},
        )
        for end in ("from", "to"):
            occasion = str(row[f"occasion_{end}"])
            found[occasion] = value(row, f"sources_{end}")
            totals[occasion] = value(row, f"sources_total_{end}")
    points = {str(r["code"]): value(r, "change_points") for r in records(latest)}
    for code, found in wide.items():
        found["change"] = points.get(code)
        found["most"] = max((found.get(o) or 0 for o in occasions), default=0)
    said = sorted(
        (f for f in wide.values() if not f["against"] and f["most"] > 0),
        key=lambda f: (-f["most"], f["code"]),
    )[:SHOWN_THEMES]
    shown_rows = [*said, *(f for f in wide.values() if f["against"])]
    frame = pd.DataFrame(shown_rows)
    marker = inputs.protocol.disclosure.marker

    def mark_of(occasion: str) -> Any:
        def mark(row: Any) -> Mark:
            exhibit, cell = theme_cell(str(row["code"]), occasion)
            return Mark(exhibit, cell, "pupils")

        return mark

    columns = [
        Column("code_name", "Tema"),
        *(
            Column(o, occasion_name(o) + _of_total(totals.get(o)), "count", mark=mark_of(o))
            for o in occasions
        ),
        Column("change", "Ændring i andel siden sidst (procentpoint)", "pp", "none"),
        Column("against", "Taler imod", "yes"),
    ]
    first, last = occasion_name(occasions[-2]).lower(), occasion_name(occasions[-1]).lower()
    table = render_table(
        "temaer-over-tid",
        "Kilder, der nævner temaet, hver gang der er spurgt",
        frame,
        columns,
        key=("code",),
        marker=marker,
        source="out_theme_changes",
    )
    what = (
        f"Antal kilder hver gang; ændringen er i andelen af kilderne, fra {first} til {last}. Det er ikke de samme, der er "
        "spurgt hver gang, og der er få kilder: tallene beskriver, hvad der er talt om, og ikke en udvikling hos "
        "bestemte personer."
    )
    return Exhibit(
        "temaer-over-tid", _change_finding(said, totals, occasions), table, what, "out_theme_changes"
    )


def _in_time(rows: pd.DataFrame) -> list[str]:
    """The occasions compared, each followed by the one it is compared with."""
    following = dict(zip(rows["occasion_from"].astype(str), rows["occasion_to"].astype(str), strict=True))
    occasions = [o for o in following if o not in following.values()]
    while occasions[-1] in following:
        occasions.append(following[occasions[-1]])
    return occasions


def _of_total(total: float | None) -> str:
    return f" (af {count(total)})" if total is not None else ""


def _change_finding(
    said: Sequence[dict[str, Any]], totals: dict[str, float | None], occasions: Sequence[str]
) -> str:
    """The largest change since last time where it is large enough to name; the first one asked about wins a tie."""
    known = [f for f in said if f["change"] is not None]
    most = max(known, key=lambda f: abs(f["change"]), default=None)
    before, now = occasions[-2:]
    if most is None or abs(rounded(most["change"])) < WORTH_NAMING_POINTS:
        return "Kilderne taler om omtrent det samme som sidst, der blev spurgt"
    which = "En større del" if most["change"] > 0 else "En mindre del"
    shares = [f"{count(most[o])}{_af(totals[o])}" for o in (now, before)]
    return f"{which} af kilderne taler om »{most['code_name']}« end sidst: {shares[0]} mod {shares[1]}"


def _af(total: float | None) -> str:
    return f" af {count(total)}" if total is not None else ""


def _agreement(inputs: ReportInputs) -> Exhibit | None:
    rows = inputs.frame("out_agreement")
    families = rows[(rows["level"] != "kode") & rows["coders"].fillna(0).gt(1)]
    if not len(families):
        return None
    shown_rows = families.assign(
        _last=families["level"].eq("alle"), says=[_verdict(r) for r in records(families)]
    ).sort_values(["_last", "code"])
    columns = [
        Column("name", "Gruppe af koder"),
        Column("alpha", "Alfa", "number2", "none"),
        Column("ci_low", "Interval fra", "number2", "none"),
        Column("ci_high", "Interval til", "number2", "none"),
        Column("alpha_u", "Alfa på teksten", "number2", "none"),
        Column("raw_agreement_pct", "Samme svar", "pct0", "none"),
        Column("says", "Vurdering"),
    ]
    shown_rows = shown_rows.assign(raw_agreement_pct=100 * shown_rows["raw_agreement"])
    table = render_table(
        "enighed",
        "Enighed mellem to, der har kodet de samme udsagn",
        shown_rows,
        columns,
        key=("level", "code"),
        marker=inputs.protocol.disclosure.marker,
        source="out_agreement",
    )
    own = families[families["level"] == "mappe"]
    agreed = int(own["note"].isin(["fast", "foreløbig"]).sum())
    what = (
        "Krippendorffs alfa: 1 er fuld enighed, 0 er hvad tilfældet giver. Intervallet er 95 %. »Alfa på teksten« måler "
        "også, om de to begynder og slutter udsagnet samme sted. »Samme svar« er, hvor "
        "ofte de to svarede ens; det er højt, når en kode sjældent bruges, og siger derfor ikke nok alene. Vurderingen "
        "følger hele intervallet: »enige«, når det ligger over 0,80, »til foreløbig brug« over 0,667, »ikke enige nok« "
        "under 0,667; ellers er der kodet for lidt. Koder, der er sat på færre end to udsagn, vurderes ikke, og det gør "
        "færre end ti interviews, som to har kodet, heller ikke. En koder regnes for spurgt om alle koder, medmindre andet "
        "er skrevet."
    )
    title = f"De to kodere er enige nok i {_of_groups(agreed, len(own))}"
    return Exhibit("enighed", title, table, what, "out_agreement")


def _of_groups(agreed: int, whole: int) -> str:
    if agreed == whole:
        return f"alle {count(whole)} grupper af koder"
    return f"{count(agreed)} af {count(whole)} grupper af koder"


def _verdict(row: dict[str, Any]) -> str:
    if value(row, "alpha") is None:
        return "alle svarede ens; kan ikke opgøres"
    return VERDICTS.get(text(row, "note"), text(row, "note"))


def _double_coding(inputs: ReportInputs) -> str:
    """How much two people have coded, against the codebook's rule, and what is left to talk about."""
    whole = records(inputs.frame("out_agreement").query("level == 'alle'"))
    if not whole:
        return ""
    row = whole[0]
    share = value(row, "double_coded_share")
    if (value(row, "coders") or 0) < 2 or share is None:
        return (
            "Materialet er kodet af én person. Hvor enige to ville have været, kan ikke opgøres; læs temaerne med det "
            "forbehold."
        )
    told = f"mindst {percent(100 * share, 0)}" if share else "under en tiendedel"
    rule = "opfylder" if value(row, "rule_met") else "opfylder ikke"
    sentence = (
        f"{capital(told)} af kilderne er kodet af to uafhængigt af hinanden; det {rule} kodebogens regel."
    )
    low = inputs.frame("out_agreement")
    low = low[(low["level"] == "kode") & low["note"].eq("under grænsen")].sort_values("alpha")
    names = [f"»{text(r, 'name')}« ({number(float(r['alpha']), 2)})" for r in records(low.head(3))]
    if names:
        sentence += f" Mindst enige er de om {join(names)}: drøft dem, før mere kodes."
    return sentence
