"""The report's chapters after page one: their titles, what they rest on, and the findings their figures are called by."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.statement import Code, Sentence
from evaluation.words.statement import public as _s
from evaluation.words.values import Limit, Name, Names, Number, On, Percent


class Development(Code):
    """Absence over the year."""

    TITLE = "title"
    NOTHING = "nothing"
    INTRO = "intro"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    OTHERS = "others"
    FIGURE = "figure"
    LOWER = "lower"
    HIGHER = "higher"
    AS_BEFORE = "as_before"
    WHAT = "what"
    ALT = "alt"
    SOURCE = "source"


class Others(Code):
    """Outcomes that do not decide the milestone."""

    TITLE = "title"
    NOTHING = "nothing"
    OUTCOME = "outcome"
    FOUND = "found"
    CAPTION = "caption"
    LEAD = "lead"
    WHAT = "what"


class Thresholds(Code):
    """Limits that somebody must act on: the law, who, by when, how many per quarter."""

    TITLE = "title"
    LEAD = "lead"
    RUNNING = "running"
    QUARTER = "quarter"
    WHOLE_YEAR = "whole_year"
    LIMIT = "limit"
    LAW = "law"
    WHO = "who"
    PER_QUARTER = "per_quarter"
    PER_YEAR = "per_year"
    OWN = "own"
    NO_OWN = "no_own"
    SOURCE = "source"
    CAPTION = "caption"
    SHARES = "shares"
    WHAT = "what"
    NOT_MEASURED = "not_measured"


class Context(Code):
    """Public figures beside our own."""

    TITLE = "title"
    LEAD = "lead"
    CAPTION = "caption"
    YEAR = "year"
    COUNTRY = "country"
    OWN = "own"
    COUNTRY_OVER = "country_over"
    OWN_OVER = "own_over"
    WHAT = "what"
    BETWEEN = "between"


class Circle(Code):
    """The learning circle that a working group fills in at its meeting."""

    TITLE = "title"
    LEAD = "lead"
    LAST = "last"
    SINCE = "since"
    PLAN = "plan"
    TRY = "try"
    REFLECT = "reflect"
    ADJUST = "adjust"
    WRITE = "write"


class More(Code):
    """Where to read more, and the annex."""

    TITLE = "title"
    ANNEX = "annex"
    ANNEX_TITLE = "annex_title"
    ANNEX_LEAD = "annex_lead"
    TABLES = "tables"
    GOAL = "goal"
    SHORT = "short"
    BOARDS = "boards"
    FAMILIES = "families"
    ENGLISH = "english"
    SLIDES = "slides"
    INDEX = "index"
    REPORT = "report"
    CONTENTS = "contents"
    TOP = "top"
    ACCESSIBILITY = "accessibility"
    DOSE = "dose"
    STATUS = "status"
    STATUS_LEAD = "status_lead"


SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Development: {
        Development.TITLE: _s("Udviklingen i fraværet"),
        Development.NOTHING: _s("Runden har ingen tal om fraværet at vise."),
        Development.INTRO: _s(
            "Her er det registrerede fravær til og med {day} og i {period}. Der går andre elever på en {unit} i år end "
            "sidste år, og fravær svinger med sygdom og årstid. En forskel er derfor ikke i sig selv en følge af indsatsen.",
            day=On,
            period=Name,
            unit=Name,
        ),
        Development.THIS_YEAR: _s("i år"),
        Development.LAST_YEAR: _s("sidste år"),
        Development.OTHERS: _s("øvrige {units} i år", units=Name),
        Development.FIGURE: _s("Fraværet måned for måned"),
        Development.LOWER: _s("Fraværet er {now} mod {then} sidste år", now=Percent, then=Percent),
        Development.HIGHER: _s("Fraværet er {now} mod {then} sidste år", now=Percent, then=Percent),
        Development.AS_BEFORE: _s("Fraværet er {now} som sidste år", now=Percent),
        Development.WHAT: _s(
            "Fravær er fraværsdage i procent af elevernes skoledage. Den grå flade er den tid, hvor der blev holdt "
            "{sessions}.",
            sessions=Name,
        ),
        Development.ALT: _s("Små linjefigurer side om side, én for hver gruppe."),
        Development.SOURCE: _s("skolernes registreringer"),
    },
    Others: {
        Others.TITLE: _s("Andre mål for fraværet"),
        Others.NOTHING: _s("Runden har ingen tal om andre mål at vise."),
        Others.OUTCOME: _s("Mål"),
        Others.FOUND: _s("De andre mål mod det ventede"),
        Others.CAPTION: _s("Forskel til det ventede for de mål, der ikke afgør milepælen"),
        Others.LEAD: _s(
            "Milepælen afgøres af det samlede fravær alene. De andre mål regnes ud på samme måde og beskrives her. Jo flere "
            "mål man ser på, jo større er chancen for, at ét af dem falder heldigt ud. Derfor dømmes de ikke hver for sig."
        ),
        Others.WHAT: _s(
            "Procentpoint af skoledagene, alle hele måneder efter indsatsen. Et mål, der kun tæller nogle af dagene, "
            "regnes på de uger, der er registreret dag for dag."
        ),
    },
    Thresholds: {
        Thresholds.TITLE: _s("Grænser, nogen skal handle på"),
        Thresholds.LEAD: _s(
            "Her står, hvor mange elever der nåede grænserne i hvert kvartal. Tallene siger ikke, om der blev handlet: "
            "det ved kun skolerne."
        ),
        Thresholds.RUNNING: _s("{quarter}. kvartal {year} (ikke slut)", quarter=Number, year=Name),
        Thresholds.QUARTER: _s("{quarter}. kvartal {year}", quarter=Number, year=Name),
        Thresholds.WHOLE_YEAR: _s("skoleåret {year}", year=Name),
        Thresholds.LIMIT: _s("Grænse"),
        Thresholds.LAW: _s("Regel"),
        Thresholds.WHO: _s("Hvem gør hvad, og hvornår"),
        Thresholds.PER_QUARTER: _s(
            "fra {value} % af kvartalets skoledage ({types})", value=Limit, types=Names
        ),
        Thresholds.PER_YEAR: _s("fra {value} skoledage ({types})", value=Limit, types=Names),
        Thresholds.OWN: _s("Kommunens egen grænse for bekymrende fravær: {definition}.", definition=Name),
        Thresholds.NO_OWN: _s("Kommunens egen grænse for bekymrende fravær er ikke skrevet ind i planen."),
        Thresholds.SOURCE: _s("skolernes registreringer dag for dag"),
        Thresholds.CAPTION: _s("Elever, der nåede en grænse, i procent af eleverne"),
        Thresholds.SHARES: _s("Procent af eleverne"),
        Thresholds.WHAT: _s(
            "Kun skoler, der afleverer fravær dag for dag. Et kvartal er kalenderens. En elev tæller med i hvert kvartal, "
            "hvor grænsen er nået."
        ),
        Thresholds.NOT_MEASURED: _s(
            "For sent fremmøde, enkelte lektioner, fravær uden besked, søskende og trivselsmålinger er ikke i skolernes "
            "udtræk og måles ikke her."
        ),
    },
    Context: {
        Context.TITLE: _s("Hvordan ligger tallene i forhold til landet?"),
        Context.LEAD: _s(
            "Offentlige tal for hele skoleår, alle klassetrin. De kan ikke sammenlignes direkte med rapportens egne tal, "
            "som kun gælder den del af året, der er gået, og kun de skoler og klassetrin, der er med."
        ),
        Context.CAPTION: _s("Fravær i procent af skoledagene og elever med over 10 % fravær"),
        Context.YEAR: _s("Skoleår"),
        Context.COUNTRY: _s("Landet, fravær"),
        Context.OWN: _s("Egne skoler, fravær"),
        Context.COUNTRY_OVER: _s("Landet, over 10 %"),
        Context.OWN_OVER: _s("Egne skoler, over 10 %"),
        Context.BETWEEN: _s("{low} til {high}", low=Percent, high=Percent),
        Context.WHAT: _s(
            "Kilde: {source}, opgjort {day}. For egne skoler står det laveste og det højeste tal.",
            source=Names,
            day=On,
        ),
    },
    Circle: {
        Circle.TITLE: _s("Læringscirklen: udfyldes på mødet"),
        Circle.LEAD: _s("Skriv kort, og uden noget, et barn kan kendes på. Tag skemaet med til næste møde."),
        Circle.LAST: _s("Hvad besluttede vi sidst?"),
        Circle.SINCE: _s("Hvad er der sket siden?"),
        Circle.PLAN: _s("Planlæg: hvad skal ændres?"),
        Circle.TRY: _s("Afprøv: hvordan, af hvem og hvornår?"),
        Circle.REFLECT: _s("Reflektér: hvad har ændret sig?"),
        Circle.ADJUST: _s("Justér: hvad skal laves om?"),
        Circle.WRITE: _s("Arbejdsgruppen skriver her"),
    },
    More: {
        More.TITLE: _s("Hvor kan man læse mere?"),
        More.ANNEX: _s("Bilag: metode, tabeller og kontrol"),
        More.ANNEX_TITLE: _s("Bilag"),
        More.ANNEX_LEAD: _s(
            "Til dem, der vil efterprøve rapporten: metode, alle tabeller, følsomhed og ordliste."
        ),
        More.TABLES: _s("Tallene i Excel"),
        More.GOAL: _s("Tekst til {goal}", goal=Name),
        More.SHORT: _s("Kort udgave på to sider"),
        More.BOARDS: _s("Til skolebestyrelserne"),
        More.FAMILIES: _s("Til børn og forældre"),
        More.ENGLISH: _s("Summary in English"),
        More.SLIDES: _s("Præsentation til styregruppen"),
        More.INDEX: _s("Alle rapporter"),
        More.REPORT: _s("Hele rapporten"),
        More.CONTENTS: _s("Indhold"),
        More.TOP: _s("Til toppen"),
        More.ACCESSIBILITY: _s("Tilgængelighed"),
        More.STATUS: _s("Status: sådan går det"),
        More.STATUS_LEAD: _s(
            "Til arbejdsgruppernes møder. Siden beskriver, hvad der er registreret til og med {day}. Den afprøver intet og "
            "afgør intet; det gør de planlagte evalueringer.",
            day=On,
        ),
        More.DOSE: _s("Det, der er gjort, ved siden af ændringen"),
    },
}
