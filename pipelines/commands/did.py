"""``komglad did``: the causal engine on any panel. Here: the words of the command line; everything else is imported.

Options that take several values are written after one flag (``--horizon 1 2 3``), which click does not know, so the
tokens are read by argparse; Typer only hands them over.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from evaluation.effects.compress import PanelSpec
    from evaluation.effects.did_options import DidOptions

CONTEXT_SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""What the command line's assembler must register the command with."""
FILE_ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq", ".tsv", ".tsv.gz", ".txt")
EXAMPLES = """\
examples:
  komglad did panel.csv --outcome y --unit cell --time month --start first --absorb cell:cal_month school:month \\
      --weights pupil_days --cluster cell --horizon 1 2 3
  komglad did panel.csv --outcome y --unit cell --time month --start first --assign grade
  komglad did counties.csv --outcome lemp --unit county --time year --start first --estimator group-time \\
      --aggregate event --json

estimators: imputation (Borusyak, Jaravel & Spiess; default with --start), group-time (Callaway & Sant'Anna),
twfe (default with --treatment). default inference: cr2 with Satterthwaite degrees of freedom; influence functions
for group-time; permutation when --assign is given. exit code 2: the input cannot be used, and stderr says why.
"""


class _Parser(argparse.ArgumentParser):
    """argparse that refuses the way the rest of the product does."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting, with the usage left out."""
        from evaluation.errors import InputError

        raise InputError(f"{message[0].upper()}{message[1:]}. See komglad did --help.")


def did(ctx: typer.Context) -> None:
    """Difference-in-differences on any panel, csv or parquet, of any size: komglad did PANEL --outcome Y …"""
    run(ctx.args)


def run(tokens: list[str]) -> None:
    """Read the tokens, estimate, print. Nothing is printed on stdout unless everything succeeded."""
    if not tokens or tokens[0] in ("-h", "--help") or "--help" in tokens:
        typer.echo(_parser().format_help())
        return
    path, spec, options, as_json = parse(tokens)
    from evaluation.effects.compress import read_panel
    from evaluation.effects.did import run_did
    from evaluation.effects.did_json import to_json, to_text

    panel, units = read_panel(path, spec)
    result = run_did(panel, options, units=units)
    typer.echo(to_json(result) if as_json else to_text(result))


def parse(tokens: list[str]) -> tuple[Path, PanelSpec, DidOptions, bool]:
    """Path, columns, options and whether JSON is wanted.

    Raises:
        InputError: an unknown option, a value of the wrong kind, or options that do not fit together.
    """
    from evaluation.effects.compress import PanelSpec
    from evaluation.effects.did_options import WORKING, DidOptions, check, choose_estimator, choose_inference
    from evaluation.errors import InputError

    file, rest = _panel_token(tokens)
    known, unknown = _parser().parse_known_args(rest)
    stray = [t for t in unknown if not t.startswith("-")]
    if file is None and stray:
        file, unknown = stray[0], [t for t in unknown if t != stray[0]]
    if unknown:
        raise InputError(f"Unknown option or value: {' '.join(unknown)}. See komglad did --help.")
    if file is None:
        raise InputError(
            "Which panel? Expected a csv, csv.gz or parquet file: komglad did PANEL --outcome Y …"
        )
    if known.outcome is None:
        raise InputError("The option --outcome is missing: which column is the outcome?")
    if (known.start is None) == (known.treatment is None):
        raise InputError(
            "Give exactly one of --start (first treated period of each unit) and --treatment (0/1)."
        )
    if known.start is not None and (known.unit is None or known.time is None):
        raise InputError("With --start the options --unit and --time are needed as well.")
    if known.working is not None and known.working not in WORKING:
        raise InputError(f'--working "{known.working}" is unknown. Expected: {", ".join(WORKING)}.')
    estimator = choose_estimator(known.estimator, has_start=known.start is not None)
    inference = choose_inference(known.inference, estimator, has_assign=known.assign is not None)
    options = check(
        DidOptions(
            estimator=estimator,
            aggregate=known.aggregate,
            control=known.control,
            base=known.base,
            anticipation=known.anticipation,
            unbalanced=known.unbalanced,
            transition=known.transition,
            horizon=_numbers(known.horizon, "--horizon") if known.horizon else None,
            average=known.average,
            inference=inference,
            level=known.level,
            null=known.null,
            unrestricted=known.unrestricted,
            jackknife=known.jackknife,
            distribution=known.weights_dist,
            draws=_draws(known.draws),
            seed=known.seed,
            assign=known.assign,
            within=known.within,
            honest=known.honest,
            bounds=_numbers(known.mbar, "--mbar") if known.mbar else (0.5, 1.0, 2.0),
        )
    )
    # Imputation has no published weighted CR2 to agree with: weights there are counts, so that cells equal rows.
    working = known.working or (
        "inverse-weight" if estimator == "imputation" and known.weights else "identity"
    )
    keep = tuple(t for t in (known.assign, known.within) if t is not None)
    spec = PanelSpec(
        outcome=known.outcome,
        unit=known.unit,
        time=known.time,
        start=known.start,
        treatment=known.treatment,
        weights=known.weights,
        absorb=_terms(known.absorb),
        covariates=tuple(known.covariates or ()),
        cluster=_terms(known.cluster),
        keep=keep,
        working=working,
        by_unit=estimator == "group-time" or known.treatment is not None,
    )
    return Path(file), spec, options, known.json


