"""Invented interviews: coded segments with planted themes, a second coder, missing consents and approved quotes.

Sentences are made up for the purpose and name nobody. What the schools fill in on forms is
:mod:`evaluation.synthetic.school_forms`' matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from evaluation.interviews.plain_columns import DELIMITER, ENCODING, SEGMENT_COLUMNS
from evaluation.protocol import Protocol
from evaluation.study import Study
from evaluation.synthetic.canaries import EMAIL, FIRST, LAST, PHONE, Canaries
from evaluation.synthetic.school_forms import invent_forms, write_forms
from evaluation.synthetic.sentences import THEMES, Theme

BASELINE = "baseline"
OCCASIONS = ("delevaluering_nov_2026", "slutevaluering_2027")
CODERS = ("AB", "CD")
DOUBLE_CODED_SHARE = 0.2
SECOND_CODER_AGREES, SECOND_CODER_ADDS = 0.88, 0.04
APPROVED_SHARE = 0.2
PUPIL_INTERVIEWS = 14
"""Per occasion: ten with one pupil, four with a group."""
NOT_YET = ("MP.SAMTALE.", "MP.TEGN.", "MP.VIDERE", "KL.", "X.MODBEVIS")
"""Nobody can speak of the talks, of signs of change or of carrying on before it has begun."""


@dataclass(frozen=True)
class Voices:
    """Coded segments (columns of ``plain_columns.SEGMENT_COLUMNS``, one row per segment, code and coder), school
    forms, and what was planted in them.
    """

    study: Study
    segments: pd.DataFrame
    forms: pd.DataFrame
    planted: dict[str, Any]

    def write(
        self, incoming: Path, files: list[str], exported_on: Sequence[dt.date], canaries: Canaries
    ) -> None:
        """Write one file of segments and the schools' forms per occasion; names are added to ``files``."""
        for occasion, day in zip(OCCASIONS, exported_on, strict=False):
            own = {occasion, BASELINE} if occasion == OCCASIONS[0] else {occasion}
            mine = self.segments[self.segments["nedslag"].isin(own)]
            if canaries.values and len(mine):
                mine = pd.concat([mine, _indiscreet(mine)], ignore_index=True)
            name = f"interviews/interviews_{day}.csv"
            path = incoming / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = mine.to_csv(sep=DELIMITER, index=False, lineterminator="\n")
            path.write_bytes(text.encode(ENCODING))
            files.append(name)
            files += write_forms(self.forms[self.forms["occasion"] == occasion], self.study, incoming, day)


def invent_voices(study: Study, *, seed: int) -> Voices:
    """Draw interviews for both occasions: pupils and groups, working groups, nurses and, at the end, leaders; and a
    few from before the programme began.
    """
    rng, before = np.random.default_rng([seed, 9]), np.random.default_rng([seed, 11])
    documents = [d for n, o in enumerate(OCCASIONS) for d in _documents(study.protocol, o, n, rng)]
    rows: list[dict[str, object]] = []
    for document in documents:
        rows += _coded(document, rng)
    for document in (first := _before(study.protocol, before)):
        rows += _coded(document, before)
    documents += first
    segments = pd.DataFrame(rows, columns=list(SEGMENT_COLUMNS))
    forms = invent_forms(study.protocol, OCCASIONS, seed=seed)
    return Voices(study, segments, forms, _planted(documents, segments))


