"""From the round's tables to files for people: exhibits, release, rendering. The only way out of the warehouse.

``out_`` tables become exhibits, exhibits pass the disclosure gate as one release, the released numbers go back
into the tables' shape, and only those reach :mod:`evaluation.reports`.
"""
