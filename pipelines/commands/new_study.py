"""``komglad new-study DIR``: a study folder of one's own, with what differs from the pilot and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from evaluation.words.texts import texts

TEXT = texts("commands")


def new_study(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="a folder that does not exist yet", readable=False)
    ],
    like: Annotated[
        str, typer.Option("--from", help="the study it extends, for example eksempel_raadgiver")
    ] = "",
    ask: Annotated[
        bool | None, typer.Option("--ask/--no-ask", help="default: ask where there is a terminal")
    ] = None,
) -> None:
    """Ask who gets what from when, compared with whom; write only what differs (`extends`); show the plan."""
    import shlex
    import sys

    from evaluation.errors import InputError, Problem
    from evaluation.new_study import decided
    from evaluation.study import load_study
    from evaluation.words.design import ASKED
    from pipelines.commands.plans import print_sections
    from pipelines.settings import DEFAULT_STUDY

    if directory.exists() and any(directory.iterdir()):
        raise InputError(
            TEXT("new_study_not_empty", directory=directory),
            [Problem(str(directory), next_step=TEXT("new_study_other_folder"))],
        )
    base = like or DEFAULT_STUDY
    protocol = load_study(base).protocol
    is_asked = sys.stdin.isatty() if ask is None else ask
    answers = _asked(protocol.grades.order, directory.resolve().name) if is_asked else {}
    written = decided(protocol, answers, base)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "protocol.toml"
    path.write_text(written.text, encoding="utf-8")
    typer.echo(ASKED["written"].format(path=path, base=base))
    study = load_study(str(directory))
    print_sections(study.protocol)
    mine = shlex.quote(str(directory))
    typer.echo(ASKED["next"].format(folder=mine))
    typer.echo(f"  komglad --study {mine} check")


def _asked(grades: tuple[str, ...], name: str) -> dict[str, Any]:
    """What a person answers, block by block; a wrong answer is asked again."""
    import re

    from evaluation.words.design import ASKED
    from pipelines.display import says_yes

    def ask(question: str, default: str = "") -> str:
        return str(typer.prompt(question, default=default, show_default=bool(default))).strip()

    study = {
        "id": re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "trial",
        "title": ask(ASKED["title"]),
        "municipality": ask(ASKED["municipality"]),
        "programme": ask(ASKED["programme"]),
        "version": "1.0.0",
        "is_fictitious": False,
    }
    schools: list[dict[str, str]] = []
    typer.echo(ASKED["schools"])
    while (number := ask(ASKED["number"].format(n=len(schools) + 1))) or not schools:
        if number:
            title = ask(ASKED["name"])
            schools.append({"id": number, "name": title, "short": title.removesuffix("skolen") or title})
    order, ids = _list(ask(ASKED["grades"], ",".join(grades))), [s["id"] for s in schools]
    waves: list[Mapping[str, Any]] = []
    typer.echo(ASKED["waves"].format(schools=", ".join(ids)))
    while not waves or says_yes(ASKED["another"]):
        waves.append(
            {
                "id": f"wave_{len(waves) + 1}",
                "grades": _list(_among(ask, ASKED["which_grades"], order)),
                "schools": _list(_among(ask, ASKED["which_schools"], ids)),
                "planned_from": _date(ask, ASKED["from"]),
                "planned_to": _date(ask, ASKED["to"]),
                "is_assumption": True,
            }
        )
    choices = {"1": "grades_same_school", "2": "same_grades_other_schools", "3": "all_others"}
    typer.echo(ASKED["comparison"])
    comparison = ""
    while comparison not in choices:
        comparison = ask(ASKED["choose"], "1")
    cutoff, report = _date(ask, ASKED["cutoff"]), _date(ask, ASKED["report"])
    final = {"id": "final", "title": ASKED["final"], "kind": "final", "cutoff": cutoff, "report_date": report}
    return {
        "study": study,
        "schools": schools,
        "grades": {"order": order, "half_days": [g for g in ("7", "8", "9") if g in order]},
        "waves": waves,
        "estimand": {"comparison": choices[comparison]},
        "milestone": {"text": ask(ASKED["goal"])},
        "rounds": [final],
    }


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _among(ask: Callable[[str], str], question: str, known: list[str]) -> str:
    from evaluation.words.design import ASKED

    while set(_list(answer := ask(question))) - set(known):
        typer.echo(ASKED["only"].format(known=", ".join(known)))
    return answer


def _date(ask: Callable[[str], str], question: str) -> Any:
    import datetime as dt

    from evaluation.words.design import ASKED

    while True:
        try:
            return dt.date.fromisoformat(ask(question))
        except ValueError:
            typer.echo(ASKED["day"])
