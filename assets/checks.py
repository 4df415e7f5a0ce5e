"""One blocking check per raw_ and core_ table: Great Expectations suites, counts and row numbers out, never values.

The verdict is stored beside the table, because Dagster's own blocking holds only within one run.
"""

import dagster as dg

from assets.needs import Warehouse
from assets.rounds import round_of
from evaluation.expectations import CHECKED_TABLES, NEEDS, raise_if_crashed, run_suite
from evaluation.publication.publish import rules_of
from evaluation.publication.quality import unsound
from evaluation.study import Study
from evaluation.words.texts import texts

TEXT = texts("running")


def table_checks() -> list[dg.AssetChecksDefinition]:
    """A check for every checked table."""
    return [_table_check(name) for name in CHECKED_TABLES]


def _table_check(name: str) -> dg.AssetChecksDefinition:
    needed = [n for n in NEEDS.get(name, ()) if n != name]

    @dg.asset_check(
        asset=name,
        name="expectations",
        blocking=True,
        additional_deps=needed,
        description=TEXT("checks_about", name=name),
    )
    def expectations(
        context: dg.AssetCheckExecutionContext,
        study: dg.ResourceParam[Study],
        warehouse: dg.ResourceParam[Warehouse],
    ) -> dg.AssetCheckResult:
        the_round = round_of(context, study)
        stored = warehouse.stored(the_round.id, name)
        others = {n: warehouse.stored(the_round.id, n) for n in needed}
        results = run_suite(name, stored, study.protocol, others=others, cutoff=the_round.cutoff)
        raise_if_crashed(results)
        refused = [r for r in results if r.is_blocking]
        warned = [r for r in results if not r.is_passed and not r.is_blocking]
        # Dagster's page is no declared audience: what a check found stands in the terminal.
        rules = rules_of(study.protocol)
        sentences = unsound((*refused, *warned), rules)
        warehouse.store_verdict(
            the_round.id,
            name,
            passed=not refused,
            failed=list(unsound(refused, rules)),
            results=[r.record() for r in results],
        )
        return dg.AssetCheckResult(
            passed=not refused,
            metadata={
                "checks": len(results),
                "refused": len(refused),
                "warnings": len(warned),
                "sentences": dg.MetadataValue.md("\n".join(f"- {sentence}" for sentence in sentences) or "–"),
            },
        )

    return expectations
