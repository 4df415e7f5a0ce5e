"""Wiring: Dagster definitions, storage, resources and the command line. Nothing is computed here."""

import os

# One thread for linear algebra: sums then come in the same order on every machine (the same inputs give the same
# bytes), and the engine's matrices are too small to gain from more. Set before anything imports numpy.
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
