"""``komglad did``: the causal engine on any panel. Here: the words of the command line; everything else is imported.

Options that take several values are written after one flag (``--horizon 1 2 3``), which click does not know, so the
tokens are read by argparse; Typer only hands them over.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import typer

CONTEXT_SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""What the command line's assembler must register the command with."""
STDOUT = "-"
FILE_ENDINGS = (".csv", ".csv.gz", ".parquet", ".pq", ".tsv", ".tsv.gz", ".txt")
WRITTEN = ("--csv", "--figure", "--again")
"""Options whose value is a file, but never the panel."""
EXAMPLES = """\
examples:
  komglad did panel.csv --outcome y --unit cell --time month --start first --absorb cell:cal_month school:month \\
      --weights pupil_days --cluster cell --horizon 1 2 3
  komglad did panel.csv --outcome y --unit cell --time month --start first --assign grade
  komglad did counties.csv --outcome lemp --unit county --time year --start first --estimator group-time \\
      --aggregate event --json --figure study.svg
  komglad did panel.csv --again answer.json     (the same result, from the options that an earlier --json printed)

estimators: imputation (Borusyak, Jaravel & Spiess), group-time (Callaway & Sant'Anna), sun-abraham (saturated event study),
etwfe (Wooldridge), did-m (de Chaisemartin & D'Haultfoeuille: treatments that begin and end), twfe.
exit code 2: the input cannot be used, and stderr says why.
"""


class _Parser(argparse.ArgumentParser):
    """argparse that refuses the way the rest of the product does."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of exiting, with the usage left out."""
        from evaluation.errors import InputError

        raise InputError(f"{message[0].upper()}{message[1:]}. See komglad did --help.")


@dataclass(frozen=True)
class Asked:
    """What the tokens ask for: the panel, the keywords of :func:`evaluation.effects.did`, and where the answer goes."""

    panel: str
    keywords: dict[str, Any]
    json: bool
    csv: str | None
    figure: str | None
    again: str | None


def did(ctx: typer.Context) -> None:
    """Difference-in-differences on any panel, csv or parquet, of any size: komglad did PANEL --outcome Y …"""
    run(ctx.args)


def run(tokens: list[str]) -> None:
    """Read the tokens, estimate, print. Nothing is printed or written unless everything succeeded."""
    if not tokens or tokens[0] in ("-h", "--help") or "--help" in tokens:
        typer.echo(_parser().format_help())
        return
    asked = parse(tokens)
    from evaluation.effects import did as estimate
    from evaluation.effects import did_again
    from evaluation.effects.did_figure import to_svg
    from evaluation.effects.did_json import to_csv, to_json, to_text

    if asked.again is not None:
        result = did_again(_earlier(asked.again), asked.panel)
    else:
        keywords = dict(asked.keywords)
        result = estimate(asked.panel, keywords.pop("outcome"), **keywords)
    files = {}
    if asked.figure is not None:
        files[asked.figure] = to_svg(result)
    if asked.csv not in (None, STDOUT):
        files[str(asked.csv)] = to_csv(result)
    for name, text in files.items():
        _write(name, text, asked.panel)
    if asked.csv == STDOUT:
        typer.echo(to_csv(result), nl=False)
    else:
        typer.echo(to_json(result) if asked.json else to_text(result))


def _write(name: str, text: str, panel: str) -> None:
    from evaluation.errors import InputError

    path = Path(name)
    if path.exists() and path.samefile(panel):
        raise InputError(f'"{name}" is the panel itself, which is never written over. Name another file.')
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as problem:
        raise InputError(f'File "{name}" cannot be written: {problem.strerror}.') from problem


def _earlier(name: str) -> dict[str, Any]:
    """The options an earlier answer carries."""
    from evaluation.errors import InputError

    try:
        answer = json.loads(Path(name).read_text(encoding="utf-8"))
        return dict(answer["options"])
    except OSError as problem:
        raise InputError(f'File "{name}" cannot be opened: {problem.strerror}.') from problem
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(
            f'File "{name}" is no answer of komglad did --json: it holds no options.'
        ) from problem


