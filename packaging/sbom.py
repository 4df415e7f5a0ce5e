"""The parts list: what the locked product is made of, as CycloneDX, and each part's licence, as a table people can read.

``python packaging/sbom.py OUT`` writes ``sbom.cdx.json`` and ``licences.csv``; ``--check`` compares the committed table
with the lock and this environment and says what differs. No clock and no network: the same lock gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK, TABLE = ROOT / "requirements.lock", ROOT / "packaging" / "licences.csv"
_PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+))?", re.M)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_CLASSIFIER = "License :: "
UNKNOWN = ""


def locked(text: str) -> list[dict[str, object]]:
    """Name, version, marker and hashes of every pin of a lock file, in its order."""
    pins = list(_PIN.finditer(text))
    ends = [*(p.start() for p in pins[1:]), len(text)]
    return [
        {
            "name": p["name"].lower(),
            "version": p["version"],
            "marker": (p["marker"] or "").strip(),
            "hashes": sorted(_HASH.findall(text[p.start() : end])),
        }
        for p, end in zip(pins, ends, strict=True)
    ]


def licence_of(name: str) -> str:
    """What an installed package says its licence is; empty where it says nothing or is not installed here."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return UNKNOWN
    if expression := said.get("License-Expression"):
        return str(expression)
    named = [c.removeprefix(_CLASSIFIER).rpartition(" :: ")[2] for c in said.get_all("Classifier") or ()
             if c.startswith(_CLASSIFIER) and c != "License :: OSI Approved"]  # fmt: skip
    if named:
        return " / ".join(dict.fromkeys(named))
    first = (said.get("License") or "").strip().splitlines()
    return first[0][:80] if first else UNKNOWN


def parts(licences: dict[str, str]) -> list[dict[str, object]]:
    """Components of the parts list."""
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{p['name']}@{p['version']}",
            "name": p["name"],
            "version": p["version"],
            "purl": f"pkg:pypi/{p['name']}@{p['version']}",
            "hashes": [{"alg": "SHA-256", "content": h} for h in p["hashes"]],  # type: ignore[attr-defined]
            **(
                {"licenses": [{"license": {"name": said}}]}
                if (said := licences.get(str(p["name"]), ""))
                else {}
            ),
        }
        for p in locked(LOCK.read_text(encoding="utf-8"))
    ]


def document(licences: dict[str, str]) -> bytes:
    """The parts list as CycloneDX 1.6."""
    found = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "komglad", "name": "komglad"}},
        "components": parts(licences),
        "dependencies": [{"ref": "komglad", "dependsOn": sorted(str(p["bom-ref"]) for p in parts(licences))}],
    }
    return (json.dumps(found, indent=1, sort_keys=True) + "\n").encode()


def committed() -> dict[str, str]:
    """Licences by package as the table has them."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["package"]: row["licence"] for row in csv.DictReader(file)}


def table(licences: dict[str, str]) -> str:
    """The table of licences."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["package", "licence"])
    writer.writerows(sorted(licences.items()))
    return out.getvalue()


def differences(known: dict[str, str]) -> list[str]:
    """What the table lacks, has too much of, or says otherwise than the package that is installed here."""
    pins = {str(p["name"]) for p in locked(LOCK.read_text(encoding="utf-8"))}
    wrong = [f"{name}: locked, but not in the table" for name in sorted(pins - known.keys())]
    wrong += [f"{name}: in the table, but not locked" for name in sorted(known.keys() - pins)]
    for name in sorted(pins & known.keys()):
        said = licence_of(name)
        if said != UNKNOWN and said != known[name]:
            wrong.append(f"{name}: the table says {known[name]!r}, the package {said!r}")
        elif not known[name].strip():
            wrong.append(f"{name}: no licence")
    return wrong


def main() -> int:
    """Write the parts list, or check the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("out", nargs="?", type=Path, default=ROOT / "dist")
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    known = committed() if TABLE.is_file() else {}
    if given.check:
        for line in differences(known):
            sys.stderr.write(f"{line}\n")
        return int(bool(differences(known)))
    pins = [str(p["name"]) for p in locked(LOCK.read_text(encoding="utf-8"))]
    # What is not installed on this machine keeps what another machine found.
    licences = {name: licence_of(name) or known.get(name, "") for name in pins}
    TABLE.write_text(table(licences), encoding="utf-8")
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "sbom.cdx.json").write_bytes(document(licences))
    sys.stdout.write(f"{given.out}: {len(pins)} parts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
