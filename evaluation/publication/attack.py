"""The attack on everything that leaves: all files of all rounds, receipts and what Dagster is told, read as anybody may.

What belongs here: what can be worked out from what :mod:`evaluation.publication.reading` read, and the result in words.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from evaluation.disclosure.rules import DisclosureRules
from evaluation.errors import GateRefused, Problem
from evaluation.protocol import Protocol
from evaluation.publication.leaving import INSIDE
from evaluation.publication.reading import read_everything
from evaluation.words import ANALYST, Count, Statement, render, say
from evaluation.words.catalogue.attacks import Attacked, Leak


@dataclass(frozen=True)
class Attack:
    """What was found, and how much was read. ``content``: SHA-256 over all that was read; ``narrowest``: width of the
    hidden count that is known best."""

    found: tuple[Statement, ...]
    files: int
    numbers: int
    hidden: int
    narrowest: int | None
    content: str

    def passed(self) -> dict[str, object]:
        """What an approval keeps of it. Raises GateRefused where something was found."""
        self.refuse()
        return {"content": self.content, "files": self.files, "numbers": self.numbers}

    def sentences(self) -> list[str]:
        """The result for the analyst."""
        if self.found:
            return [render(s, ANALYST) for s in self.found]
        read = {"files": Count(self.files), "numbers": Count(self.numbers), "hidden": Count(self.hidden)}
        said = [say(Attacked.PASSED, **read)]
        if self.narrowest is not None:
            said.append(say(Attacked.WIDTH, width=Count(self.narrowest + 1)))
        return [render(s, ANALYST) for s in said]

    def refuse(self) -> None:
        """Raise GateRefused with every finding, if there is one."""
        if self.found:
            message = render(say(Attacked.FOUND, places=Count(len(self.found))), ANALYST)
            raise GateRefused(message, [Problem("", found=text) for text in self.sentences()])


def attack_everything(
    files: Mapping[str, bytes],
    protocol: Protocol,
    rules: DisclosureRules,
    school_days: Mapping[str, float] = MappingProxyType({}),
    receipts: Mapping[str, bytes] = MappingProxyType({}),
    told: Mapping[str, str] = MappingProxyType({}),
) -> Attack:
    """Attack the reports folder (``files`` by relative name), receipts, and texts by place that others are ``told``.

    ``school_days``: of the year up to each round, as any calendar tells. Never raises on what it finds or cannot read.
    """
    outside = {name: data for name, data in files.items() if name not in INSIDE}
    r = read_everything(outside, protocol, rules, receipts, told)
    attacked = r.system.work_out(rules, school_days) if r.system else None
    for interval in attacked.leaks if attacked else ():
        r.add(Leak.WORKED_OUT, interval.target.since or "reports", interval.target.key.text)
    everything = {**outside, **receipts}
    digest = hashlib.sha256()
    for name in sorted(everything):
        digest.update(f"{name}\n{hashlib.sha256(everything[name]).hexdigest()}\n".encode())
    hidden = [i for i in attacked.intervals if i.target.kind == "hidden"] if attacked else []
    widths = [i.high - i.low for i in hidden if i.target.component.quantity == "pupils"]
    finite = [w for w in widths if math.isfinite(w)]
    return Attack(
        tuple(r.found),
        len(everything),
        attacked.numbers if attacked else 0,
        len(hidden),
        int(min(finite)) if finite else None,
        digest.hexdigest(),
    )


def school_days_until(days: pd.DataFrame, protocol: Protocol) -> dict[str, float]:
    """School days of the follow-up year up to each round, at the school that has most. ``days``: core_school_days."""
    found = {}
    mine = days[days["school_year"] == protocol.years.follow_up]
    for the_round in protocol.rounds:
        until = mine[pd.to_datetime(mine["day_on"]) <= pd.Timestamp(the_round.cutoff)]
        found[the_round.id] = float(until.groupby("school_id").size().max()) if len(until) else 0.0
    return {k: v for k, v in found.items() if v}
