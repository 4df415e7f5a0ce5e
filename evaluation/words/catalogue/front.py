"""Page one and everything made from it: the handout, the slides, the school boards' pages, the page for families.

A sentence about an estimate speaks of the groups and months in it; rises, nulls and falls are worded alike. Study words
(``units``, ``on``, ``sessions``, ``goal``) come from the protocol.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.statement import Clauses, Code, Sentence
from evaluation.words.statement import plain as _plain
from evaluation.words.statement import public as _s
from evaluation.words.values import Count, Days, Limit, Name, Names, Number, On, Percent, Persons, Points


class Heading(Code):
    """Headings and labels."""

    MILESTONE = "milestone"
    CHILDREN = "children"
    DAYS = "days"
    TABLE = "table"
    VOICES = "voices"
    DECISION = "decision"
    DATA_UNTIL = "data_until"
    GRADES = "grades"
    OUTCOME = "outcome"
    THIS_YEAR = "this_year"
    EXPECTED = "expected"
    DIFFERENCE = "difference"
    CAN_BE_SAID = "can_be_said"
    LAST_YEAR = "last_year"
    MEASURED = "measured"
    OTHERS = "others"
    TREATED = "treated"
    SPEAKS_FOR = "speaks_for"
    SPEAKS_AGAINST = "speaks_against"
    GO_ON = "go_on"
    ADJUST = "adjust"
    STOP = "stop"
    READ_MORE = "read_more"
    NOTHING = "nothing"
    NOT_KNOWN = "not_known"
    HIDDEN = "hidden"
    UNIT = "unit"
    FROM = "from"
    TO = "to"
    PERCENT = "percent"
    DAYS_A_YEAR = "days_a_year"
    OF_100 = "of_100"


class Row(Code):
    """Outcomes as the rows of the table."""

    MEAN = "mean"
    OVER_TEN = "over_ten"
    LONG = "long"
    EXPERIENCED = "experienced"
    REACHED = "reached"
    OF_100 = "of_100"
    POINTS_RANGE = "points_range"
    RANGE = "range"
    FEWER = "fewer"
    MORE = "more"
    AS_MANY = "as_many"
    PLACES = "places"
    PLACES_SHOWN = "places_shown"


class Size(Code):
    """How far from what was expected, beside what was agreed to matter."""

    LOWER = "lower"
    LITTLE_LOWER = "little_lower"
    SAME = "same"
    LITTLE_HIGHER = "little_higher"
    HIGHER = "higher"
    FEWER = "fewer"
    MORE = "more"
    AS_MANY = "as_many"


class Claim(Code):
    """What may be said, by certainty."""

    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"
    CANNOT = "cannot"
    NOT_JUDGED = "not_judged"
    NOT_YET = "not_yet"
    DESCRIBED = "described"
    BETWEEN = "between"


class Why(Code):
    """Why certainty is lower, in a few words beside the row."""

    SIZE = "size"
    TREND_BEFORE = "trend_before"
    AGREEMENT = "agreement"
    TREATED_CLUSTERS = "treated_clusters"
    COMPLETENESS = "completeness"
    FROZEN = "frozen"
    FRAGILE = "fragile"
    COUNTED = "counted"
    DECLARED = "declared"
    TOLD = "told"
    LOGGED = "logged"


class Part(Code):
    """The milestone's parts, each answered by itself."""

    ACHIEVED = "achieved"
    SMALL_FALL = "small_fall"
    RISEN = "risen"
    EXCLUDED = "excluded"
    UNDECIDED = "undecided"
    UNDECIDED_OPEN = "undecided_open"
    CANNOT = "cannot"
    NOT_YET = "not_yet"
    NONE = "none"
    DESCRIBED = "described"
    DESCRIBED_FEW = "described_few"
    NOT_TOLD = "not_told"
    WITHOUT = "without"


class Children(Code):
    """Children of a hundred."""

    OVER_TEN = "over_ten"
    OVER_TEN_ALONE = "over_ten_alone"
    OTHERS = "others"
    LONG = "long"
    LONG_ALONE = "long_alone"
    LONG_OTHERS = "long_others"
    FEWER = "fewer"
    MORE = "more"
    SAME = "same"
    HIDDEN = "hidden"
    NOT_BEGUN = "not_begun"
    ALT = "alt"
    GRID = "grid"
    AFTER = "after"