def parse(tokens: list[str]) -> Asked:
    """What is asked for.

    Raises:
        InputError: an unknown option, a value of the wrong kind, or a column that must be named.
    """
    from evaluation.errors import InputError

    file, rest = _panel_token(tokens)
    known, unknown = _parser().parse_known_args(rest)
    stray = [t for t in unknown if not t.startswith("-")]
    if file is None and stray:
        file, unknown = stray[0], [t for t in unknown if t != stray[0]]
    if unknown:
        raise InputError(f"Unknown option or value: {' '.join(unknown)}. See komglad did --help.")
    given = vars(known)
    answer = {name: given.pop(name) for name in ("json", "csv", "figure", "again")}
    if answer["again"] is not None and not given.items() <= vars(_parser().parse_args([])).items():
        raise InputError(
            "--again takes all options from the earlier answer: only another panel can be given beside it."
        )
    if answer["figure"] is not None and not answer["figure"].lower().endswith(".svg"):
        raise InputError(f'--figure writes SVG: "{answer["figure"]}" must end in .svg.')
    if answer["json"] and answer["csv"] == STDOUT:
        raise InputError("--json and --csv both go to stdout: give --csv a file.")
    if file is None:
        raise InputError(
            "Which panel? Expected a csv, csv.gz or parquet file: komglad did PANEL --outcome Y …"
        )
    if answer["again"] is None and known.outcome is None:
        raise InputError("The option --outcome is missing: which column is the outcome?")
    for name in ("horizon", "mbar", "pretrend_power"):
        if given[name] is None:
            del given[name]
        else:
            given[name] = _numbers(given[name], f"--{name.replace('_', '-')}")
    given["draws"] = _draws(given["draws"])
    return Asked(file, given, **answer)


def _panel_token(tokens: list[str]) -> tuple[str | None, list[str]]:
    """The token that names the panel, wherever it stands, and the others."""
    for i, token in enumerate(tokens):
        if token.startswith("-") or (i and tokens[i - 1] in WRITTEN):
            continue
        if token.lower().endswith(FILE_ENDINGS) or Path(token).is_file():
            return token, tokens[:i] + tokens[i + 1 :]
    return None, tokens


def _numbers(values: list[str], option: str) -> tuple[float, ...]:
    from evaluation.errors import InputError

    try:
        return tuple(float(part) for value in values for part in value.split(",") if part)
    except ValueError:
        raise InputError(f"{option} takes numbers, found: {' '.join(values)}.") from None


