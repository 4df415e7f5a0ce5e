"""Wrong protocols, made from the models: each key with the wrong kind, out of range, misspelt; and contradictions.

Every one is refused with its place, what may stand there and what to do next, in Danish.
"""

from __future__ import annotations

import copy
import re
import tomllib
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from evaluation.errors import ProtocolError
from evaluation.protocol import Protocol
from evaluation.protocol_values import model_at, models_in
from evaluation.study import PACKAGED, load_study, parse_protocol

RAW = tomllib.loads((PACKAGED / "kom_glad_i_skole" / "protocol.toml").read_text(encoding="utf-8"))
Place = tuple[str | int, ...]


def keys(model: Any = Protocol, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every key a protocol may have, the first block of each list standing for all."""
    for name, field in model.model_fields.items():
        inner = next(models_in(field.annotation), None)
        is_list = inner is not None and typing.get_origin(field.annotation) is tuple
        if inner is None:
            yield (*at, name), field.annotation
        else:
            yield from keys(inner, (*at, name, 0) if is_list else (*at, name))


def with_value(place: Place, value: object) -> dict[str, Any]:
    """The pilot's protocol with one value changed or added."""
    raw = copy.deepcopy(RAW)
    where: Any = raw
    for i, part in enumerate(place[:-1]):
        if isinstance(part, str):
            where = where.setdefault(part, [{}] if isinstance(place[i + 1], int) else {})
        else:
            where = where[part]
    where[place[-1]] = value
    return raw


def refused(raw: dict[str, Any]) -> Any:
    """The problems a protocol is refused with, each whole."""
    with pytest.raises(ProtocolError) as error:
        parse_protocol(raw)
    assert re.search(r"protokollen har \d+ fejl", error.value.message)
    assert error.value.problems
    for problem in error.value.problems:
        assert problem.column, "no place"
        assert problem.found, "not said what is wrong"
        assert problem.next_step, "not said what to do"
        text = f"{problem.found} {problem.expected} {problem.next_step}"
        assert not re.search(r"\b(should|input|valid|must|is not|the)\b", text, re.I), text
        assert "{" not in text.replace("{…}", "").replace("{grade}", ""), text
    return error.value.problems


ALL = [(place, kind) for place, kind in keys() if place != ("schema_version",)]


@pytest.mark.parametrize("place", [p for p, _ in ALL], ids=lambda p: ".".join(map(str, p)))
def test_a_value_of_the_wrong_kind_is_refused_with_the_right_kind(place):
    problems = refused(with_value(place, {"noget": "andet"}))
    name = ".".join(map(str, place))
    mine = [p for p in problems if p.column == name or p.column.startswith(f"{name}.")]
    assert mine
    assert mine[0].expected


BLOCKS = sorted({place[:-1] for place, _ in ALL}, key=str)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda p: ".".join(map(str, p)) or "øverst")
def test_an_unknown_key_is_refused_with_the_known_ones_and_the_nearest(block):
    known = list(model_at(block).model_fields)
    misspelt = f"{known[0]}x"
    (problem,) = [p for p in refused(with_value((*block, misspelt), "x")) if p.column.endswith(misspelt)]
    assert problem.expected == f"en af: {', '.join(known)}"
    assert problem.next_step == f"mener du »{known[0]}«?"


OUT_OF_RANGE = {
    ("quality", "minimum_completeness_pct"): 101,
    ("verdict", "alpha"): 1.5,
    ("verdict", "level"): 0,
    ("disclosure", "minimum_pupils"): 1,
    ("disclosure", "coverage_step_pct"): 90,
    ("years", "starts_month"): 13,
    ("talks", "minimum_coverage_pct"): -1,
    ("milestone", "relevant_change_pp"): 0,
    ("milestone", "months"): [0],
    ("inference", "bootstrap_draws"): 10,
    ("study", "seed"): -1,
    ("study", "id"): "Kom Glad",
    ("study", "version"): "2",
    ("years", "follow_up"): "2026",
    ("grades", "order"): [],
    ("waves", 0, "who"): "alle",
    ("estimand", "comparison"): "grades_same_schools",
    ("estimand", "model"): "same_month",
    ("rounds", 0, "kind"): "finale",
    ("audiences",): ["borgere"],
    ("data_sets", 0, "uses"): ["alt"],
}


