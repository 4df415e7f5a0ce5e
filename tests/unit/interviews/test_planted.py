"""The synthetic municipality: what was planted in the invented interviews comes out again, count for count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaluation.codebooks import Codebook
from evaluation.interviews.agreement import agreement
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.joint_display import joint_display
from evaluation.interviews.plain_columns import DELIMITER
from evaluation.interviews.quotes import approved_quotes
from evaluation.interviews.signs import sign_themes
from evaluation.interviews.themes import theme_table
from evaluation.study import find_study, load_study
from evaluation.synthetic.voices import invent_voices

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=range(1, 9))
def voices(request: pytest.FixtureRequest) -> Any:
    return invent_voices(load_study(find_study("kom_glad_i_skole")), seed=request.param)


@pytest.fixture
def batch(voices: Any, tmp_path: Path, read: Any) -> Any:
    path = tmp_path / "interviews.csv"
    voices.segments.to_csv(path, sep=DELIMITER, index=False)
    return read(path)


def test_every_planted_source_is_found_and_no_other(voices: Any, batch: Any, book: Codebook) -> None:
    assert batch.problems == ()
    kept = with_valid_consent(batch.segments).segments
    for occasion, planted in voices.planted["sources_by_theme"].items():
        table = theme_table(kept[kept["occasion"] == occasion], book, by=("informant",))
        found = {(r["code"], r["informant"]): r["sources"] for r in table.to_dict("records") if r["sources"]}
        assert found == {(code, who): n for code, groups in planted.items() for who, n in groups.items()}


def test_consent_and_double_coding_are_as_planted(voices: Any, batch: Any, book: Codebook) -> None:
    kept = with_valid_consent(batch.segments)
    assert kept.documents_missing == kept.documents_withdrawn == len(voices.planted["documents"])
    assert kept.documents_kept == sum(voices.planted["documents_with_consent"].values())
    result = agreement(kept.segments, book, documents=batch.documents)
    assert result.double_coded == sum(voices.planted["double_coded"].values())
    whole = result.table.set_index("level").loc["alle"]
    # the second coder keeps 88 % of the codes and adds a few: agreement is good and not perfect
    assert 0.8 < whole["alpha"] < 1


@pytest.mark.parametrize(
    ("says", "relation"),
    [("for", "bekræfter"), ("ingen", "modsiger"), ("ukendt", "udvider")],
)
def test_less_absence_has_the_planted_relation(batch: Any, book: Codebook, says: str, relation: str) -> None:
    """Planted: most sources who speak of it tell of less absence, a few see no difference."""
    kept = with_valid_consent(batch.segments).segments
    numbers = pd.DataFrame(
        [("fravaer_total_pct", -1.0, -1.8, 0.2, "kan ikke afgøres", says)],
        columns=["indicator", "estimate_pp", "ci_low_pp", "ci_high_pp", "verdict", "says"],
    )
    quotes = approved_quotes(kept, batch.texts, book)
    table = joint_display(book, numbers, sign_themes(kept, book), quotes).set_index("sign_id")
    assert table.loc["MP.TEGN.FALD", "relation"] == relation
    assert table.loc["MP.TEGN.SPROG", "qual_says"] == table.loc["MP.TEGN.SAMARB", "qual_says"] == "for"
    assert table.loc["MP.TEGN.FOREBYG", "qual_says"] == "delt"  # planted as mixed
    assert table.loc["MP.MAAL", "relation"] == "udvider"
    approved = set(batch.segments.loc[batch.segments["approved_quote"], "segment_id"])
    said = dict(zip(batch.texts["segment_id"], batch.texts["text"], strict=True))
    assert set(table["quote"].dropna()) <= {said[segment] for segment in approved}