def _draws(value: str | None) -> int | None:
    """The number of draws; 0 for all of them."""
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
    many: dict[str, Any] = {"nargs": "+", "action": "extend", "type": str}
    yes: dict[str, Any] = {"action": "store_true"}
    data = p.add_argument_group("columns")
    data.add_argument("--outcome", metavar="Y", help="outcome (must be given)")
    data.add_argument(
        "--start",
        metavar="G",
        help="first treated period of the unit; empty, inf, and 0 where 0 is no period: "
        "never (this or --treatment must be given)",
    )
    data.add_argument("--treatment", metavar="D", help="0/1 column instead; a:b is the product of two")
    data.add_argument(
        "--unit", metavar="U", help="unit; default none: every row its own (needed with --start)"
    )
    data.add_argument("--time", metavar="T", help="period; default none (needed with --start)")
    data.add_argument(
        "--absorb", metavar="TERM", help="fixed effects; cell:month crosses; none; default U and T", **many
    )
    data.add_argument("--weights", metavar="W", help="weights; default none: every row counts one")
    data.add_argument(
        "--weights-are",
        default="analytic",
        metavar="KIND",
        help="analytic: N is the number of rows; counts: a row stands for W rows, N is their sum (default analytic)",
    )
    data.add_argument("--covariates", metavar="X", help="covariates; default none", **many)
    data.add_argument(
        "--cluster",
        metavar="C",
        help="several cross to cells, or see --two-way; none; default U, else rows",
        **many,
    )
    model = p.add_argument_group("estimand")
    model.add_argument(
        "--estimator",
        metavar="NAME",
        help="imputation, group-time, sun-abraham, etwfe, did-m or twfe; default imputation with --start, else twfe",
    )
    model.add_argument(
        "--aggregate",
        default="overall",
        metavar="BY",
        help="overall, group, event, calendar or none (default overall)",
    )
    model.add_argument(
        "--control", default="never", metavar="WHO", help="never or not-yet, for group-time (default never)"
    )
    model.add_argument(
        "--base",
        default="varying",
        metavar="PERIOD",
        help="varying or universal, for group-time (default varying)",
    )
    model.add_argument(
        "--anticipation",
        type=int,
        default=0,
        metavar="K",
        help="periods before the start that count as treated (default 0)",
    )
    model.add_argument(
        "--unbalanced", **yes, help="keep units not seen in every period, for group-time (default: left out)"
    )
    model.add_argument(
        "--transition", type=int, default=0, metavar="K", help="periods before the start left out (default 0)"
    )
    model.add_argument(
        "--horizon", metavar="E", help="only these event times; the first treated is 0 (default all)", **many
    )
    model.add_argument(
        "--average",
        default="observation",
        metavar="HOW",
        help="average over treated cells by their own weight or equal (default observation)",
    )
    doubt = p.add_argument_group("inference")
    doubt.add_argument(
        "--inference",
        metavar="NAME",
        help="cr0 cr1 cr1s cr2 cr3 wild permutation influence; default cr2 with "
        "Satterthwaite degrees of freedom, cr1 with --two-way, permutation with --assign, influence for group-time",
    )
    doubt.add_argument(
        "--working",
        metavar="MODEL",
        help="working model of CR2: identity or inverse-weight; default identity, "
        "inverse-weight for weighted imputation and weights that are counts",
    )
    doubt.add_argument(
        "--two-way",
        **yes,
        help="cluster by each --cluster column (Cameron, Gelbach & Miller; default: crossed)",
    )
    doubt.add_argument("--level", type=float, default=0.95, help="level of intervals (default 0.95)")
    doubt.add_argument(
        "--null", type=float, default=0.0, metavar="V", help="effect under the null (default 0)"
    )
    doubt.add_argument("--unrestricted", **yes, help="WCU instead of WCR, for wild (default WCR)")
    doubt.add_argument("--jackknife", **yes, help="bootstrap type 31 instead of 11, for wild (default 11)")
    doubt.add_argument(
        "--weights-dist",
        default="rademacher",
        metavar="NAME",
        help="rademacher or webb, for wild (default rademacher)",
    )
    doubt.add_argument(
        "--draws",
        metavar="N",
        help="number of draws, or all; default 9999 for wild, 999 for the bands of group-time, "
        "every assignment up to 20000 for permutation",
    )
    doubt.add_argument("--seed", type=int, default=0, help="seed of draws (default 0)")
    doubt.add_argument(
        "--assign",
        metavar="COLUMN",
        help="its values carry the treatment calendars, for permutation (default none)",
    )
    doubt.add_argument(
        "--within",
        metavar="COLUMN",
        help="pairs units across values of --assign, such as the school (default none)",
    )
    doubt.add_argument(
        "--honest", metavar="NAME", help="relative-magnitudes or smoothness (default: no honest intervals)"
    )
    doubt.add_argument("--mbar", metavar="M", help="bounds of the honest intervals (default 0.5 1 2)", **many)
    doubt.add_argument(
        "--pretrend-power",
        metavar="P",
        help="the linear trends that the leads would find with these powers, such as 0.5 0.8, and what each would add "
        "to the estimate (default none)",
        **many,
    )
    out = p.add_argument_group("answer (default: a table for people)")
    out.add_argument("--json", **yes, help="one JSON object on stdout, with every option and the version")
    out.add_argument(
        "--csv", nargs="?", const=STDOUT, metavar="FILE", help="the estimates as csv, to a file or on stdout"
    )
    out.add_argument(
        "--figure", metavar="FILE.svg", help="the estimates by event time, period or group as a figure"
    )
    out.add_argument("--again", metavar="ANSWER.json", help="make the result of an earlier --json again")
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
