"""``komglad compare ROUND ROUND``: the same estimates in two rounds, side by side."""

from __future__ import annotations

from typing import Annotated

import typer


def compare(
    earlier: Annotated[str, typer.Argument(metavar="ROUND")],
    later: Annotated[str, typer.Argument(metavar="ROUND")],
) -> None:
    """Show what changed between two rounds, estimate by estimate."""
    from rich.console import Console
    from rich.table import Table

    from evaluation.questions.rounds import compare_rounds
    from evaluation.study import load_study
    from pipelines.known_round import known_round
    from pipelines.settings import Settings
    from pipelines.storage import Warehouse

    settings = Settings.from_environment()
    study = load_study(settings.study)
    for name in (earlier, later):
        known_round(study, name)
    warehouse = Warehouse(settings.warehouse)
    joined = compare_rounds(warehouse.read(earlier, "out_effects"), warehouse.read(later, "out_effects"))
    shown = Table(title=f"{earlier} → {later} (procentpoint)")
    for heading in ("spørgsmål", "udfald", "gruppe", "måneder", "før", "nu", "forskel"):
        shown.add_column(heading, justify="right" if heading in {"før", "nu", "forskel"} else "left")
    for row in joined.itertuples():
        numbers = (row.estimate_before_pp, row.estimate_pp, row.change_pp)
        cells = ["–" if n != n else f"{n:+.2f}".replace(".", ",") for n in numbers]
        shown.add_row(row.question, row.outcome, f"{row.group_kind} {row.group_id}", row.horizon, *cells)
    Console().print(shown)
