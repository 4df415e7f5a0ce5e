"""Modules that stand aside while a library which hardly uses them is imported.

Great Expectations imports Altair, for the charts of one expectation, and through ``jsonschema`` a grammar of web
addresses that is built when it is imported: half of its import time, for what no suite here uses.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands in for a module: each of its functions imports the module when it is called."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = ModuleSpec(name, None)

    def __getattr__(self, attribute: str) -> Callable[..., Any]:
        if attribute.startswith("__"):
            raise AttributeError(attribute)

        def call(*arguments: Any, **named: Any) -> Any:
            return getattr(importlib.import_module(self.__name__), attribute)(*arguments, **named)

        return call


@contextmanager
def standing_aside(*names: str) -> Iterator[None]:
    """Inside the block, importing one of ``names`` gives a stand-in whose functions import it when called.

    A module that has been imported already is left as it is, and afterwards importing works as ever.
    """
    aside = [name for name in names if name not in sys.modules]
    sys.modules.update({name: _Later(name) for name in aside})
    try:
        yield
    finally:
        for name in aside:
            del sys.modules[name]