class DaysSaid(Code):
    """Days per pupil: last year, expected, measured."""

    FEWER = "fewer"
    MORE = "more"
    SAME = "same"
    FEWER_SO_FAR = "fewer_so_far"
    MORE_SO_FAR = "more_so_far"
    SAME_SO_FAR = "same_so_far"
    BETWEEN_FEWER = "between_fewer"
    BETWEEN_MORE = "between_more"
    BETWEEN_BOTH = "between_both"
    RESTS_ON = "rests_on"
    RESTS_ON_SO_FAR = "rests_on_so_far"
    ALT = "alt"
    NOT_JUDGED = "not_judged"
    HIDDEN = "hidden"
    LEVELS = "levels"


class Voices(Code):
    """Around the quotes."""

    AGAINST = "against"
    BY = "by"
    SOURCES = "sources"
    NONE = "none"
    NO_QUOTES = "no_quotes"


class Argument(Code):
    """What speaks for or against going on, adjusting or stopping: evidence, never the decision."""

    ACHIEVED = "achieved"
    SMALL_FALL = "small_fall"
    TOO_SMALL = "too_small"
    RISEN = "risen"
    EXCLUDED = "excluded"
    UNDECIDED = "undecided"
    NOT_YET = "not_yet"
    CANNOT = "cannot"
    SIGN_OF_FALL = "sign_of_fall"
    SIGN_OF_RISE = "sign_of_rise"
    FEWER_CHILDREN = "fewer_children"
    MORE_CHILDREN = "more_children"
    FRAGILE = "fragile"
    LOW_REACH = "low_reach"
    FULL_REACH = "full_reach"
    SIGNS_SEEN = "signs_seen"
    SIGNS_NOT_SEEN = "signs_not_seen"
    KEEP = "keep"
    NOT_KEEP = "not_keep"
    SPREAD = "spread"
    NOT_SPREAD = "not_spread"
    CHANGE = "change"
    NOT_CHANGE = "not_change"
    GOOD_UNEXPECTED = "good_unexpected"
    BAD_UNEXPECTED = "bad_unexpected"
    CARRY_ON = "carry_on"
    NOT_CARRY_ON = "not_carry_on"
    STOP = "stop"
    NOT_STOP = "not_stop"
    LOW_STEPS = "low_steps"
    HIGH_STEPS = "high_steps"
    GAPS = "gaps"
    TOO_EARLY = "too_early"


class Speakers(Code):
    """Who says something of what is to come."""

    SOME = "some"
    MOST = "most"


class Decision(Code):
    """Around the decision box."""

    PRICE = "price"
    PRICE_TOTAL = "price_total"
    NO_PRICE = "no_price"
    CAN_ANSWER = "can_answer"
    CANNOT_ANSWER = "cannot_answer"
    JUNE = "june"
    FOLLOWS = "follows"
    MEASURES = "measures"


def _spoken(texts: Mapping[Code, str]) -> dict[Code, Sentence]:
    """What sources say; who says it stands first."""
    return {code: _s("{who} " + text + ".", who=Name) for code, text in texts.items()}


SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Heading: {
        **_plain(
            {
                Heading.MILESTONE: "Er milepælen nået?",
                Heading.CHILDREN: "Er der færre børn med meget fravær?",
                Heading.DAYS: "Fraværet i dage",
                Heading.TABLE: "Målene ét for ét",
                Heading.VOICES: "Hvad siger børn og voksne?",
                Heading.DECISION: "Til beslutning: fortsætte, justere eller stoppe?",
                Heading.OUTCOME: "Mål",
                Heading.THIS_YEAR: "I år",
                Heading.EXPECTED: "Ventet",
                Heading.DIFFERENCE: "Forskel",
                Heading.CAN_BE_SAID: "Det kan siges",
                Heading.LAST_YEAR: "Sidste år",
                Heading.MEASURED: "Målt",
                Heading.SPEAKS_FOR: "Taler for",
                Heading.SPEAKS_AGAINST: "Taler imod",
                Heading.GO_ON: "At fortsætte",
                Heading.ADJUST: "At justere",
                Heading.STOP: "At stoppe",
                Heading.READ_MORE: "Læs mere",
                Heading.NOTHING: "Intet i rundens tal og ord.",
                Heading.NOT_KNOWN: "vides ikke",
                Heading.HIDDEN: "vises ikke",
                Heading.UNIT: "Enhed",
                Heading.FROM: "Forskel fra",
                Heading.TO: "Forskel til",
                Heading.PERCENT: "procent af skoledagene",
                Heading.DAYS_A_YEAR: "dage pr. elev på et skoleår",
                Heading.OF_100: "elever af 100",
            }
        ),
        Heading.OTHERS: _s("Øvrige {units}", units=Name),
        Heading.TREATED: _s("{units} med {sessions}", units=Name, sessions=Name),
        Heading.DATA_UNTIL: _s("data til og med {day}", day=On),
        Heading.GRADES: _s("{schools:skole|skoler} · {groups}", schools=Count, groups=Name),
    },
    Row: {
        **_plain(
            {
                Row.MEAN: "Gennemsnitligt fravær",
                Row.OVER_TEN: "Elever med over 10 % fravær",
                Row.LONG: "Elever væk ti skoledage i træk",
                Row.AS_MANY: "lige mange",
            }
        ),
        Row.EXPERIENCED: _s("Børn og voksne om »{sign}«", sign=Name),
        Row.REACHED: _s("{sessions} holdt", sessions=Name),
        Row.OF_100: _s("{n} af 100", n=Number),
        Row.POINTS_RANGE: _s("{points} ({low} til {high})", points=Name, low=Name, high=Name),
        Row.RANGE: _s("{low} til {high}", low=Name, high=Name),
        Row.FEWER: _s("{n} færre", n=Number),
        Row.MORE: _s("{n} flere", n=Number),
        Row.PLACES: _s(
            "{enough} af {places} steder har nået {least} %", enough=Count, places=Count, least=Limit
        ),
        Row.PLACES_SHOWN: _s(
            "{enough} af de {shown} steder, der kan vises, har nået {least} %",
            enough=Count,
            shown=Count,
            least=Limit,
        ),
    },
    Size: _plain(
        {
            Size.LOWER: "lavere end ventet",
            Size.LITTLE_LOWER: "lidt lavere end ventet",
            Size.SAME: "som ventet",
            Size.LITTLE_HIGHER: "lidt højere end ventet",
            Size.HIGHER: "højere end ventet",
            Size.FEWER: "færre end ventet",
            Size.MORE: "flere end ventet",
            Size.AS_MANY: "så mange som ventet",
        }
    ),
    Claim: {
        Claim.SURE: _s("er {size}", size=Clauses),
        Claim.LIKELY: _s("er sandsynligvis {size}", size=Clauses),
        Claim.UNSURE: _s("er måske {size}", size=Clauses),
        **_plain(
            {
                Claim.CANNOT: "kan ikke afgøres",
                Claim.NOT_JUDGED: "kan ikke vurderes",
                Claim.NOT_YET: "kan endnu ikke afgøres",
                Claim.DESCRIBED: "beskrives, afgøres ikke",
            }
        ),
        Claim.BETWEEN: _s("mellem {low} og {high}", low=Name, high=Name),
    },
    Why: {
        **_plain(
            {
                Why.SIZE: "undersøgelsen er lille",
                Why.TREND_BEFORE: "en skævhed fra før kan være overset",
                Why.AGREEMENT: "beregningerne er ikke enige",
                Why.TREATED_CLUSTERS: "få grupper har været med",
                Why.COMPLETENESS: "registreringer mangler",
                Why.FROZEN: "planen var ikke låst på forhånd",
                Why.FRAGILE: "tåler ikke en lille skævhed",
                Why.COUNTED: "talt op, ikke afprøvet",
                Why.DECLARED: "få elever, og ingen fast målestok aftalt",
                Why.TOLD: "fortalt, ikke målt",
                Why.LOGGED: "optalt i loggen",
            }
        ),
    },
    Part: {
        Part.ACHIEVED: _s(
            "opnået. {when} er fraværet {size} lavere end ventet (mellem {low} og {high}).",
            when=Name,
            size=Points,
            low=Number,
            high=Number,
        ),
        Part.SMALL_FALL: _s(
            "fraværet er faldet, men mindre end det, der er aftalt som vigtigt: {size} lavere end ventet.",
            size=Points,
        ),
        Part.RISEN: _s("ikke opnået. Fraværet er steget: {size} højere end ventet.", size=Points),
        Part.EXCLUDED: _s("ikke opnået. Et fald på {relevant} eller mere er udelukket.", relevant=Points),
        Part.UNDECIDED: _s(
            "kan ikke afgøres. Det sande tal kan være alt fra {low} til {high} procentpoint.",
            low=Name,
            high=Name,
        ),
        Part.UNDECIDED_OPEN: _s("kan ikke afgøres; tallene rækker ikke til et svar."),
        Part.CANNOT: _s("kan ikke vurderes: {cause}.", cause=Name),
        Part.NOT_YET: _s("kan endnu ikke opgøres; tidligst {day}.", day=On),
        Part.NONE: _s("rundens tabeller har ingen afgørelse."),
        Part.DESCRIBED: _s(
            "beskrives, afgøres ikke (mellem {low} og {high} procentpoint).", low=Name, high=Name
        ),
        Part.DESCRIBED_FEW: _s("beskrives, afgøres ikke; der er for få at vise tal om."),
        Part.NOT_TOLD: _s("ingen interviews svarer på det."),
        Part.WITHOUT: _s(
            "{places} er ikke med; de hele måneder er ikke gået i nogen planlagt runde.", places=Names
        ),
    },
    Children: {
        Children.OVER_TEN: _s(
            "{on} de {units}, der har haft {sessions}, har {now} af 100 elever mere end 10 % fravær; sidste år var det "
            "{before}.",
            on=Name,
            units=Name,
            sessions=Name,
            now=Number,
            before=Number,
        ),
        Children.OVER_TEN_ALONE: _s(
            "{on} de {units}, der har haft {sessions}, har {now} af 100 elever mere end 10 % fravær.",
            on=Name,
            units=Name,
            sessions=Name,
            now=Number,
        ),
        Children.OTHERS: _s(
            "{on} de øvrige {units} er det {now}; sidste år {before}.",
            on=Name,
            units=Name,
            now=Number,
            before=Number,
        ),
        Children.LONG: _s(
            "{now} af 100 har været væk ti skoledage i træk; sidste år {before}.", now=Number, before=Number
        ),
        Children.LONG_ALONE: _s("{now} af 100 har været væk ti skoledage i træk.", now=Number),
        Children.LONG_OTHERS: _s(
            "{on} de øvrige {units} {now}; sidste år {before}.",
            on=Name,
            units=Name,
            now=Number,
            before=Number,
        ),
        Children.FEWER: _s(
            "Det er {n} færre af 100, end man kunne vente, når man ser på de øvrige {units}.",
            n=Number,
            units=Name,
        ),
        Children.MORE: _s(
            "Det er {n} flere af 100, end man kunne vente, når man ser på de øvrige {units}.",
            n=Number,
            units=Name,
        ),
        Children.SAME: _s("Det er, som man kunne vente, når man ser på de øvrige {units}.", units=Name),
        Children.HIDDEN: _s("Tallet vises ikke af hensyn til elevernes anonymitet."),
        Children.NOT_BEGUN: _s("Ingen har haft {programme} endnu.", programme=Name),
        Children.ALT: _s("{n} af 100 prikker er fyldte.", n=Number),
        Children.AFTER: _s(
            "i de første {months:hel måned|hele måneder} efter {sessions}", months=Count, sessions=Name
        ),
        Children.GRID: _s("{who}, {year}", who=Name, year=Name),
    },
    DaysSaid: {
        DaysSaid.FEWER: _s("{days} mindre fravær pr. elev end ventet", days=Days),
        DaysSaid.MORE: _s("{days} mere fravær pr. elev end ventet", days=Days),
        DaysSaid.SAME: _s("Fraværet er som ventet"),
        DaysSaid.FEWER_SO_FAR: _s("Indtil nu {days} mindre fravær pr. elev end ventet", days=Days),
        DaysSaid.MORE_SO_FAR: _s("Indtil nu {days} mere fravær pr. elev end ventet", days=Days),
        DaysSaid.SAME_SO_FAR: _s("Indtil nu er fraværet som ventet"),
        DaysSaid.BETWEEN_FEWER: _s(
            "Det sande tal ligger sandsynligvis mellem {low} og {high} dage mindre.", low=Number, high=Number
        ),
        DaysSaid.BETWEEN_MORE: _s(
            "Det sande tal ligger sandsynligvis mellem {low} og {high} dage mere.", low=Number, high=Number
        ),
        DaysSaid.BETWEEN_BOTH: _s(
            "Det sande tal ligger sandsynligvis mellem {low} dage mindre og {high} dage mere.",
            low=Number,
            high=Number,
        ),
        DaysSaid.RESTS_ON: _s(
            "De {months:hel måned|hele måneder} efter {sessions} {on} {groups}, omregnet til et skoleår på {days:dag|dage}.",
            months=Count,
            sessions=Name,
            on=Name,
            groups=Name,
            days=Count,
        ),
        DaysSaid.RESTS_ON_SO_FAR: _s(
            "Månederne efter {sessions} {on} {groups} indtil nu, omregnet til et skoleår på {days:dag|dage}.",
            sessions=Name,
            on=Name,
            groups=Name,
            days=Count,
        ),
        DaysSaid.ALT: _s(
            "Tre vandrette søjler: sidste år {before}, ventet {expected}, målt {measured} dage pr. elev.",
            before=Name,
            expected=Number,
            measured=Number,
        ),
        DaysSaid.NOT_JUDGED: _s("Tallet kan ikke regnes ud: {cause}.", cause=Name),
        DaysSaid.HIDDEN: _s(
            "Månederne efter {sessions} vises ikke: de er ikke gået endnu, eller tallene er skjult af hensyn til elevernes "
            "anonymitet.",
            sessions=Name,
        ),
        DaysSaid.LEVELS: _s(
            "Sidste år {before}, ventet {expected}, målt {measured} dage pr. elev på et skoleår.",
            before=Name,
            expected=Number,
            measured=Number,
        ),
    },
    Voices: {
        Voices.AGAINST: _s("Imod:"),
        Voices.BY: _s("({who})", who=Name),
        Voices.SOURCES: _s("{sources:kilde|kilder} i alt", sources=Persons),
        Voices.NONE: _s("Der er ingen interviews i denne runde."),
        Voices.NO_QUOTES: _s("Ingen udsagn er godkendt til at blive vist i denne runde."),
    },
    Argument: {
        Argument.ACHIEVED: _s("Milepælen er nået: fraværet er {size} lavere end ventet.", size=Points),
        Argument.SMALL_FALL: _s("Fraværet er faldet: {size} lavere end ventet.", size=Points),
        Argument.TOO_SMALL: _s("Faldet er mindre end det, der er aftalt som vigtigt."),
        Argument.RISEN: _s("Fraværet er steget: {size} højere end ventet.", size=Points),
        Argument.EXCLUDED: _s("Et fald på {relevant} eller mere er udelukket.", relevant=Points),
        Argument.UNDECIDED: _s("Det kan ikke afgøres, om fraværet er lavere end ventet."),
        Argument.NOT_YET: _s("Milepælen kan endnu ikke opgøres; tidligst {day}.", day=On),
        Argument.CANNOT: _s("Milepælen kan ikke vurderes: {cause}.", cause=Name),
        Argument.SIGN_OF_FALL: _s("Der er tegn på fald, men det er usikkert."),
        Argument.SIGN_OF_RISE: _s("Der er tegn på stigning, men det er usikkert."),
        Argument.FEWER_CHILDREN: _s(
            "{now} af 100 elever har mere end 10 % fravær; {expected} var ventet.",
            now=Number,
            expected=Number,
        ),
        Argument.MORE_CHILDREN: _s(
            "{now} af 100 elever har mere end 10 % fravær; kun {expected} var ventet.",
            now=Number,
            expected=Number,
        ),
        Argument.FRAGILE: _s("Resultatet tåler ikke en lille skævhed mellem grupperne."),
        Argument.LOW_REACH: _s(
            "{sessions} har ikke nået {least} % af eleverne på {places:sted|steder}.",
            sessions=Name,
            least=Limit,
            places=Count,
        ),
        Argument.FULL_REACH: _s(
            "{sessions} har nået {least} % af eleverne på alle {places:sted|steder}, der kan vises.",
            sessions=Name,
            least=Limit,
            places=Count,
        ),
        Argument.SIGNS_SEEN: _s("De fleste, der taler om det, oplever: {signs}.", signs=Name),
        Argument.SIGNS_NOT_SEEN: _s("De fleste, der taler om det, oplever ikke: {signs}.", signs=Name),
        **_spoken(
            {
                Argument.KEEP: "vil holde fast i det nye",
                Argument.NOT_KEEP: "vil ikke holde fast i det nye",
                Argument.SPREAD: "vil udbrede det nye",
                Argument.NOT_SPREAD: "vil ikke udbrede det nye",
                Argument.CHANGE: "vil lave noget om",
                Argument.NOT_CHANGE: "vil ikke lave noget om",
                Argument.GOOD_UNEXPECTED: "fortæller om gode følger, som ingen havde ventet",
                Argument.BAD_UNEXPECTED: "fortæller om dårlige følger, som ingen havde ventet",
                Argument.CARRY_ON: "er for, at arbejdet føres videre",
                Argument.NOT_CARRY_ON: "er imod, at arbejdet føres videre",
                Argument.STOP: "vil stoppe med noget",
                Argument.NOT_STOP: "vil ikke stoppe",
            }
        ),
        Argument.LOW_STEPS: _s(
            "{low} af {all:skole|skoler} sætter sig selv på trin 1 eller 2: det nye er ikke fast praksis endnu.",
            low=Count,
            all=Count,
        ),
        Argument.HIGH_STEPS: _s(
            "{high} af {all:skole|skoler} sætter sig selv på trin 3 eller 4: det nye er på vej til at blive fast praksis.",
            high=Count,
            all=Count,
        ),
        Argument.GAPS: _s("Registreringerne har huller, der skal lukkes."),
        Argument.TOO_EARLY: _s(
            "Det er tidligt: kun {begun} af {all} {units} har haft {sessions}.",
            begun=Count,
            all=Count,
            units=Name,
            sessions=Name,
        ),
    },
    Speakers: {
        Speakers.SOME: _s("{sources:kilde|kilder}", sources=Persons),
        Speakers.MOST: _s("De fleste af {sources:kilde|kilder}", sources=Persons),
    },
    Decision: {
        Decision.PRICE: _s(
            "Pris indtil {day}: {kroner} kr. og {hours} timer pr. elev ({total} kr. og {all_hours} timer i alt).",
            day=On,
            kroner=Number,
            hours=Number,
            total=Number,
            all_hours=Number,
        ),
        Decision.PRICE_TOTAL: _s(
            "Pris indtil {day}: {total} kr. og {all_hours} timer i alt.",
            day=On,
            total=Number,
            all_hours=Number,
        ),
        Decision.NO_PRICE: _s("Prisen er ikke opgjort: ingen har skrevet timer og udgifter ind."),
        Decision.JUNE: _s("Det kan undersøgelsen svare på ved slutningen:"),
        Decision.CAN_ANSWER: _s(
            "Falder fraværet {size} eller mere, ses det i fire af fem tilfælde.", size=Points
        ),
        Decision.CANNOT_ANSWER: _s(
            "Falder det kun {relevant}, som er aftalt som vigtigt, ses det i {share} af tilfældene; ellers kan det ikke "
            "afgøres.",
            relevant=Points,
            share=Percent,
        ),
        Decision.FOLLOWS: _s("Det står og falder med, om {condition}", condition=Name),
        Decision.MEASURES: _s(
            "Her måles registreret fravær. Ufrivilligt fravær er ikke en registreringstype; det kan kun belyses gennem "
            "interviewene."
        ),
    },
}
