"""Wiring: Dagster definitions, storage, resources and the command line. Nothing is computed here."""
