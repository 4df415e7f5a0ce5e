"""The study's questions: protocol and tables in, rows of the tidy effects table out.

:mod:`evaluation.effects` is the engine and knows no study; :mod:`evaluation.panel` makes counts and knows no
estimator. Here they meet: which panel, which contrast, which inference answers which question.
"""
