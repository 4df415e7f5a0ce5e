"""What is done with a round: run it, render it again, verify, compare, trace and attack it."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated

import typer

from evaluation.words import Count
from evaluation.words.texts import texts

TEXT = texts("commands")


def run(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="for example november_2026")],
    quiet: Annotated[bool, typer.Option("--quiet", help="print only the ending")] = False,
) -> None:
    """Run one report round: read, validate, estimate, protect, render."""
    from evaluation.study import load_study
    from pipelines.display import Ending, RoundDisplay
    from pipelines.known_round import known_round
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    known_round(load_study(settings.study), round_id)
    with RoundDisplay(round_id, quiet=quiet) as display:
        from pipelines.runner import run_round

        outcome = run_round(settings, round_id, listener=display.done, say=display.say)
    Ending.read(settings, outcome.round_id).show()


def report(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="print the PDF too")] = False,
) -> None:
    """Render reports, school pages, Målplan text and tables from what has been released."""
    from evaluation.study import load_study
    from pipelines.display import Ending
    from pipelines.known_round import known_round
    from pipelines.lock import run_lock
    from pipelines.resources import places_of, warehouse_of
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    the_round = known_round(study, round_id)
    from assets.rendering import render_round

    with run_lock(settings.data):
        places, ending = places_of(settings), Ending.read(settings, round_id)
        outdated = render_round(study, the_round, warehouse_of(settings, study), places, pdf=pdf)
    ending.show()
    if outdated:
        typer.echo(TEXT("report_pdf_aside", aside=str(places.aside(round_id)), round_id=round_id))


def verify(round_id: Annotated[str, typer.Argument(metavar="ROUND")]) -> None:
    """Rerun from the incoming files and compare: the same bytes, the same numbers, or not the same (exit code 3)."""
    from evaluation.errors import GateRefused, Problem
    from evaluation.study import load_study
    from pipelines.known_round import known_round
    from pipelines.settings import Settings
    from pipelines.sweep import VERIFYING, working_aside
    from pipelines.verification import altered, compared, rerun, versions

    settings = Settings.from_environment()
    known_round(load_study(settings.study), round_id)
    changed, made_by = altered(settings, round_id), versions(settings, round_id)
    with working_aside(settings.data, VERIFYING) as scratch:
        found = compared(settings, rerun(settings, round_id, scratch), round_id)
    if not found.is_same_numbers:
        reasons = dict(found.different) | dict(found.other_numbers) | dict(changed)
        raise GateRefused(
            TEXT(
                "verify_differs",
                round_id=round_id,
                reasons=Count(len(reasons)),
                compared=Count(found.compared),
            ),
            [
                Problem(name, found=why, next_step=TEXT("verify_see_manifest"))
                for name, why in sorted(reasons.items())
            ]
            + [Problem("version", found=v, next_step=_back(v)) for v in made_by],
        )
    for note in found.printed:
        typer.echo(TEXT("verify_not_compared", note=note))
    if found.is_same_bytes:
        typer.echo(TEXT("verify_same_bytes", round_id=round_id, compared=Count(found.compared)))
        return
    typer.echo(
        TEXT(
            "verify_same_numbers",
            round_id=round_id,
            compared=Count(found.compared),
            different=Count(len(found.different)),
        )
    )
    for version in found.versions:
        typer.echo(f"  {version}")
    typer.echo(TEXT("verify_back", back=_back(found.versions[0])))


def _back(version: str) -> str:
    """How to run what made the round."""
    then = version.removeprefix("komglads kode ").split(" → ")[0].rstrip("+")
    if version.startswith("komglads kode"):
        return TEXT("verify_back_by_git", then=then)
    return TEXT("verify_back_by_version")


EFFECTS = "out_effects"


def compare(
    earlier: Annotated[str, typer.Argument(metavar="ROUND")],
    later: Annotated[str, typer.Argument(metavar="ROUND")],
) -> None:
    """Show what changed between two rounds, estimate by estimate.

    Refuses tables that were altered or do not belong together, and says when the rounds had different plans.
    """
    from rich.console import Console
    from rich.table import Table

    from evaluation.questions.rounds import compare_rounds
    from evaluation.study import load_study
    from pipelines.known_round import known_round
    from pipelines.origins import origin_of, require_unaltered
    from pipelines.release_ledger import require_ledger
    from pipelines.resources import KeySource, warehouse_of
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    for name in (earlier, later):
        known_round(study, name)
    require_ledger(settings.data, KeySource(settings).load().for_seals)
    warehouse = warehouse_of(settings)
    made = []
    for name in (earlier, later):
        warehouse.stored(name, EFFECTS)
        require_unaltered(warehouse, name, {*warehouse.tables(name), *warehouse.recorded(name)})
        made.append(origin_of(warehouse, name, EFFECTS))
    for what, values in (
        ("protokol", {m and m.protocol for m in made}),
        ("version", {m and m.code for m in made}),
    ):
        if len(values) > 1:
            typer.echo(f"De to runder er lavet efter hver sin {what}.", err=True)
    joined = compare_rounds(*(warehouse.read(name, EFFECTS) for name in (earlier, later)))
    shown = Table(title=f"{earlier} → {later} (procentpoint)")
    for column, heading in TEXT.all("compare_columns").items():
        shown.add_column(heading, justify="right" if column.endswith("_pp") else "left")
    for row in joined.to_dict("records"):
        numbers = (float(row[c]) for c in ("estimate_before_pp", "estimate_pp", "change_pp"))
        cells = ["–" if math.isnan(n) else f"{n:+.2f}".replace(".", ",") for n in numbers]
        names = (row["question"], row["outcome"], f"{row['group_kind']} {row['group_id']}", row["horizon"])
        shown.add_row(*map(str, names), *cells)
    Console().print(shown)


def trace(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    exhibit: Annotated[
        str,
        typer.Argument(
            metavar="EXHIBIT", help="a table or exhibit, as it stands after »Kilde« under a figure"
        ),
    ],
) -> None:
    """Follow a number from the report to the files it came from; exit code 3 when a link does not hold."""
    from evaluation.errors import GateRefused, Problem
    from evaluation.study import load_study
    from pipelines.known_round import known_round
    from pipelines.release_ledger import require_entered
    from pipelines.resources import KeySource, warehouse_of
    from pipelines.settings import Settings
    from pipelines.tracing import trace as traced

    settings = Settings.from_environment()
    study = load_study(settings.study)
    known_round(study, round_id)
    key = KeySource(settings).load().for_seals
    entered = partial(require_entered, settings.data, key)
    found = traced(warehouse_of(settings, study), round_id, exhibit, entered)
    typer.echo(f"{exhibit} i {round_id}")
    typer.echo(f"  plan  {found.protocol}")
    typer.echo(f"  kode  {found.code}")
    for link in found.links:
        made_of = f"  af {', '.join(link.inputs)}" if link.inputs else ""
        mark = f"  !! {link.state}" if link.state else ""
        typer.echo(f"  {'  ' * link.depth}{link.table}  {link.sha256[:16]}{made_of}{mark}")
    typer.echo("  filer")
    for name, digest in found.files:
        typer.echo(f"    {digest[:16]}  {name}")
    broken = [link for link in found.links if link.state]
    if broken:
        raise GateRefused(
            TEXT("trace_broken", broken=Count(len(broken))),
            [
                Problem(
                    f"{round_id}/{link.table}.parquet", found=link.state, next_step=f"komglad run {round_id}"
                )
                for link in broken
            ],
        )


def attack(
    round_id: Annotated[
        str | None, typer.Argument(metavar="[ROUND]", help="Up to this round; all rounds when left out.")
    ] = None,
) -> None:
    """Attack the reports, receipts and log of all rounds; refuses (exit code 3) when a number can be found."""
    from pipelines.attacking import attack_folder
    from pipelines.settings import Settings

    attacked = attack_folder(Settings.from_environment(), round_id)
    attacked.refuse()
    for sentence in attacked.sentences():
        typer.echo(sentence)
