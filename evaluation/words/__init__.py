"""Words: Danish numbers, typed values, statements and the catalogue of sentences. The lowest floor; see docs/words.md.

>>> from evaluation.words import ANALYST, Limit, Name, Persons, render, say
>>> from evaluation.words.catalogue.quality import Coverage
>>> counts = {"held": Persons(3), "pupils": Persons(40)}
>>> found = say(Coverage.TALKS, school=Name("Skolen"), grade=Name("6. årgang"), limit=Limit(80), **counts)
>>> render(found, ANALYST)
'Skolen, 6. årgang: 3 af 40 elever har haft samtalen; grænsen er 80 %.'
>>> f"{found.values['held']}"
Traceback (most recent call last):
    ...
evaluation.words.values.CountOfPeople: a count of people has no text; name the audience: audience.people(count)
"""

from evaluation.words.audience import ANALYST, Analyst, Audience, OneSchool, Public, Reach
from evaluation.words.statement import (
    Clauses,
    Code,
    NotForThisAudience,
    Sentence,
    Statement,
    counts_of,
    kept,
    may_reach,
    noted,
    render,
    say,
    sentence,
    taken,
    taken_all,
    told,
)
from evaluation.words.values import (
    Count,
    CountOfPeople,
    Days,
    Filed,
    Limit,
    Name,
    Names,
    Number,
    On,
    Percent,
    Persons,
    Points,
    Value,
    Values,
    Weeks,
)

__all__ = [
    "ANALYST",
    "Analyst",
    "Audience",
    "Clauses",
    "Code",
    "Count",
    "CountOfPeople",
    "Days",
    "Filed",
    "Limit",
    "Name",
    "Names",
    "NotForThisAudience",
    "Number",
    "On",
    "OneSchool",
    "Percent",
    "Persons",
    "Points",
    "Public",
    "Reach",
    "Sentence",
    "Statement",
    "Value",
    "Values",
    "Weeks",
    "counts_of",
    "kept",
    "may_reach",
    "noted",
    "render",
    "say",
    "sentence",
    "taken",
    "taken_all",
    "told",
]
