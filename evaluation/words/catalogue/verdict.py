"""The fixed words of the milestone and of the way absence went. They stand in tables as they are said."""

from __future__ import annotations

from enum import StrEnum


class Word(StrEnum):
    """The words of the milestone; a look that is not tested has none of them and is described."""

    NOT_YET = "kan endnu ikke opgøres"
    CANNOT = "kan ikke vurderes"
    ACHIEVED = "opnået"
    SMALL_FALL = "målbart fald, men mindre end det relevante"
    NOT_ACHIEVED = "ikke opnået"
    UNDECIDED = "kan ikke afgøres"
    DESCRIBED = "beskrives, afgøres ikke"

    @property
    def is_judged(self) -> bool:
        """Whether the numbers were read at all."""
        return self in (Word.ACHIEVED, Word.SMALL_FALL, Word.NOT_ACHIEVED, Word.UNDECIDED)


class Direction(StrEnum):
    """Which way absence went, beside what was expected."""

    FALLEN = "faldet"
    RISEN = "steget"
    SIGN_OF_FALL = "tegn på fald, men usikkert"
    SIGN_OF_RISE = "tegn på stigning, men usikkert"
    NONE = ""

    @property
    def is_sure(self) -> bool:
        """Whether interval and permutation both exclude zero."""
        return self in (Direction.FALLEN, Direction.RISEN)
