"""The parts list names every locked package once for each version, with hashes and a licence that somebody looked up."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sbom():
    spec = importlib.util.spec_from_file_location("sbom", ROOT / "packaging" / "sbom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_licences_is_that_of_the_lock(sbom):
    assert sbom.differences(sbom.committed()) == []


def test_a_package_too_many_too_few_and_another_licence_are_told(sbom):
    known = sbom.committed()
    changed = {n: v for n, v in known.items() if n != "duckdb"} | {"nobody": "MIT", "numpy": "Proprietary"}
    said = sbom.differences(changed)
    assert {line.split(":")[0] for line in said} == {"duckdb", "nobody", "numpy"}


def test_the_document_is_cyclonedx_and_the_same_bytes_each_time(sbom):
    made = sbom.document(sbom.committed())
    assert made == sbom.document(sbom.committed())
    found = json.loads(made)
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert {c["name"] for c in found["components"]} == set(sbom.committed())
    assert all(
        c["hashes"] and c["licenses"] and c["purl"].startswith("pkg:pypi/") for c in found["components"]
    )
    refs = [c["bom-ref"] for c in found["components"]]
    assert len(refs) == len(set(refs))
