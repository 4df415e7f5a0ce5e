"""The causal engine: difference-in-differences on any panel. It knows no study, and can be used alone.

The public surface, with its options in :class:`DidOptions`::

    from evaluation.effects import did
    result = did(frame, "y", unit="cell", time="month", start="first")
    result.frame()

Names are imported when they are first asked for, so that one module of the engine does not cost all of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluation.effects.api import did, did_again
    from evaluation.effects.did_options import DidOptions
    from evaluation.effects.results import DidResult, Estimate

__all__ = ["DidOptions", "DidResult", "Estimate", "did", "did_again"]
_HOMES = {
    "did": "api",
    "did_again": "api",
    "DidOptions": "did_options",
    "DidResult": "results",
    "Estimate": "results",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"evaluation.effects.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
