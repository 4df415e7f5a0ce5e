"""What ``dg dev`` and Dagster's code server load: the definitions of the study that the environment names."""

from __future__ import annotations

from pipelines.build import build_defs

defs = build_defs()
