"""Letters to schools: what is missing or odd in what a school delivered, with line numbers and without identities.

A letter is about one school and for it alone; it says nothing of another school's files. Files lie in the owner's folder
until a person sends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from evaluation.disclosure.names import normalise_token
from evaluation.errors import Problem
from evaluation.protocol import School
from evaluation.words import OneSchool, Persons, danish, may_reach, render
from pipelines.checking import Findings
from pipelines.storage import write_text
from pipelines.told import danish_words

LINES_NAMED = 20


def letters_of(found: Findings) -> dict[School, str]:
    """A letter for every school of the study; one of which nothing is to be asked is told so."""
    return {school: letter_of(found, school) for school in found.study.protocol.schools}


def letter_of(found: Findings, school: School) -> str:
    """The letter."""
    files = _files_of(found, school)
    asked = [*_problems(found, files), *_quarantine(found, files, school), *_gaps(found, school)]
    opening = [
        f"Kære {school.name}",
        "",
        f"Tak for jeres fraværsdata til evalueringen ({found.study.protocol.study.title}).",
    ]
    if not files:
        asked.insert(0, "Vi har endnu ikke modtaget nogen fil fra jer.")
    if not asked:
        return "\n".join([*opening, "Vi har læst dem og har ingen spørgsmål.", "", "Venlig hilsen", ""])
    return "\n".join(
        [
            *opening,
            "Vi har nogle spørgsmål, før tallene kan bruges:",
            "",
            *(f"{n}. {text}" for n, text in enumerate(asked, 1)),
            "",
            "Linjenumrene er dem, Excel eller et tekstprogram viser. Send gerne en ny, fuldstændig fil med rettelserne; ret",
            "helst i jeres eget system, så næste udtræk også er rigtigt. Send ikke CPR-numre eller navne i en mail.",
            "",
            "Venlig hilsen",
            "",
        ]
    )


def write_letters(letters: Mapping[School, str], folder: Path) -> tuple[Path, ...]:
    """One text file for each school, the owner's alone."""
    paths = []
    for school, text in letters.items():
        paths.append(folder / f"{school.id}.txt")
        write_text(paths[-1], text)
    return tuple(paths)


def _files_of(found: Findings, school: School) -> list[str]:
    """The files that speak of the school alone, or lie in a folder that is called after it."""
    told = set(found.ledger.loc[found.ledger["school_id"] == school.id, "source_file"])
    names = [normalise_token(n) for n in (school.short, school.id)]
    others = set(found.ledger.loc[found.ledger["school_id"].notna(), "source_file"]) - told
    near = {f for f in found.names if f not in others and any(n in normalise_token(f) for n in names)}
    return sorted({*told, *near, *(f for f in found.waiting if any(n in normalise_token(f) for n in names))})


def _problems(found: Findings, files: list[str]) -> list[str]:
    mine: dict[tuple[str, str], list[Problem]] = {}
    for p in found.problems:
        if p.file in files:
            mine.setdefault((p.file, p.rule), []).append(p)
    lines = []
    for (file, rule), same in mine.items():
        if rule == "open_question":
            lines += [f"{file}: {_about(p)}{p.found}. Hvad betyder det hos jer?" for p in same]
        elif rule not in ("no_mapping", "two_mappings"):  # the analyst's own to put right
            words = danish_words(rule, same[0].found, same[0].next_step, same[0].expected)
            columns = danish.join(dict.fromkeys(p.column for p in same if p.column))
            lines.append(f"{file}: {words.found}{f' ({columns})' if columns else ''}. Kan I {words.do}?")
    return lines


def _about(p: Problem) -> str:
    return f"kolonnen {p.column} " if p.column and "." not in p.column and p.column not in p.found else ""


def _quarantine(found: Findings, files: list[str], school: School) -> list[str]:
    lines, audience = [], OneSchool(school.id)
    mine = found.quarantine[found.quarantine["source_file"].isin(files)]
    for (file, rule, column), rows in mine.groupby(["source_file", "rule", "column_name"], dropna=False):
        words = danish_words(str(rule), str(rows["found"].iloc[0]), str(rows["next_step"].iloc[0]))
        numbers = sorted({int(n) for n in rows["source_row"].dropna()})
        named = ", ".join(str(n) for n in numbers[:LINES_NAMED])
        more = f" og {len(numbers) - LINES_NAMED} til" if len(numbers) > LINES_NAMED else ""
        where = f", kolonnen {column}" if isinstance(column, str) and column else ""
        count = audience.people(Persons(len(numbers)))
        unit = "række" if len(numbers) == 1 else "rækker"
        lines.append(
            f"{file}{where}: {count} {unit} kan ikke bruges ({words.found}), linje {named}{more}. {_do(words.do)}"
        )
    return lines


def _do(text: str) -> str:
    return f"{danish.capital(text)}." if text else ""


def _gaps(found: Findings, school: School) -> list[str]:
    """What checks of what is missing say of the school's grades and weeks; what was noted as accepted is not asked."""
    audience = OneSchool(school.id)
    return [
        render(r.statement, audience)
        for r in (*found.refused, *found.open_warnings)
        if r.group_id.split("/")[0] in (school.id, school.name, school.short)
        and may_reach(r.statement, audience)
    ]
