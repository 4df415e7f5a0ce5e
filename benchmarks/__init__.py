"""Ratios within one run; nothing is asserted. ``make bench`` runs them all."""
