"""The data-protection drafts hold what the protocol says, for every study that comes along, and invent nothing."""

from __future__ import annotations

import pytest

from evaluation.publication.privacy import DOCUMENTS, privacy_documents
from evaluation.study import load_study
from pipelines.stores import STORES


@pytest.mark.parametrize("study", ["kom_glad_i_skole", "demo_kommune"])
def test_every_document_is_filled_from_the_protocol(study):
    protocol = load_study(study).protocol
    found = privacy_documents(protocol, STORES)
    assert set(found) == {f"{name}.md" for name in DOCUMENTS}
    for text in found.values():
        assert protocol.study.title in text
        assert "{" not in text
    for data in protocol.data_sets:
        assert data.basis in found["konsekvensanalyse.md"]
        assert data.contains in found["fortegnelse.md"]
    plan = found["sletteplan.md"]
    for store in STORES:
        assert f"| {store.name} | `{store.pattern}` | {'ja' if store.holds_persons else 'nej'} |" in plan
    assert f"aldrig for færre end {protocol.disclosure.minimum_pupils}" in found["oplysning_til_foraeldre.md"]


def test_another_limit_is_another_document():
    protocol = load_study("demo_kommune").protocol
    strict = protocol.model_copy(
        update={"disclosure": protocol.disclosure.model_copy(update={"minimum_pupils": 10})}
    )
    one, other = (privacy_documents(p, STORES) for p in (protocol, strict))
    assert "færre end 5 elever" in one["konsekvensanalyse.md"]
    assert "færre end 10 elever" in other["konsekvensanalyse.md"]
