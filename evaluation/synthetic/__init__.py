"""A municipality with known truth: pupils, absence, talks and voices that never were, and the files about them.

What belongs here is everything invented. Nothing here reads the pipeline's code or tables, and nothing in the
pipeline may read the truth.
"""

from __future__ import annotations

from evaluation.synthetic.canaries import Canaries
from evaluation.synthetic.files import EXPORTED_ON, Written, write_files, write_truth
from evaluation.synthetic.municipality import Municipality, cells, make_municipality
from evaluation.synthetic.scenario import Kind, Scenario

__all__ = [
    "EXPORTED_ON",
    "Canaries",
    "Kind",
    "Municipality",
    "Scenario",
    "Written",
    "cells",
    "make_municipality",
    "write_files",
    "write_truth",
]