def _panel_token(tokens: list[str]) -> tuple[str | None, list[str]]:
    """The token that names the panel, wherever it stands, and the others."""
    for i, token in enumerate(tokens):
        if not token.startswith("-") and (token.lower().endswith(FILE_ENDINGS) or Path(token).is_file()):
            return token, tokens[:i] + tokens[i + 1 :]
    return None, tokens


def _terms(values: list[str] | None) -> tuple[str, ...] | None:
    """Terms as given; the single word "none" means no term at all."""
    if values is None:
        return None
    return () if values == ["none"] else tuple(values)


def _numbers(values: list[str], option: str) -> tuple[float, ...]:
    from evaluation.errors import InputError

    try:
        return tuple(float(part) for value in values for part in value.split(",") if part)
    except ValueError:
        raise InputError(f"{option} takes numbers, found: {' '.join(values)}.") from None


def _draws(value: str | None) -> int | None:
    from evaluation.errors import InputError

    if value is None:
        return None
    if value == "all":
        return 0
    if not value.isdigit() or int(value) < 1:
        raise InputError(f'--draws takes a positive number or "all", found: {value}.')
    return int(value)


def _parser() -> argparse.ArgumentParser:
    p = _Parser(
        prog="komglad did PANEL",
        description="Difference-in-differences on any panel: csv, csv.gz or parquet of any size.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    many = {"nargs": "+", "action": "extend", "type": str}
    data = p.add_argument_group("columns")
    data.add_argument("--outcome", metavar="Y", help="outcome")
    data.add_argument("--start", metavar="G", help="first treated period of the unit; empty, 0 or inf: never")
    data.add_argument("--treatment", metavar="D", help="0/1 column instead; a:b is the product of two")
    data.add_argument("--unit", metavar="U")
    data.add_argument("--time", metavar="T")
    data.add_argument(
        "--absorb", metavar="TERM", help="fixed effects; cell:month crosses; default U and T", **many
    )
    data.add_argument("--weights", metavar="W")
    data.add_argument("--covariates", metavar="X", **many)
    data.add_argument("--cluster", metavar="C", help="several cross to cells; default U", **many)
    model = p.add_argument_group("estimand")
    model.add_argument("--estimator", metavar="NAME", help="twfe, group-time or imputation")
    model.add_argument(
        "--aggregate", default="overall", metavar="BY", help="overall, group, event, calendar, none"
    )
    model.add_argument("--control", default="never", metavar="WHO", help="never or not-yet (group-time)")
    model.add_argument(
        "--base", default="varying", metavar="PERIOD", help="varying or universal (group-time)"
    )
    model.add_argument("--anticipation", type=int, default=0, metavar="K")
    model.add_argument(
        "--unbalanced", action="store_true", help="keep units not seen in every period (group-time)"
    )
    model.add_argument(
        "--transition", type=int, default=0, metavar="K", help="periods before the start left out"
    )
    model.add_argument(
        "--horizon", metavar="E", help="only these event times; the first treated is 0", **many
    )
    model.add_argument("--average", default="observation", metavar="HOW", help="observation weights or equal")
    doubt = p.add_argument_group("inference")
    doubt.add_argument("--inference", metavar="NAME", help="cr0 cr1 cr1s cr2 cr3 wild permutation influence")
    doubt.add_argument("--working", metavar="MODEL", help="CR2 working model: identity or inverse-weight")
    doubt.add_argument("--level", type=float, default=0.95)
    doubt.add_argument("--null", type=float, default=0.0, metavar="V")
    doubt.add_argument("--unrestricted", action="store_true", help="WCU instead of WCR")
    doubt.add_argument("--jackknife", action="store_true", help="bootstrap type 31 instead of 11")
    doubt.add_argument("--weights-dist", default="rademacher", metavar="NAME", help="rademacher or webb")
    doubt.add_argument("--draws", metavar="N", help="number of draws, or all")
    doubt.add_argument("--seed", type=int, default=0)
    doubt.add_argument(
        "--assign", metavar="COLUMN", help="its values carry the treatment calendars (permutation)"
    )
    doubt.add_argument("--within", metavar="COLUMN", help="pairs units across values of --assign (school)")
    doubt.add_argument("--honest", metavar="NAME", help="relative-magnitudes or smoothness")
    doubt.add_argument("--mbar", metavar="M", help="bounds of the honest intervals", **many)
    p.add_argument("--json", action="store_true", help="one JSON object on stdout")
    return p


def main() -> None:
    """Run as a module: the same exit codes as ``komglad did``."""
    from evaluation.errors import KomgladError

    try:
        run(sys.argv[1:])
    except KomgladError as error:
        typer.echo(f"komglad: {error}", err=True)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