def _documents(
    protocol: Protocol, occasion: str, number: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Who was talked to: one dictionary of attributes per document."""
    schools = [s.id for s in protocol.schools]
    treated = protocol.treated_grades or protocol.grades.order
    grades = treated[:1] if number == 0 else treated
    made: list[dict[str, Any]] = []

    def add(informant: str, form: str, school: str, grade: str) -> None:
        name = f"{'nov' if number == 0 else 'slut'}_{len(made) + 1:02d}"
        made.append(
            {
                "dokument": name,
                "informant": informant,
                "form": form,
                "skole": school,
                "aargang": grade,
                "nedslag": occasion,
                "samtykke": "gyldigt",
                "is_double": False,
            }
        )

    for k in range(PUPIL_INTERVIEWS):
        is_group = k >= PUPIL_INTERVIEWS - 4
        add(
            "elevgruppe" if is_group else "elev",
            "gruppeinterview" if is_group else "enkeltinterview",
            schools[k % len(schools)],
            grades[k % len(grades)],
        )
    for school in schools if number else schools[:3]:
        add("arbejdsgruppe", "refleksiv_samtale", school, "ikke_relevant")
    add("sundhedsplejerske", "refleksiv_samtale", schools[0], "flere")
    if number:
        add("skoleledelse", "refleksiv_samtale", schools[-1], "ikke_relevant")
    for k, status in zip(rng.choice(10, 2, replace=False), ("mangler", "trukket_tilbage"), strict=True):
        made[int(k)]["samtykke"] = status
    double = max(3, round(DOUBLE_CODED_SHARE * len(made)))
    usable = [k for k, d in enumerate(made) if d["samtykke"] == "gyldigt"]
    for k in rng.choice(usable, double, replace=False):
        made[int(k)]["is_double"] = True
    return made


def _before(protocol: Protocol, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Who was talked to before the programme began: groups of pupils, working groups and a nurse."""
    schools = [s.id for s in protocol.schools]
    who = [("elevgruppe", "gruppeinterview", (protocol.treated_grades or protocol.grades.order)[0])] * 4
    who += [("arbejdsgruppe", "refleksiv_samtale", "ikke_relevant")] * 3
    who += [("sundhedsplejerske", "refleksiv_samtale", "flere")]
    made = [
        {
            "dokument": f"foer_{k + 1:02d}",
            "informant": informant,
            "form": form,
            "skole": schools[k % len(schools)],
            "aargang": grade,
            "nedslag": BASELINE,
            "samtykke": "gyldigt",
            "is_double": False,
        }
        for k, (informant, form, grade) in enumerate(who)
    ]
    refused = [int(k) for k in rng.choice(len(made), 2, replace=False)]
    for k, status in zip(refused, ("mangler", "trukket_tilbage"), strict=True):
        made[k]["samtykke"] = status
    for k in [k for k in range(len(made)) if k not in refused][:2]:
        made[k]["is_double"] = True
    return made


def _coded(document: dict[str, Any], rng: np.random.Generator) -> list[dict[str, object]]:
    """A document's coded rows: every theme it holds has one to three sentences."""
    attributes = {k: v for k, v in document.items() if k != "is_double"}
    late = document["nedslag"] == OCCASIONS[1]
    rows: list[dict[str, object]] = []
    number, position = 0, 0
    for theme in THEMES:
        if document["nedslag"] == BASELINE and any(c.startswith(NOT_YET) for c in theme.codes):
            continue
        if rng.random() >= theme.share(str(document["informant"]), late):
            continue
        for sentence in rng.permutation(np.array(theme.sentences, dtype=object))[: rng.integers(1, 3)]:
            number += 1
            row = {
                "segment": str(number),
                "start": position,
                "slut": position + len(sentence),
                "tekst": sentence,
                "citat_godkendt": "ja" if rng.random() < APPROVED_SHARE else "",
                **attributes,
            }
            position += len(sentence) + 1
            rows += [row | {"kode": c, "retning": theme.direction, "koder": CODERS[0]} for c in theme.codes]
            if document["is_double"]:
                rows += [
                    row | {"kode": c, "retning": theme.direction, "koder": CODERS[1]}
                    for c in _second(theme, rng)
                ]
    return rows


def _second(theme: Theme, rng: np.random.Generator) -> list[str]:
    """What the second coder saw: most of the same codes, now and then another that is no sign of change."""
    same = [c for c in theme.codes if rng.random() < SECOND_CODER_AGREES]
    other = [
        t.codes[0] for t in THEMES if rng.random() < SECOND_CODER_ADDS / 4 and t.codes[0] not in theme.codes
    ]
    other = [code for code in other if not code.startswith("MP.")]
    return list(dict.fromkeys(same + other)) or [theme.codes[0]]


def _indiscreet(segments: pd.DataFrame) -> pd.DataFrame:
    """A statement somebody forgot to clean, approved as a quote all the same."""
    text = f"{FIRST} {LAST} sagde det til mig, ring på {PHONE} eller skriv til {EMAIL}."
    row = segments.iloc[[0]].copy()
    return row.assign(
        segment="999", start="", slut="", tekst=text, citat_godkendt="ja", kode="MP.SAMTALE.OPLEVELSE"
    )


def _planted(documents: list[dict[str, Any]], segments: pd.DataFrame) -> dict[str, Any]:
    """What a faultless reading finds: documents, and sources with consent per occasion, informant and code."""
    valid = segments[segments["samtykke"] == "gyldigt"]
    counts = valid.groupby(["nedslag", "kode", "informant"])["dokument"].nunique()
    themes: dict[str, dict[str, dict[str, int]]] = {}
    for key, n in counts.items():
        occasion, code, informant = cast("tuple[str, str, str]", key)
        themes.setdefault(str(occasion), {}).setdefault(str(code), {})[str(informant)] = int(n)
    # An interview in which nothing was coded stands in no export of coded segments.
    coded = set(segments["dokument"])
    by_occasion = {
        o: [d for d in documents if d["nedslag"] == o and d["dokument"] in coded]
        for o in (BASELINE, *OCCASIONS)
    }
    return {
        "documents": {o: len(ds) for o, ds in by_occasion.items()},
        "documents_with_consent": {
            o: sum(d["samtykke"] == "gyldigt" for d in ds) for o, ds in by_occasion.items()
        },
        "double_coded": {o: sum(d["is_double"] for d in ds) for o, ds in by_occasion.items()},
        "second_coder_agrees": SECOND_CODER_AGREES,
        "sources_by_theme": themes,
        "joint_display": {
            "MP.TEGN.FALD": "pupils and groups tell of less absence, a few see no difference",
            "MP.TEGN.SPROG": "working groups tell of a shared language",
            "MP.TEGN.SAMARB": "working groups and nurses tell of new ways of working together",
            "MP.TEGN.FOREBYG": "mixed: working groups ask for anchoring",
            "MP.MAAL": "hardly spoken of",
        },
    }
