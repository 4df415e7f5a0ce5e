"""The door: from any school's exports to the raw_ tables, with no child's identity past it and no row lost.

Mapping files describe exports (:mod:`~evaluation.door.mapping`), readers turn bytes into columns of text, kinds say
what they mean, overlap decides between exports, and :func:`~evaluation.door.intake.read_incoming` runs it for a
round. Expansion to pupil-days, checks and estimates belong elsewhere.
"""
