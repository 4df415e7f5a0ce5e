"""Invented forms of the schools: Vurder og find fokus, Kontekstdialogen and a step on Implementeringstrappen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.protocol import Protocol
from evaluation.study import Study

THEMES = ("KOMP", "HJEM", "HELHED", "KLASSE", "ELEV")
GOOD = (
    "Vi ringer hjem samme dag.",
    "Vi taler om fravær på teammøderne.",
    "Eleverne er med, når vi laver planer.",
    "Der er en fast voksen om morgenen.",
)
WISH = (
    "Vi vil følge op hurtigere.",
    "Vi vil have en fælles måde at tale om fravær på.",
    "Vi vil spørge eleverne oftere.",
    "Vi vil have tid sat af til opfølgning.",
)
BARRIERS = ("Tiden er knap.", "Rollerne er ikke klare.", "Det hænger på få personer.")
DRIVERS = ("Ledelsen bakker op.", "Sundhedsplejen er med.", "Vi har et fælles børnesyn.")


def invent_forms(protocol: Protocol, occasions: Sequence[str], *, seed: int) -> pd.DataFrame:
    """One row per filled field: form, school_id, occasion, theme, dimension, value, score.

    Schools climb Implementeringstrappen by about one step from the first occasion to the last; the last school
    hands in nothing at the first one.
    """
    rng = np.random.default_rng([seed, 10])
    rows: list[tuple[str, str, str, str, str, str, float]] = []
    last = protocol.schools[-1].id
    for school in protocol.schools:
        start = int(rng.integers(1, 3))
        for n, occasion in enumerate(occasions):
            if n == 0 and school.id == last and len(protocol.schools) > 1:
                continue
            for theme in THEMES:
                good, wish = GOOD[rng.integers(len(GOOD))], WISH[rng.integers(len(WISH))]
                rows.append(("vurder_og_find_fokus", school.id, occasion, theme, "GODT", good, np.nan))
                rows.append(("vurder_og_find_fokus", school.id, occasion, theme, "OENSKE", wish, np.nan))
            for dimension in "123456":
                barrier, driver = BARRIERS[rng.integers(len(BARRIERS))], DRIVERS[rng.integers(len(DRIVERS))]
                rows.append(("kontekstdialog", school.id, occasion, dimension, "BARRIERE", barrier, np.nan))
                rows.append(("kontekstdialog", school.id, occasion, dimension, "DRIVKRAFT", driver, np.nan))
            step = float(min(4, start + n))
            rows.append(("implementeringstrappe", school.id, occasion, "", "", f"{step:g}", step))
    columns = ["form", "school_id", "occasion", "theme", "dimension", "value", "score"]
    return pd.DataFrame(rows, columns=columns)


def write_forms(forms: pd.DataFrame, study: Study, incoming: Path, day: dt.date) -> list[str]:
    """Write each school's workbook of one occasion on the empty forms it was given; returns the files' names."""
    from evaluation.codebooks import load_codebook
    from evaluation.interviews.form_templates import write_filled_forms

    codebook = load_codebook(study.file("codebook.yaml"))
    names = []
    for school_id, mine in forms.groupby("school_id", sort=True):
        name = f"skemaer/skema_{school_id}_{day}.xlsx"
        write_filled_forms(incoming / name, mine, codebook)
        names.append(name)
    return names
