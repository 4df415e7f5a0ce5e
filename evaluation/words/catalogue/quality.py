"""What is found about the data by school, week, grade and file: what is missing, thin, silent or does not agree.

A sentence about one class, about a school's types of absence, or with a number of people or of days is the analyst's; what
speaks of the calendar and of deliveries is public.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.audience import Reach
from evaluation.words.statement import Code, Sentence, sentence
from evaluation.words.values import Count, Days, Filed, Limit, Name, Names, On, Percent, Persons, Weeks


class Delivery(Code):
    """Which weeks, years and grades came."""

    NOTHING = "nothing"
    WEEKS_MISSING = "weeks_missing"
    WEEKS_THERE = "weeks_there"
    THIN = "thin"
    NOT_THIN = "not_thin"
    NO_DATA = "no_data"
    COMPLETE = "complete"
    BASELINE = "baseline"
    NO_BASELINE = "no_baseline"
    PROVISIONAL = "provisional"
    NOT_PROVISIONAL = "not_provisional"
    DAYS_UNTOLD = "days_untold"
    DAYS_TOLD = "days_told"
    SCHOOL_DAYS = "school_days"
    SCHOOL_DAYS_SO_FAR = "school_days_so_far"
    GRADES_MISSING = "grades_missing"
    GRADES_THERE = "grades_there"
    CELL_THERE = "cell_there"
    CELL_MISSING = "cell_missing"
    TOTALS_DISAGREE = "totals_disagree"
    TOTALS_AGREE = "totals_agree"
    FILE_SET_ASIDE = "file_set_aside"
    BALANCE = "balance"
    BALANCE_ASIDE = "balance_aside"


class Kept(Code):
    """Whether what came through the door arrives where figures are made."""

    ROWS_LOST = "rows_lost"
    ROWS_KEPT = "rows_kept"
    WEEKS_LOST = "weeks_lost"
    WEEKS_KEPT = "weeks_kept"
    SHEETS_UNREAD = "sheets_unread"
    SHEETS_READ = "sheets_read"
    ONLY_OLDER = "only_older"
    NOT_ONLY_OLDER = "not_only_older"
    DELETED = "deleted"
    NOTHING_DELETED = "nothing_deleted"
    SUMS_OFF = "sums_off"
    SUMS_AGREE = "sums_agree"


class Registered(Code):
    """Whether absence is registered, and as what."""

    SILENT_CLASSES = "silent_classes"
    NO_SILENT_CLASS = "no_silent_class"
    SILENT_GRADE = "silent_grade"
    NO_SILENT_GRADE = "no_silent_grade"
    TYPE_SHARE = "type_share"
    TYPE_SHARE_MOVED = "type_share_moved"


class Coverage(Code):
    """How many had the talk, and how the windows of talks are known."""

    TALKS = "talks"
    LOGGED = "logged"
    ASSUMED = "assumed"
    LISTS = "lists"


_PUBLIC, _SCHOOL, _ANALYST = Reach.PUBLIC, Reach.SCHOOL, Reach.ANALYST

_PARTS = ("rows", "kept", "aside", "twice", "older", "outside_round", "skipped")
_BALANCE = (
    "{rows:række|rækker} ind: {kept} brugt, {aside} i karantæne, {twice:dublet|dubletter}, {older} erstattet af en "
    "nyere fil, {outside_round} uden for runden, {skipped:linje|linjer} uden rækker; højst {limit} % må være i karantæne."
)

SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Delivery: {
        Delivery.NOTHING: sentence(
            "{school} har ikke leveret data for {year}.", _PUBLIC, school=Name, year=Name
        ),
        Delivery.WEEKS_MISSING: sentence(
            "{school} mangler registreringer i {weeks}: ca. {expected} med fravær var at vente, {found} er registreret.",
            _ANALYST,
            outside="{school} mangler registreringer i {weeks}.",
            school=Name,
            weeks=Weeks,
            expected=Days,
            found=Days,
        ),
        Delivery.WEEKS_THERE: sentence(
            "{school} har registreringer i alle {weeks:skoleuge|skoleuger} i {year}.",
            _PUBLIC,
            school=Name,
            weeks=Count,
            year=Name,
        ),
        Delivery.THIN: sentence(
            "{school} har påfaldende få registreringer i {weeks}.", _PUBLIC, school=Name, weeks=Weeks
        ),
        Delivery.NOT_THIN: sentence(
            "{school} har ingen påfaldende tynde uger i {year}.", _PUBLIC, school=Name, year=Name
        ),
        Delivery.NO_DATA: sentence("Der er ingen data for {year}.", _PUBLIC, year=Name),
        Delivery.COMPLETE: sentence(
            "{found} af {weeks:skoleuge|skoleuger} på skolerne har registreringer ({share}); grænsen er {limit} %.",
            _PUBLIC,
            found=Count,
            weeks=Count,
            share=Percent,
            limit=Limit,
        ),
        Delivery.BASELINE: sentence(
            "{school} kan sammenlignes med {years}.", _PUBLIC, school=Name, years=Names
        ),
        Delivery.NO_BASELINE: sentence(
            "{school} har ikke leveret data for noget tidligere skoleår, så udviklingen kan ikke opgøres.",
            _PUBLIC,
            school=Name,
        ),
        Delivery.PROVISIONAL: sentence(
            "Tallene for {weeks} er foreløbige, fordi fravær rettes i op til {days}.",
            _PUBLIC,
            weeks=Weeks,
            days=Days,
        ),
        Delivery.NOT_PROVISIONAL: sentence("Ingen uger er foreløbige.", _PUBLIC),
        Delivery.DAYS_UNTOLD: sentence(
            "{school} har sidst leveret fravær {on}; {days:skoledag|skoledage} derefter tæller ikke med.",
            _PUBLIC,
            school=Name,
            on=On,
            days=Count,
        ),
        Delivery.DAYS_TOLD: sentence(
            "{school} har leveret fravær til dataskæringen, sidst {on}.", _PUBLIC, school=Name, on=On
        ),
        Delivery.SCHOOL_DAYS: sentence(
            "{school} har {days:skoledag|skoledage} i {year}.", _PUBLIC, school=Name, days=Count, year=Name
        ),
        Delivery.SCHOOL_DAYS_SO_FAR: sentence(
            "{school} har {days:skoledag|skoledage} i {year} indtil dataskæringen.",
            _PUBLIC,
            school=Name,
            days=Count,
            year=Name,
        ),
        Delivery.GRADES_MISSING: sentence(
            "{school} har ingen elever i {gaps}.", _PUBLIC, school=Name, gaps=Names
        ),
        Delivery.GRADES_THERE: sentence("{school} har elever på alle årgange.", _PUBLIC, school=Name),
        Delivery.CELL_THERE: sentence("{school}, {grade}, er med.", _PUBLIC, school=Name, grade=Name),
        Delivery.CELL_MISSING: sentence("{school}, {grade}, mangler.", _PUBLIC, school=Name, grade=Name),
        Delivery.TOTALS_DISAGREE: sentence(
            "{school}: opgørelsen for {quarter}. kvartal {year} og dagsregistreringerne er uenige på {grades} af "
            "{all:årgang|årgange}.",
            _PUBLIC,
            school=Name,
            quarter=Count,
            year=Name,
            grades=Count,
            all=Count,
        ),
        Delivery.TOTALS_AGREE: sentence(
            "{school}: opgørelsen for {quarter}. kvartal {year} passer med dagsregistreringerne.",
            _PUBLIC,
            school=Name,
            quarter=Count,
            year=Name,
        ),
        Delivery.FILE_SET_ASIDE: sentence(
            "{file}: {aside} af {rows:række|rækker} kunne ikke bruges ({share}).",
            _ANALYST,
            file=Filed,
            aside=Persons,
            rows=Persons,
            share=Percent,
        ),
        Delivery.BALANCE: sentence(
            _BALANCE, _ANALYST, outside="Filen er læst.", limit=Limit, **dict.fromkeys(_PARTS, Persons)
        ),
        Delivery.BALANCE_ASIDE: sentence(
            _BALANCE,
            _ANALYST,
            outside="Mere end {limit} % af filens rækker er lagt til side.",
            limit=Limit,
            **dict.fromkeys(_PARTS, Persons),
        ),
    },
    Kept: {
        Kept.ROWS_LOST: sentence(
            "{file}: {lost} af {all} {grain} er læst, men står ikke i det, tallene laves af.",
            _ANALYST,
            file=Filed,
            lost=Persons,
            all=Persons,
            grain=Name,
        ),
        Kept.ROWS_KEPT: sentence(
            "{file}: alle {all} {grain} er med i det, tallene laves af.",
            _ANALYST,
            file=Filed,
            all=Persons,
            grain=Name,
        ),
        Kept.WEEKS_LOST: sentence(
            "{school}: {lost} af {all:elevuge|elevuger} med dagsregistreret fravær tæller ikke med, fordi der også er "
            "leveret totaler for samme klassetrin og uge.",
            _ANALYST,
            outside="{school}: nogle elevuger med dagsregistreret fravær tæller ikke med, fordi der også er leveret totaler "
            "for samme klassetrin og uge.",
            school=Name,
            lost=Persons,
            all=Persons,
        ),
        Kept.SHEETS_UNREAD: sentence(
            "{file}: synlige ark, som ingen mapping læser: {sheets}.", _ANALYST, file=Filed, sheets=Filed
        ),
        Kept.SHEETS_READ: sentence("{file}: alle synlige ark læses.", _ANALYST, file=Filed),
        Kept.ONLY_OLDER: sentence(
            "{file}: {rows:række|rækker} tæller med, selv om et nyere udtræk af samme dage ikke har dem (linje {lines}).",
            _ANALYST,
            file=Filed,
            rows=Persons,
            lines=Filed,
        ),
        Kept.NOT_ONLY_OLDER: sentence(
            "{file}: ingen rækker mangler i et nyere udtræk af samme dage.", _ANALYST, file=Filed
        ),
        Kept.DELETED: sentence(
            "{file}: dage i {rows:række|rækker} tæller ikke, fordi et nyere udtræk, som mappingen kalder fuldstændigt, ikke "
            "har dem (linje {lines}).",
            _ANALYST,
            file=Filed,
            rows=Persons,
            lines=Filed,
        ),
        Kept.NOTHING_DELETED: sentence(
            "{file}: ingen dage er slettet af et nyere udtræk.", _ANALYST, file=Filed
        ),
        Kept.SUMS_OFF: sentence(
            "{file}: {off} af {sums} summer i filen passer ikke med dens rækker (linje {lines}).",
            _ANALYST,
            file=Filed,
            off=Count,
            sums=Count,
            lines=Filed,
        ),
        Kept.SUMS_AGREE: sentence("{file}: summerne i filen passer med dens rækker.", _ANALYST, file=Filed),
        Kept.WEEKS_KEPT: sentence(
            "{school}: alle elevuger med dagsregistreret fravær tæller med.", _PUBLIC, school=Name
        ),
    },
    Registered: {
        Registered.SILENT_CLASSES: sentence(
            "{school}, {grade} ({year}): {classes:klasse|klasser} har intet registreret fravær i {weeks:uge|uger} eller "
            "mere i træk.",
            _ANALYST,
            school=Name,
            grade=Name,
            year=Name,
            classes=Count,
            weeks=Count,
        ),
        Registered.NO_SILENT_CLASS: sentence(
            "Ingen klasse er uden registreret fravær i {weeks:uge|uger} i træk.", _ANALYST, weeks=Count
        ),
        Registered.SILENT_GRADE: sentence(
            "{school}, {grade}: intet fravær er registreret i {year}.",
            _ANALYST,
            school=Name,
            grade=Name,
            year=Name,
        ),
        Registered.NO_SILENT_GRADE: sentence("Alle årgange på alle skoler har registreret fravær.", _ANALYST),
        Registered.TYPE_SHARE: sentence(
            "{school}: {kind} udgør {now} af fraværet mod {then} i de samme måneder af {year}.",
            _ANALYST,
            school=Name,
            kind=Name,
            now=Percent,
            then=Percent,
            year=Name,
        ),
        Registered.TYPE_SHARE_MOVED: sentence(
            "{school}: {kind} udgør {now} af fraværet mod {then} i de samme måneder af {year}; det kan skyldes ændret "
            "registrering.",
            _ANALYST,
            school=Name,
            kind=Name,
            now=Percent,
            then=Percent,
            year=Name,
        ),
    },
    Coverage: {
        Coverage.TALKS: sentence(
            "{school}, {grade}: {held} af {pupils:elev|elever} har haft samtalen; grænsen er {limit} %.",
            _ANALYST,
            school=Name,
            grade=Name,
            held=Persons,
            pupils=Persons,
            limit=Limit,
        ),
        Coverage.LISTS: sentence(
            "{both:elev|elever} har både fået en opfølgning og højt fravær efter reglen, {followed} kun en opfølgning og "
            "{by_rule} kun højt fravær; {without:elev|elever} med opfølgning er uden gyldigt samtykke.",
            _ANALYST,
            both=Persons,
            followed=Persons,
            by_rule=Persons,
            without=Persons,
        ),
        Coverage.LOGGED: sentence("Alle samtalevinduer kommer fra samtaleloggen.", _PUBLIC),
        Coverage.ASSUMED: sentence(
            "For {assumed} af {all:skole og årgang|skoler og årgange} er samtalevinduet protokollens antagelse.",
            _PUBLIC,
            assumed=Count,
            all=Count,
        ),
    },
}
