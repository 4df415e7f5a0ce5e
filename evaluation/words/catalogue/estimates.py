"""What is said beside an estimate, a trend or a check of registration: why there is no number, and how it must be read.

What the engine or a test says for analysts (:attr:`Note.REFUSED`, :attr:`Note.REMARK`) stays with them.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.audience import Reach
from evaluation.words.statement import Code, Sentence, sentence
from evaluation.words.values import Count, Days, Filed, Name, Names, Number


class Note(Code):
    """A remark on a row of figures."""

    REFUSED = "refused"
    REMARK = "remark"
    HIDDEN = "hidden"
    NO_WHOLE_MONTH = "no_whole_month"
    NOT_DUE = "not_due"
    EVERYBODY = "everybody"
    LISTED = "listed"
    NO_YEAR_BEFORE = "no_year_before"
    NO_CELLS = "no_cells"
    NO_INTERVAL = "no_interval"
    BOOTSTRAPS_DIFFER = "bootstraps_differ"
    WITHOUT_SCHOOLS = "without_schools"
    WITHOUT_GRADES = "without_grades"
    FEW_PER_MONTH = "few_per_month"
    NO_MONTHS_BEFORE = "no_months_before"
    FEW_MONTHS_BEFORE = "few_months_before"
    TREND_UNTESTED = "trend_untested"
    ONLY_ONE = "only_one"
    ONE_YEAR = "one_year"
    NO_PUPILS_OF_TWO_YEARS = "no_pupils_of_two_years"
    SHRUNK = "shrunk"
    SPREAD = "spread"
    TYPE_ROSE = "type_rose"
    TYPE_FELL = "type_fell"
    SILENT_CLASS = "silent_class"
    SILENT_WEEKS_MORE = "silent_weeks_more"
    SILENT_WEEKS_FEWER = "silent_weeks_fewer"
    NO_MONTH_OF_SAME_PUPILS = "no_month_of_same_pupils"
    NO_GRADE_BESIDE = "no_grade_beside"
    ONE_OF_THEM = "one_of_them"
    ONE_UNKNOWN = "one_unknown"
    TOO_ALIKE = "too_alike"
    NOBODY_CHOSEN = "nobody_chosen"
    CHOSEN_FOR_HIGH = "chosen_for_high"
    ALL_OTHERS = "all_others"
    NO_DAYS_IN_WINDOW = "no_days_in_window"
    NO_EQUALS = "no_equals"
    TOO_FEW_GROUPS = "too_few_groups"
    ONE_CLUSTER = "one_cluster"
    FALL_UNKNOWN = "fall_unknown"
    FALL_EXPECTED = "fall_expected"


_P, _A = Reach.PUBLIC, Reach.ANALYST

SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Note: {
        Note.REFUSED: sentence("{message}", _A, outside="Data kan ikke bære beregningen.", message=Filed),
        Note.REMARK: sentence("{message}", _A, message=Filed),
        Note.HIDDEN: sentence("Gruppen har for få elever til, at tal kan vises.", _P),
        Note.NO_WHOLE_MONTH: sentence("Ingen årgang har en hel måned efter samtalerne endnu.", _P),
        Note.LISTED: sentence("Indsatsen gives til elever på en liste, ikke til hele grupper.", _P),
        Note.EVERYBODY: sentence("Alle har fået indsatsen, så der er ingen at sammenligne med.", _P),
        Note.NO_YEAR_BEFORE: sentence("Der er intet skoleår før at sammenligne med.", _P),
        Note.NOT_DUE: sentence("De hele måneder efter samtalerne er ikke gået.", _P),
        Note.NO_CELLS: sentence("Ingen celler i milepælens måneder kan sammenlignes med noget.", _P),
        Note.NO_INTERVAL: sentence("Usikkerheden kan ikke beregnes: for få grupper bag tallet.", _P),
        Note.BOOTSTRAPS_DIFFER: sentence("De to former for bootstrap er uenige: få indsatsgrupper.", _A),
        Note.WITHOUT_SCHOOLS: sentence(
            "Ombytningen er lavet uden {schools}, der mangler et klassetrin.", _P, schools=Names
        ),
        Note.WITHOUT_GRADES: sentence(
            "Ombytningen er lavet uden {grades}, som en skole mangler.", _P, grades=Names
        ),
        Note.FEW_PER_MONTH: sentence(
            "For få skoler og årgange bag hver måned til at vise udviklingen måned for måned.", _P
        ),
        Note.NO_MONTHS_BEFORE: sentence(
            "Der er ingen måneder før samtalerne i opfølgningsåret at måle afvigelser på.", _P
        ),
        Note.FEW_MONTHS_BEFORE: sentence(
            "Månederne før samtalerne er så få, at de kun kan være udgangspunkt for sammenligningen; udviklingen før kan "
            "ikke prøves.",
            _P,
        ),
        Note.TREND_UNTESTED: sentence(
            "Der er ingen måneder før samtalerne i opfølgningsåret, så udviklingen før kan ikke prøves.", _P
        ),
        Note.ONLY_ONE: sentence("Der er kun {what}, så det kan ikke udelades.", _P, what=Name),
        Note.ONE_YEAR: sentence("Der er kun ét år før indsatsen, så intet at sammenligne.", _P),
        Note.NO_PUPILS_OF_TWO_YEARS: sentence("Der er ikke oplysninger om de samme elever to år i træk.", _P),
        Note.SHRUNK: sentence("Andel af skolens egen afvigelse, der er beholdt: {kept}.", _P, kept=Number),
        Note.SPREAD: sentence("tau={tau} ({low}–{high})", _P, tau=Number, low=Number, high=Number),
        Note.TYPE_ROSE: sentence(
            "Andelen af fraværet, der registreres som {kind}, er steget mere på indsatsårgangene end på de andre; det kan "
            "være registreringen, der er ændret.",
            _P,
            kind=Name,
        ),
        Note.TYPE_FELL: sentence(
            "Andelen af fraværet, der registreres som {kind}, er faldet mere på indsatsårgangene end på de andre; det kan "
            "være registreringen, der er ændret.",
            _P,
            kind=Name,
        ),
        Note.SILENT_CLASS: sentence(
            "Intet fravær er registreret i {weeks:uge|uger} i træk; omkring {days} med fravær måtte ventes. Registreringen "
            "mangler sandsynligvis.",
            _A,
            weeks=Count,
            days=Days,
        ),
        Note.SILENT_WEEKS_MORE: sentence(
            "Indsatsårgangene har fået flere uger uden registrering end de andre; en ændring i fraværet kan være en ændring "
            "i registreringen.",
            _P,
        ),
        Note.SILENT_WEEKS_FEWER: sentence(
            "Indsatsårgangene har fået færre uger uden registrering end de andre; en ændring i fraværet kan være en ændring "
            "i registreringen.",
            _P,
        ),
        Note.NO_MONTH_OF_SAME_PUPILS: sentence(
            "Ingen af de elever, der er fulgt i to år, har en hel måned efter en samtale endnu.", _P
        ),
        Note.NO_GRADE_BESIDE: sentence(
            "Ingen årgang uden samtaler er fulgt i de samme måneder, så der er intet at sammenligne med.", _P
        ),
        Note.ONE_OF_THEM: sentence("Der skal mindst to skoler til at tale om forskelle mellem dem.", _P),
        Note.ONE_UNKNOWN: sentence("Mindst én skole mangler et tal eller dets usikkerhed.", _P),
        Note.TOO_ALIKE: sentence(
            "Skolernes tal hænger så tæt sammen, at de ikke kan vejes mod hinanden.", _P
        ),
        Note.NOBODY_CHOSEN: sentence(
            "Ingen på indsatsårgangene er valgt ud af reglen, så der er ingen at følge.", _P
        ),
        Note.CHOSEN_FOR_HIGH: sentence(
            "Et fald hos elever, der er valgt ud, fordi deres fravær var højt, ville komme også uden indsats. Tallet siger "
            "ikke i sig selv noget om indsatsen.",
            _P,
        ),
        Note.ALL_OTHERS: sentence(
            "Sammenligning med alle andre elever blander tilfældige udsving sammen med indsatsen.", _P
        ),
        Note.NO_DAYS_IN_WINDOW: sentence("Ingen indsatselev har skoledage i dette vindue.", _P),
        Note.NO_EQUALS: sentence("Ingen elev på de andre årgange er valgt ud af samme regel.", _P),
        Note.TOO_FEW_GROUPS: sentence("For få skoler og årgange bag tallet til at sammenligne.", _P),
        Note.ONE_CLUSTER: sentence("Én skole med én årgang er for lidt til at regne usikkerhed på.", _P),
        Note.FALL_UNKNOWN: sentence(
            "Det forventede fald kan ikke beregnes, fordi fordelingen af fravær ikke kan tilpasses.", _P
        ),
        Note.FALL_EXPECTED: sentence(
            "Det fald, der ville komme uden indsats, fordi eleverne er valgt ud efter højt fravær.", _P
        ),
    }
}
