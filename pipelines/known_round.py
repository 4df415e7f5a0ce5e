"""A round's name as a user types it: checked against the study, with the known ones named."""

from __future__ import annotations

from evaluation.errors import InputError, Problem
from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.words.texts import texts

TEXT = texts("running")


def known_round(study: Study, round_id: str) -> Round:
    """The protocol's round, or :class:`InputError` that names the rounds there are."""
    try:
        return study.protocol.round(round_id)
    except KeyError:
        known = ", ".join(r.id for r in study.protocol.rounds)
        raise InputError(
            TEXT("known_round_none", round_id=round_id, study=study.protocol.study.id),
            [Problem("", column="ROUND", found=f'"{round_id}"', expected=TEXT("tracing_one_of") + known)],
        ) from None
