"""The causal engine: estimators, inference and doubt, as pure functions of panels. Files are read elsewhere."""
