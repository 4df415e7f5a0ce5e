"""Where ``komglad`` begins: signals first, then everything that has to be imported."""

from __future__ import annotations

import sys
from typing import NoReturn

from pipelines import stopping


def main() -> NoReturn:
    """Run the command. An interruption is a sentence and exit code 130 from the first line on."""
    stopping.begin()
    try:
        from pipelines.cli import main as command

        command()
    except KeyboardInterrupt:
        stopping.heard()
        from pipelines.own_names import texts

        sys.stderr.write(f"komglad: {texts('running')('causes_interrupted')}\n")
        raise SystemExit(130) from None
