"""Thin Dagster assets: call `evaluation`, attach metadata, return."""
