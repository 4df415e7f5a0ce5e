"""What a mapping says of interviews and forms that say it not themselves: coder, project, headings; school, occasion."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evaluation.door.mapping_parts import Strict


class VoicesOptions(Strict):
    """``[interviews]`` of a mapping. ``coder``: of a file that names none; ``project``: the one of several in a database;
    ``positions``: how a project counts, where it cannot be seen; ``headings``: our column → the file's own heading;
    ``asked``: a coder → the codes or families she was asked for, where not for all; ``variables``: a variable, column or
    group of the file → the codebook's attribute that it is; ``notes_read``: the mark of its notes, which somebody
    has read and found in them nobody who has left; of other notes the question comes again."""

    coder: str | None = None
    project: str | None = None
    positions: Literal["code_points", "utf16"] | None = None
    headings: dict[str, str] = Field(default_factory=dict)
    asked: dict[str, list[str]] = Field(default_factory=dict)
    variables: dict[str, str] = Field(default_factory=dict)
    notes_read: list[str] = Field(default_factory=list)


class FormOptions(Strict):
    """``[school_form]`` of a mapping: the school and the occasion of a form that has no place for them."""

    school: str = ""
    occasion: str = ""
