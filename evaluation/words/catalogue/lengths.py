"""The other lengths of a round: two pages for a meeting, pages for school boards and for families, English, and slides."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.statement import Code, Sentence
from evaluation.words.statement import plain as _plain
from evaluation.words.statement import public as _s
from evaluation.words.values import Count, Name, Number, On


class Short(Code):
    """Two pages for an e-mail and a meeting."""

    TITLE = "title"
    MORE = "more"
    DOUBT = "doubt"
    FOR_DISCUSSION = "for_discussion"


class Boards(Code):
    """Two pages by which the school boards are heard."""

    TITLE = "title"
    HEARD = "heard"
    HEARD_AT_END = "heard_at_end"
    WHAT = "what"
    ASKED = "asked"
    RECOGNISE = "recognise"
    MATTERS = "matters"
    CHANGE = "change"
    MISSING = "missing"
    WITHOUT = "without"


class Family(Code):
    """A page for parents and children, to be read aloud to a twelve-year-old."""

    TITLE = "title"
    WHAT = "what"
    WHO = "who"
    AWAY = "away"
    OF_100 = "of_100"
    OF_100_ALONE = "of_100_alone"
    OTHERS = "others"
    HIDDEN = "hidden"
    HELPED = "helped"
    YES = "yes"
    A_LITTLE = "a_little"
    NO = "no"
    MORE_ABSENCE = "more_absence"
    NOT_YET = "not_yet"
    UNKNOWN = "unknown"
    SURE = "sure"
    FAIRLY_SURE = "fairly_sure"
    UNSURE = "unsure"
    SAID = "said"
    SEEN = "seen"
    NOT_SEEN = "not_seen"
    NEXT = "next"
    DECIDE = "decide"


class English(Code):
    """The summary in English."""

    TITLE = "title"
    STATUS = "status"
    MILESTONE = "milestone"
    ACHIEVED = "achieved"
    SMALL_FALL = "small_fall"
    RISEN = "risen"
    EXCLUDED = "excluded"
    UNDECIDED = "undecided"
    CANNOT = "cannot"
    NOT_YET = "not_yet"
    CHILDREN = "children"
    OF_100 = "of_100"
    OF_100_ALONE = "of_100_alone"
    OTHERS = "others"
    COUNTED = "counted"
    DAYS = "days"
    DAYS_RANGE = "days_range"
    DAYS_LESS = "days_less"
    DAYS_MORE = "days_more"
    DAYS_SAME = "days_same"
    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"
    DESIGN = "design"
    ALONE = "alone"
    LIMITS = "limits"
    HOW = "how"


class Slide(Code):
    """Titles of slides, and what the speaker may say to each."""

    NOTE_FRONT = "note_front"
    NOTE_CHILDREN = "note_children"
    NOTE_DAYS = "note_days"
    NOTE_MEASURES = "note_measures"
    NOTE_VOICES = "note_voices"
    NOTE_DECISION = "note_decision"
    SERIES = "series"
    CHILDREN_FEWER = "children_fewer"
    CHILDREN_MORE = "children_more"
    CHILDREN_SAME = "children_same"
    MEASURES = "measures"


SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Short: _plain(
        {
            Short.TITLE: "Kort udgave",
            Short.MORE: "Hele rapporten, bilag og tabeller ligger samme sted som denne fil.",
            Short.DOUBT: "Hvad kunne få os til at ændre mening?",
            Short.FOR_DISCUSSION: "Til mødet",
        }
    ),
    Boards: {
        **_plain(
            {
                Boards.TITLE: "Til skolebestyrelserne",
                Boards.HEARD: "I bliver hørt undervejs, så der kan rettes til.",
                Boards.HEARD_AT_END: "I bliver hørt, før styregruppen tager stilling.",
                Boards.ASKED: "Det vil vi gerne høre fra jer",
                Boards.RECOGNISE: "Hvad kan I genkende fra jeres egen skole, og hvad undrer jer?",
                Boards.CHANGE: "Hvad skal laves om, og hvad skal holdes fast?",
                Boards.MISSING: "Hvad mangler I at få at vide, før I kan svare?",
                Boards.WITHOUT: "Tallene gælder alle skolerne under ét. Jeres egen skoles side har skolens "
                "arbejdsgruppe.",
            }
        ),
        Boards.WHAT: _s("Her afprøves {programme} {on} {groups}.", programme=Name, on=Name, groups=Name),
        Boards.MATTERS: _s(
            "Hvad er vigtigt for børn og forældre, hvis {programme} skal fortsætte?", programme=Name
        ),
    },
    Family: {
        **_plain(
            {
                Family.TITLE: "Hvad har vi fundet ud af?",
                Family.AWAY: "Er der færre børn, der er meget væk fra skole?",
                Family.HIDDEN: "Det tal viser vi ikke, fordi det handler om få børn.",
                Family.HELPED: "Ved vi, om det hjælper?",
                Family.YES: "Fraværet er blevet mindre, end vi havde ventet.",
                Family.A_LITTLE: "Fraværet er blevet lidt mindre, men ikke så meget, som vi håbede.",
                Family.NO: "Fraværet er ikke blevet så meget mindre, som vi håbede.",
                Family.MORE_ABSENCE: "Fraværet er blevet større, end vi havde ventet.",
                Family.UNKNOWN: "Det ved vi ikke. Tallene kan ikke give et sikkert svar.",
                Family.SURE: "Det er vi sikre på.",
                Family.FAIRLY_SURE: "Det er vi ret sikre på, men ikke helt.",
                Family.UNSURE: "Det er vi ikke sikre på.",
                Family.SAID: "Hvad siger børn og voksne?",
                Family.SEEN: "Kan nogen se, hvem jeg er?",
                Family.NOT_SEEN: "Nej. Her står kun tal om mange børn på én gang. Der står ingen navne.",
                Family.NEXT: "Hvad sker der nu?",
                Family.DECIDE: "De voksne, der bestemmer, taler om, hvad der skal ske. Du og dine forældre kan sige jeres "
                "mening til en voksen på skolen.",
            }
        ),
        Family.WHAT: _s("Skolerne har prøvet noget nyt: {programme}.", programme=Name),
        Family.WHO: _s("Det er {groups}, der har prøvet det.", groups=Name),
        Family.OF_100: _s(
            "Tænk på hundrede børn, der har prøvet det. {now} af dem er meget væk: mere end hver tiende skoledag. Sidste "
            "år var det {before}.",
            now=Number,
            before=Number,
        ),
        Family.OF_100_ALONE: _s(
            "Tænk på hundrede børn, der har prøvet det. {now} af dem er meget væk: mere end hver tiende skoledag.",
            now=Number,
        ),
        Family.OTHERS: _s(
            "Tænk så på hundrede børn, der ikke har prøvet det. Af dem er {now} meget væk. Sidste år var det {before}.",
            now=Number,
            before=Number,
        ),
        Family.NOT_YET: _s("Det ved vi ikke endnu. Vi kan tidligst sige det {day}.", day=On),
    },
    English: {
        **_plain(
            {
                English.TITLE: "Summary in English",
                English.MILESTONE: "Was the milestone met?",
                English.CANNOT: "It cannot be assessed; the reason is given in the Danish report.",
                English.CHILDREN: "Fewer children with high absence?",
                English.COUNTED: "These are counts; whether the difference is due to chance was not tested.",
                English.DAYS: "Absence in days",
                English.DAYS_SAME: "Absence is as expected.",
                English.SURE: "Certainty: high.",
                English.LIKELY: "Certainty: moderate.",
                English.UNSURE: "Certainty: low.",
                English.HOW: "How it was done",
                English.DESIGN: "The groups that got the programme are compared with their own months before it and with "
                "the groups that did not get it. The plan, the rule for the verdict and the model were fixed beforehand.",
                English.ALONE: "Everybody got the programme at the same time, so there is no group to compare with and no "
                "effect is estimated.",
                English.LIMITS: "Registered absence is measured. Involuntary absence is not a registered type; only the "
                "interviews can reach it. The programme was not assigned by lot.",
            }
        ),
        English.STATUS: _s("{schools:school|schools} · data until {day}", schools=Count, day=Name),
        English.ACHIEVED: _s(
            "Yes: in the first {months} whole months afterwards absence is {size} percentage points lower than expected "
            "(95 % interval {low} to {high}).",
            months=Count,
            size=Name,
            low=Name,
            high=Name,
        ),
        English.SMALL_FALL: _s(
            "Absence fell by {size} percentage points against what was expected: less than what was agreed to matter.",
            size=Name,
        ),
        English.RISEN: _s("No: absence is {size} percentage points higher than expected.", size=Name),
        English.EXCLUDED: _s(
            "No: a fall of {relevant} percentage points or more is ruled out.", relevant=Name
        ),
        English.UNDECIDED: _s(
            "It cannot be decided: the true change may lie anywhere from {low} to {high} percentage points.",
            low=Name,
            high=Name,
        ),
        English.NOT_YET: _s("It is too early to say; at the earliest {day}.", day=Name),
        English.OF_100: _s(
            "In the groups that got the programme {now} of 100 pupils miss more than 10 % of their school days; last year "
            "{before}.",
            now=Number,
            before=Number,
        ),
        English.OF_100_ALONE: _s(
            "In the groups that got the programme {now} of 100 pupils miss more than 10 % of their school days.",
            now=Number,
        ),
        English.OTHERS: _s("In the other groups {now}; last year {before}.", now=Number, before=Number),
        English.DAYS_LESS: _s(
            "{measured} days absent per pupil and school year, where {expected} were expected: {gap} fewer.",
            measured=Name,
            expected=Name,
            gap=Name,
        ),
        English.DAYS_RANGE: _s(
            "The difference lies between {low} and {high} days (95 % interval; below 0 is fewer).",
            low=Name,
            high=Name,
        ),
        English.DAYS_MORE: _s(
            "{measured} days absent per pupil and school year, where {expected} were expected: {gap} more.",
            measured=Name,
            expected=Name,
            gap=Name,
        ),
    },
    Slide: {
        **_plain(
            {
                Slide.NOTE_FRONT: "Sig først, om milepælen er nået, og for hvem. Ordet er fast og følger en regel, der blev "
                "skrevet på forhånd.",
                Slide.NOTE_CHILDREN: "Tallene er børn ud af hundrede. De er talt op; om forskellen er tilfældig, er ikke "
                "afprøvet.",
                Slide.NOTE_DAYS: "Ventet er det fravær, man kunne vente, når man ser på de øvrige grupper og på gruppernes "
                "egne måneder før. Stregen viser usikkerheden.",
                Slide.NOTE_MEASURES: "Læs sidste kolonne: den siger, hvad tallene kan bære, og hvorfor ikke mere.",
                Slide.NOTE_VOICES: "Citaterne er godkendt af en person. Ét taler imod.",
                Slide.NOTE_DECISION: "Siden afgør intet. Den samler, hvad der taler for og imod hver mulighed.",
                Slide.SERIES: "Børn af 100 med over 10 % fravær",
                Slide.MEASURES: "Det kan tallene bære",
            }
        ),
        Slide.CHILDREN_FEWER: _s("{n} færre af 100 børn med meget fravær end ventet", n=Number),
        Slide.CHILDREN_MORE: _s("{n} flere af 100 børn med meget fravær end ventet", n=Number),
        Slide.CHILDREN_SAME: _s("Så mange børn med meget fravær som ventet"),
    },
}
