"""What the manifest beside a report gives away."""

from __future__ import annotations

import hashlib
import json

import pandas as pd

from evaluation.publication.manifest import manifest
from evaluation.study import load_study


def test_no_name_of_a_file_leaves_and_each_file_is_still_told_apart() -> None:
    protocol = load_study("demo_kommune").protocol
    names = ["interviews/Freja Ravn 6.A.qdpx", "fjord/elever_6B.txt"]
    ledger = pd.DataFrame({"source_file": names, "sha256": ["ab" * 32, "cd" * 32]})

    def keyed(digest: str) -> str:
        return hashlib.sha256(b"key" + digest.encode()).hexdigest()

    content = manifest(
        protocol, protocol.round("november_2026"), frozen={}, ledger=ledger, table_hashes={}, git_commit="",
        package_versions={}, keyed=keyed,
    )  # fmt: skip
    text = json.dumps(content, ensure_ascii=False)
    assert not [part for part in ("Freja", "6.A", "elever_6B", "interviews") if part in text]
    assert set(content["input_hashes"].values()) == {keyed("ab" * 32), keyed("cd" * 32)}
    assert hashlib.sha256(names[0].encode()).hexdigest()[:16] not in text
