"""A command line that cannot be read, and the headings of ``--help``: told in Danish, with what was probably meant.

Which words there are is Typer's to know; here stands how it is said. A word that was typed is repeated only where it can
be no number of a person.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from evaluation.errors import InputError, Problem
from evaluation.words.texts import texts

TEXT = texts("commands")
F = TypeVar("F", bound=Callable[..., Any])
HELP = TEXT.all("usage_help_words")
_Context: Any = TyperGroup.context_class
_Formatter: Any = _Context.formatter_class


class Formatter(_Formatter):  # type: ignore[misc]
    """``--help`` under Danish headings."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that says how the command is written."""
        super().write_usage(prog, _in_danish(args), prefix or TEXT("usage_prefix"))

    def write_heading(self, heading: str) -> None:
        """What stands over a list."""
        super().write_heading(HELP.get(heading, heading))

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        """A list of options, arguments or commands."""
        said = [(name, _in_danish(meaning)) for name, meaning in rows]
        super().write_dl(said, col_max, col_spacing)


class Context(_Context):  # type: ignore[misc]
    """Of a command line whose help is told so."""

    formatter_class = Formatter


class HelpInstead(Exception):
    """Nothing at all was typed after a command that needs more; its text is the help."""


class Command(TyperCommand):
    """One command."""

    context_class = Context


class Commands(TyperGroup):
    """Commands by name; an unknown one is answered with the nearest."""

    context_class = Context

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """What was typed."""
        if not args and not self.invoke_without_command:
            raise HelpInstead(ctx.get_help())
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first word names."""
        word = args[0]
        if word.startswith("-") or self.get_command(ctx, word) is not None:
            return super().resolve_command(ctx, args)
        raise _refusal(TEXT("usage_no_command", name=_shown(word)), _near(word, list(self.commands)), ctx)


class App(typer.Typer):
    """A command line of such commands."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            cls=Commands, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, **more
        )

    def command(self, name: str | None = None, **more: Any) -> Callable[[F], F]:
        """A command under a name."""
        return super().command(name, cls=Command, **more)


def is_usage(error: BaseException) -> bool:
    """Whether Typer could not read the command line."""
    return isinstance(error, typer.TyperException)


def explained_usage(error: Any) -> InputError:
    """What is wrong with the command line, and what was probably meant.

    Typer exports one of its kinds of error; the others are told by what they carry.
    """
    ctx = error.ctx
    option, param = getattr(error, "option_name", ""), getattr(error, "param", None)
    name = _shown(option or (_name(param) if param is not None else ""))
    if hasattr(error, "possibilities"):  # an option that there is not
        return _refusal(TEXT("usage_no_option", command=_path(ctx), name=name), _meant(option, ctx), ctx)
    if option:  # one that was written wrongly; it comes without the command it was met in
        is_given = any(word.startswith(f"{option}=") for word in sys.argv)
        return _refusal(TEXT("usage_no_value" if is_given else "usage_value_missing", name=name), "", ctx)
    if hasattr(error, "param_type"):  # something that is missing
        return _refusal(TEXT("usage_missing", command=_path(ctx), name=name), "", ctx)
    if param is not None:
        is_whole = param.type_descriptor.annotation is int
        return _refusal(TEXT("usage_bad_value", name=name), TEXT("usage_whole") if is_whole else "", ctx)
    if ctx.parent is None:
        return _refusal(TEXT("usage_no_command_given", command=_path(ctx)), "", ctx)
    return _refusal(TEXT("usage_too_many", command=_path(ctx)), "", ctx)


def _refusal(said: str, meant: str, ctx: Any) -> InputError:
    usage = ctx.get_usage().replace("\n", " ") if ctx else TEXT("usage_in_general")
    seen = TEXT("usage_see", command=_path(ctx))
    return InputError(said, [Problem("", found=meant or usage, next_step=seen)])


def _path(ctx: Any) -> str:
    return str(ctx.command_path) if ctx else TEXT("usage_command")


def _meant(option: str, ctx: Any) -> str:
    """Where an option belongs that stands in the wrong place; else the nearest there is."""
    below = [n for n, c in getattr(ctx.command, "commands", {}).items() if option in _options(c)]
    if option in _options(ctx.find_root().command):
        return TEXT("usage_before", name=option, command=ctx.info_name)
    return (
        TEXT("usage_after", name=option, command=below[0]) if below else _near(option, _options(ctx.command))
    )


def _near(word: str, known: list[str]) -> str:
    return TEXT("usage_meant", near=near[0]) if (near := get_close_matches(word, known, 1)) else ""


def _options(command: Any) -> list[str]:
    return [o for p in command.params for o in (*p.opts, *p.secondary_opts) if o.startswith("-")]


def _name(param: Any) -> str:
    is_option = param.param_type_name == "option"
    return str(param.opts[0] if is_option else param.metavar or param.name.upper())


def _shown(word: str) -> str:
    return "…" if any(c.isdigit() for c in word) else word


def _in_danish(meaning: str) -> str:
    for english, danish in HELP.items():
        meaning = meaning.replace(english, danish)
    return meaning
