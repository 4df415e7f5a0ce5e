"""Thin Dagster assets: call `evaluation`, attach metadata, return. What is computed stands in `evaluation`."""

from __future__ import annotations

import dagster as dg

from assets import checks, core, effects, evidence, raw, reports


def all_assets() -> list[dg.AssetsDefinition]:
    """Every asset, raw → core → out → report."""
    return [*raw.ASSETS, *core.ASSETS, *effects.ASSETS, *evidence.ASSETS, *reports.ASSETS]


def all_asset_checks() -> list[dg.AssetChecksDefinition]:
    """One blocking check per raw_ and core_ table."""
    return checks.table_checks()
