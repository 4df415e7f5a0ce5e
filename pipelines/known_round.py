"""A round's name as a user types it: checked against the study, with the known ones named."""

from __future__ import annotations

from evaluation.errors import InputError, Problem
from evaluation.protocol import Round
from evaluation.study import Study


def known_round(study: Study, round_id: str) -> Round:
    """The protocol's round, or :class:`InputError` that names the rounds there are."""
    try:
        return study.protocol.round(round_id)
    except KeyError:
        known = ", ".join(r.id for r in study.protocol.rounds)
        raise InputError(
            f'"{round_id}" is not a round of the study {study.protocol.study.id}',
            [
                Problem(
                    "",
                    found=f'"{round_id}"',
                    expected=f"one of: {known}",
                    next_step=f"komglad run {known.split(',')[0]}",
                )
            ],
        ) from None
