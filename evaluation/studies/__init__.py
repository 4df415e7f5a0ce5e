"""Studies that come with komglad: one folder each, as package data."""