@pytest.mark.parametrize("place", list(OUT_OF_RANGE), ids=lambda p: ".".join(map(str, p)))
def test_a_value_out_of_range_is_refused_with_the_range(place):
    problem = refused(with_value(place, OUT_OF_RANGE[place]))[0]
    assert problem.expected


def test_the_nearest_allowed_word_is_named():
    (problem,) = refused(with_value(("estimand", "comparison"), "grades_same_schools"))
    assert problem.next_step == "mener du »grades_same_school«?"
    assert problem.expected == "et af: grades_same_school, same_grades_other_schools, all_others"


CONTRADICTIONS = {
    "wave outside the years": (("waves", 0, "planned_from"), "2025-09-07", "waves.0.planned_from"),
    "wave backwards": (("waves", 0, "planned_to"), "2026-09-01", "waves.0.planned_to"),
    "unknown grade": (("waves", 0, "grades"), ["11"], "waves.0.grades"),
    "unknown school": (("waves", 0, "schools"), ["165002"], "waves.0.schools"),
    "two waves of one grade": (("waves", 1, "grades"), ["6"], "waves"),
    "ends before all began": (("waves", 0, "ends_on"), "2026-09-08", "waves.0.ends_on"),
    "baseline after follow-up": (("years", "baseline"), ["2027/28"], "years.baseline"),
    "follow-up among the baseline": (("years", "baseline"), ["2025/26", "2026/27"], "years.baseline"),
    "placebo outside the baseline": (("years", "placebo"), "2020/21", "years.placebo"),
    "no school year": (("years", "baseline"), ["2024/26"], "years"),
    "no final round": (("rounds", 1, "kind"), "interim", "rounds.kind"),
    "final round first": (("rounds", 0, "kind"), "final", "rounds.kind"),
    "cut-off outside the year": (("rounds", 0, "cutoff"), "2025-11-13", "rounds.0.cutoff"),
    "report before the cut-off": (("rounds", 0, "report_date"), "2026-11-01", "rounds.0.report_date"),
    "rounds out of order": (("rounds", 0, "cutoff"), "2027-06-28", "rounds"),
    "two schools of one name": (("schools", 0, "name"), "Herstedøster Skole", "schools.name"),
    "two rounds of one name": (("rounds", 0, "id"), "end_of_year_2027", "rounds.id"),
    "unknown type": (("outcomes", 0, "types"), ["sickness"], "outcomes.0.types"),
    "two primary outcomes": (("outcomes", 1, "is_primary"), True, "outcomes.is_primary"),
    "a quote that does not stand": (("milestone", "parts", 0, "quote"), "noget helt andet", "milestone.parts.0.quote"),
    "no part decides": (("milestone", "parts", 0, "answered_by"), "description", "milestone.parts"),
    "label without the grade": (("grades", "label"), "årgang", "grades.label"),
    "half days of no grade": (("grades", "half_days"), ["10"], "grades.half_days"),
    "bands that fall": (("targeted", "bands_pct"), [10, 5], "targeted.bands_pct"),
    "a window too short": (("targeted", "window_school_days"), 10, "targeted.minimum_school_days"),
    "a threshold that ends first": (("thresholds", 0, "in_force_until"), "2018-01-01", "thresholds.0.in_force_until"),
    "a model beside itself": (("estimand", "beside_model"), "same_month_own_year", "estimand.beside_model"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CONTRADICTIONS))
def test_a_contradiction_is_refused_where_it_stands(name):
    place, value, column = CONTRADICTIONS[name]
    found = refused(with_value(place, value))
    assert column in [p.column for p in found], [p.column for p in found]


def test_a_comparison_that_nobody_belongs_to_is_refused_with_the_one_that_has_somebody(tmp_path):
    text = (
        'extends = "demo_kommune"\n[study]\nid = "hele"\n[[waves]]\nid = "to"\nschools = ["990001", "990002"]\n'
        "planned_from = 2026-09-07\nplanned_to = 2026-09-25\n"
    )
    (tmp_path / "protocol.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProtocolError) as error:
        load_study(str(tmp_path))
    (problem,) = error.value.problems
    assert problem.column == "estimand.comparison"
    assert problem.expected == "et af: same_grades_other_schools, all_others"


def test_at_least_forty_wrong_protocols_are_tried():
    assert len(ALL) + len(BLOCKS) + len(OUT_OF_RANGE) + len(CONTRADICTIONS) >= 40
