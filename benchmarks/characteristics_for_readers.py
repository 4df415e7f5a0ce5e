"""From the long table of the simulation to the small one in Danish that the report's method page prints."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

WAVES = {"one wave": "én årgang med samtaler", "all waves": "alle tre årgange med samtaler"}
PUPILS = {
    "new each year": "nye elever hvert år",
    "move up": "eleverne rykker op",
    "followed": "udvalgte elever",
}
SHOCKS = {"no": "uden fælles udsving", "yes": "med udsving fælles for skolerne"}
METHODS = {
    "CR2 + Satterthwaite, cell": "interval (CR2, skole × årgang)",
    "permutation over grades": "permutation over årgange",
    "WCR, cell": "wild bootstrap (skole × årgang)",
    "CR1, t(39), cell": "almindelige klyngefejl (CR1, bruges ikke)",
    "Donald-Lang within schools": "Donald og Lang, inden for skoler",
    "Ferman-Pinto": "Ferman og Pinto",
    "schools: raw": "skolernes rå tal",
    "schools: shrunk": "skolernes trukne tal",
    "schools: common effect, Hartung-Knapp": "skolernes fælles tal",
    "same pupils": "de samme elever fulgt",
    "same pupils: logit": "de samme elever fulgt, logit",
    "same pupils: poisson": "de samme elever fulgt, Poisson",
    "months: each": "måned for måned, hver for sig (CR2)",
    "months: band": "måned for måned, hele kurven på én gang (CR2)",
    "months: joint test of leads": "prøven af månederne før samtalerne (HTZ)",
    "honest: relative magnitudes": "hvis tendenserne ikke er ens: relative afvigelser",
    "honest: smoothness 0": "hvis tendenserne går skævt i en ret linje",
    "honest: smoothness": "hvis tendenserne går skævt og bøjer 0,1 point om måneden",
    "form: logit": "logit i stedet for procentpoint (CR2)",
    "form: poisson": "Poisson i stedet for procentpoint (CR2)",
    "one left out": "uden én skole eller én årgang (CR2)",
    "targeted: ancova": "indsatselever, justeret for udgangspunktet",
    "targeted: naive": "indsatselever, før og efter",
    "targeted: did_all_others": "indsatselever mod alle andre",
    "targeted: equally_high": "indsatselever mod lige høje",
    "counted: naive": "indsatselever talt i intervaller, før og efter",
    "counted: equally_high": "indsatselever talt i intervaller, mod lige høje",
    "counted: gap_window": "indsatselever talt i intervaller, med mellemrum",
    "counted: ancova": "indsatselever talt i intervaller, justeret",
}
COLUMNS = {
    "size": "size",
    "power at -1": "power",
    "coverage 95": "coverage",
    "bias": "bias_pp",
    "mde": "mde_pp",
}


def for_readers(table: pd.DataFrame) -> pd.DataFrame:
    """One row per scenario and method: the milestone in the protocol's model, and what only exists elsewhere.

    ``size`` false alarms, ``power`` found falls of one point, ``coverage`` of the 95 % interval (shares),
    ``bias_pp`` and ``mde_pp`` in percentage points, ``runs`` the number of simulated studies.
    """
    table = table[table["pupils"].isin(PUPILS)]
    only_elsewhere = ~table["method"].str.contains("cell|grade") & table["measure"].isin(COLUMNS)
    kept = table[(table["estimand"].eq("milestone") | only_elsewhere) & table["method"].isin(METHODS)]
    kept = kept[kept["measure"].isin(COLUMNS)]
    scenario = (
        kept["waves"].map(WAVES) + ", " + kept["pupils"].map(PUPILS) + ", " + kept["shocks"].map(SHOCKS)
    )
    targeted = kept["pupils"].eq("followed")
    scenario = scenario.mask(targeted, "udvalgt efter højt fravær, ingen virkning")
    kept = kept.assign(
        scenario=scenario, method=kept["method"].map(METHODS), column=kept["measure"].map(COLUMNS)
    )
    wide = kept.pivot_table(index=["scenario", "method"], columns="column", values="value", sort=False)
    runs = kept.groupby(["scenario", "method"], sort=False)["replications"].max()
    wide = (
        wide.reindex(columns=list(COLUMNS.values())).assign(runs=runs).reset_index().rename_axis(columns=None)
    )
    return wide.sort_values(["scenario", "method"], kind="stable").reset_index(drop=True).round(4)


def write(table: pd.DataFrame, full: Path, small: Path) -> None:
    """Write the long table, and the small one with its date, seed and number of studies in the first line."""
    table.to_csv(full, index=False)
    note = (
        f"# simulated {table['date'].max()}, seed {table['seed'].iloc[0]}, {table['replications'].max()} studies per "
        "design\n"
    )
    small.write_text(note + for_readers(table).to_csv(index=False), encoding="utf-8")
