"""What children and staff say: readers of coded interviews and forms, agreement, themes, joint display.

In: files (paths and the pseudonym key given as arguments), frames and the study's codebook.
Out: frames, frozen dataclasses and :class:`~evaluation.errors.Problem` records. Absence figures are not
computed here; the joint display takes them as a frame.
"""

from __future__ import annotations
