"""The legal basis of each data set, enforced: an asset asks before it uses data, and is refused in words."""

from __future__ import annotations

from evaluation.errors import GateRefused, Problem
from evaluation.protocol import Protocol, Use


def require_use(protocol: Protocol, data_set_id: str, use: Use) -> None:
    """Pass when the protocol's basis for a data set covers this use.

    Raises:
        GateRefused: the data set is not declared, or its uses do not include this one.
    """
    data_set = protocol.data_set(data_set_id)
    if data_set is not None and use in data_set.uses:
        return
    found = "no such data set" if data_set is None else f"uses = {', '.join(data_set.uses)}"
    raise GateRefused(
        f'the legal basis does not cover using "{data_set_id}" for {use}',
        [
            Problem(
                "protocol.toml",
                column=f"data_sets.{data_set_id}",
                found=found,
                expected=f'"{use}" among the uses, with a basis that covers it',
                next_step="ask the data protection officer; change the protocol only with their answer",
            )
        ],
    )
