"""The plan of a study as a page before any data: what is asked of whom, against what, and which answers there can be."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.audience import Reach
from evaluation.words.statement import Code, Sentence, sentence
from evaluation.words.values import Count, Limit, Name, Names, Number, On, Percent, Points


class PlanHeading(Code):
    """Chapters of the page, and the rows of the trial it stands for."""

    PAGE = "page"
    TRIAL = "trial"
    WHEN = "when"
    ANSWERS = "answers"
    UNCERTAINTY = "uncertainty"
    WHO = "who"
    WHAT = "what"
    FROM = "from"
    AGAINST = "against"
    OUTCOME = "outcome"
    AFTER = "after"
    MODEL = "model"
    RELEVANT = "relevant"


class Plan(Code):
    """What the plan says."""

    WHO = "who"
    LISTED = "listed"
    FROM = "from"
    FROM_ASSUMED = "from_assumed"
    NO_COMPARISON = "no_comparison"
    NOBODY = "nobody"
    OUTCOME = "outcome"
    AFTER = "after"
    OWN_YEAR = "own_year"
    LAST_YEAR = "last_year"
    TWO_WAY = "two_way"
    RELEVANT = "relevant"
    CLUSTERS = "clusters"
    SMALLEST_P = "smallest_p"
    SMALLEST_P_OF = "smallest_p_of"
    TOO_FEW = "too_few"
    DUE = "due"
    CLOSE = "close"
    NOT_DUE = "not_due"
    LATEST = "latest"
    MDE = "mde"
    MDE_LATER = "mde_later"
    BY_RULE = "by_rule"
    NOT_BY_RULE = "not_by_rule"
    DESCRIBED = "described"
    INTERVIEWS = "interviews"


def _heading(text: str) -> Sentence:
    return sentence(text, Reach.PUBLIC)


SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    PlanHeading: {
        PlanHeading.PAGE: _heading("Planen for undersøgelsen"),
        PlanHeading.TRIAL: _heading("Undersøgelsen som et forsøg"),
        PlanHeading.WHEN: _heading("Hvornår milepælen kan opgøres"),
        PlanHeading.ANSWERS: _heading("Hvilke svar undersøgelsen kan give"),
        PlanHeading.UNCERTAINTY: _heading("Hvor fint undersøgelsen kan måle"),
        PlanHeading.WHO: _heading("Hvem"),
        PlanHeading.WHAT: _heading("Får hvad"),
        PlanHeading.FROM: _heading("Fra hvornår"),
        PlanHeading.AGAINST: _heading("Sammenlignet med"),
        PlanHeading.OUTCOME: _heading("Målt på"),
        PlanHeading.AFTER: _heading("Målt hvornår"),
        PlanHeading.MODEL: _heading("Beregnet hvordan"),
        PlanHeading.RELEVANT: _heading("Hvad der er vigtigt"),
    },
    Plan: {
        Plan.WHO: sentence(
            "{waves} på {schools:skole|skoler}: {names}.",
            Reach.PUBLIC,
            waves=Names,
            schools=Count,
            names=Names,
        ),
        Plan.LISTED: sentence(
            "{wave}: hver elev fra sin egen første opfølgning, når der er samtykke.", Reach.PUBLIC, wave=Name
        ),
        Plan.FROM: sentence("{wave}: fra {first} til {last}.", Reach.PUBLIC, wave=Name, first=On, last=On),
        Plan.FROM_ASSUMED: sentence(
            "{wave}: fra {first} til {last}. Det er en antagelse, indtil loggen siger andet.",
            Reach.PUBLIC,
            wave=Name,
            first=On,
            last=On,
        ),
        Plan.NO_COMPARISON: sentence(
            "Ingen er uden indsatsen hele vejen: alt hviler på dem, der endnu ikke er begyndt.", Reach.PUBLIC
        ),
        Plan.NOBODY: sentence(
            "Ingen. Alle får indsatsen samtidig, så fraværet kan beskrives, men ikke sammenlignes.",
            Reach.PUBLIC,
        ),
        Plan.OUTCOME: sentence(
            "{outcome}: fraværsdage af elevernes skoledage, i procent. Ændringer er i procentpoint.",
            Reach.PUBLIC,
            outcome=Name,
        ),
        Plan.AFTER: sentence(
            "De første {months:hel skolemåned|hele skolemåneder} efter {sessions}. Måneder med {sessions} tælles ikke med.",
            Reach.PUBLIC,
            months=Count,
            sessions=Name,
        ),
        Plan.OWN_YEAR: sentence(
            "Hver gruppe måles fra sine egne måneder før; det skridt holdes op mod det samme skridt i tidligere år og hos "
            "dem, der sammenlignes med.",
            Reach.PUBLIC,
        ),
        Plan.LAST_YEAR: sentence(
            "Hver gruppe holdes op mod sin egen samme måned i tidligere år og mod dem, der sammenlignes med.",
            Reach.PUBLIC,
        ),
        Plan.TWO_WAY: sentence(
            "Hver gruppe holdes op mod sine egne andre måneder og mod dem, der sammenlignes med.",
            Reach.PUBLIC,
        ),
        Plan.RELEVANT: sentence(
            "Et fald på {relevant} er aftalt som det mindste, der betyder noget.",
            Reach.PUBLIC,
            relevant=Points,
        ),
        Plan.CLUSTERS: sentence(
            "Usikkerheden regnes på {clusters} grupper; {treated} af dem får indsatsen.",
            Reach.PUBLIC,
            clusters=Count,
            treated=Count,
        ),
        Plan.SMALLEST_P: sentence(
            "Indsatsen kunne være lagt på {ways:måde|måder} i alt, så ombytningstestens mindste p-værdi er {p}; grænsen er "
            "{alpha}.",
            Reach.PUBLIC,
            ways=Count,
            p=Number,
            alpha=Limit,
        ),
        Plan.SMALLEST_P_OF: sentence(
            "{wave} alene: {ways:måde|måder}, mindste p-værdi {p}.",
            Reach.PUBLIC,
            wave=Name,
            ways=Count,
            p=Number,
        ),
        Plan.TOO_FEW: sentence(
            "Milepælen kan derfor hverken kaldes opnået eller ikke opnået, uanset hvad tallene viser.",
            Reach.PUBLIC,
        ),
        Plan.DUE: sentence(
            "{wave}: de hele måneder slutter med {month}; {round} har data til og med {cutoff}, {slack:dag|dage} senere.",
            Reach.PUBLIC,
            wave=Name,
            month=Name,
            round=Name,
            cutoff=On,
            slack=Count,
        ),
        Plan.CLOSE: sentence(
            "{wave}: de hele måneder slutter med {month}; {round} har data til og med {cutoff}. Skolernes kalender afgør, "
            "om månedens sidste skoledag er med.",
            Reach.PUBLIC,
            wave=Name,
            month=Name,
            round=Name,
            cutoff=On,
        ),
        Plan.NOT_DUE: sentence(
            "{wave}: de hele måneder slutter med {month}, efter alle planlagte runder. Den kan ikke opgøres og tæller ikke "
            "med i milepælen.",
            Reach.PUBLIC,
            wave=Name,
            month=Name,
        ),
        Plan.LATEST: sentence(
            "{wave}: den sidste måned med {sessions} kan være {month}. Bliver det senere, når ingen planlagt runde de hele "
            "måneder, og milepælen kan ikke opgøres for den.",
            Reach.PUBLIC,
            wave=Name,
            sessions=Name,
            month=Name,
        ),
        Plan.MDE: sentence(
            "Milepælen kaldes opnået i {share} af tilfældene, når fraværet i virkeligheden falder {mde}; {relevant} er "
            "aftalt som vigtigt.",
            Reach.PUBLIC,
            share=Percent,
            mde=Points,
            relevant=Points,
        ),
        Plan.MDE_LATER: sentence(
            "Hvor stort et fald der skal til, er ikke simuleret for et studie af denne størrelse. Det regnes ud fra de "
            "tidligere år, når de er leveret, og står i den første rapport.",
            Reach.PUBLIC,
        ),
        Plan.BY_RULE: sentence(
            "{part} (»{quote}«): afgøres efter reglen.", Reach.PUBLIC, part=Name, quote=Name
        ),
        Plan.NOT_BY_RULE: sentence(
            "{part} (»{quote}«): kan ikke afgøres, for der er ingen at sammenligne med.",
            Reach.PUBLIC,
            part=Name,
            quote=Name,
        ),
        Plan.DESCRIBED: sentence(
            "{part} (»{quote}«): beskrives med sit interval, men afgøres ikke.",
            Reach.PUBLIC,
            part=Name,
            quote=Name,
        ),
        Plan.INTERVIEWS: sentence(
            "{part} (»{quote}«): besvares af interviewene.", Reach.PUBLIC, part=Name, quote=Name
        ),
    },
}
