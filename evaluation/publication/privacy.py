"""What a data-protection officer asks for, as drafts filled from the protocol: the words stand in ``words/privacy``."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from evaluation.protocol import Protocol

DOCUMENTS = ("konsekvensanalyse", "fortegnelse", "sletteplan", "oplysning_til_foraeldre", "brud", "roller")
"""Impact assessment, record of processing, retention, notice to parents, breach, roles."""


def privacy_documents(protocol: Protocol, stores: Iterable[Any]) -> dict[str, str]:
    """Markdown by name of file. ``stores``: every kind of file the data folder keeps, with ``name``, ``pattern``,
    ``holds_persons`` and ``stays``. Raises jinja2's UndefinedError where a document asks for what the protocol has not."""
    from jinja2 import Environment, StrictUndefined

    kinds = tuple(stores)
    room = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    source = files("evaluation.words") / "privacy"
    return {
        f"{name}.md": room.from_string((source / f"{name}.md").read_text(encoding="utf-8")).render(
            p=protocol, stores=kinds
        )
        for name in DOCUMENTS
    }
