"""Data are used for what their basis covers, and refused in words for anything else."""

from __future__ import annotations

import pytest

from evaluation.errors import GateRefused
from evaluation.legal_basis import USES, require_basis
from evaluation.protocol import Protocol
from evaluation.study import load_study

P = load_study("kom_glad_i_skole").protocol


def with_uses(data_set: str, *uses: str) -> Protocol:
    """The pilot's protocol with other uses for one data set; with none, without the data set."""
    raw = P.model_dump(mode="json")
    raw["data_sets"] = [
        d | {"uses": list(uses)} if d["id"] == data_set else d
        for d in raw["data_sets"]
        if uses or d["id"] != data_set
    ]
    return Protocol.model_validate(raw)


@pytest.mark.parametrize("table", USES)
def test_the_pilots_own_bases_cover_what_its_assets_do(table: str) -> None:
    require_basis(P, table, 1)


@pytest.mark.parametrize("table", USES)
def test_a_study_without_the_data_set_is_refused_and_no_rows_are_no_use(table: str) -> None:
    data_set, use = USES[table]
    without = with_uses(data_set)
    with pytest.raises(GateRefused) as refused:
        require_basis(without, table, 1)
    assert refused.value.exit_code == 3
    assert f"data_sets.{data_set}" in str(refused.value)
    assert f'"{use}"' in str(refused.value)
    require_basis(without, table, 0)


def test_another_use_is_not_covered() -> None:
    counted = with_uses("interviews", "counts")
    require_basis(counted, "core_interview_codes", 1)
    with pytest.raises(GateRefused, match="uses = counts"):
        require_basis(counted, "out_joint_display", 1)
