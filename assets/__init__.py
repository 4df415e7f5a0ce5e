"""Thin Dagster assets: call `evaluation`, attach metadata, return. What is computed stands in `evaluation`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg


def all_assets() -> list[dg.AssetsDefinition]:
    """Every asset, raw → core → out → report."""
    from assets import core, effects, evidence, raw, reports

    return [*raw.ASSETS, *core.ASSETS, *effects.ASSETS, *evidence.ASSETS, *reports.ASSETS]


def all_asset_checks() -> list[dg.AssetChecksDefinition]:
    """One blocking check per raw_ and core_ table."""
    from assets import checks

    return checks.table_checks()


@cache
def upstream() -> dict[str, tuple[str, ...]]:
    """The assets each asset is made from, by name."""
    return {
        key.path[-1]: tuple(sorted(parent.path[-1] for parent in parents))
        for asset in all_assets()
        for key, parents in asset.asset_deps.items()
    }
