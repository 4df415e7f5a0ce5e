"""Danish for the verdict: causes, demands, grounds, and before any outcome what a study rests on and can answer.

Which of them hold is decided in ``evaluation.questions``.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.design import smallest_p
from evaluation.protocol import Protocol
from evaluation.questions.certainty import CertaintyRule, Ground
from evaluation.questions.operating import PRINTED_EFFECTS, chance, verdict_mde
from evaluation.questions.verdict import Cause, Demand, Word
from evaluation.reports.places import wave_name
from evaluation.words.danish import capital, date, join, number, percent, points

CAUSES: Mapping[Cause, str] = {
    Cause.INCOMPLETE: "for mange registreringer mangler",
    Cause.REGISTRATION: "registreringen af fravær har ændret sig der, hvor indsatsen har været",
    Cause.LEADS: "udviklingen var forskellig allerede før indsatsen",
    Cause.MODELS_DISAGREE: "eleverne i grupperne skilte sig ud allerede før indsatsen",
    Cause.NOT_REACHED: "ingen planlagt rapport ligger så sent, at de hele måneder efter indsatsen er gået",
    Cause.LISTED: "indsatsen gives til elever på en liste, som beskrives",
    Cause.NO_COMPARISON: "der er intet at sammenligne med",
    Cause.NO_INTERVAL: "usikkerheden kan ikke beregnes",
    Cause.HIDDEN: "gruppen har for få elever til, at tal kan vises",
}
_DEMANDS: Mapping[Demand, tuple[str, str]] = {
    Demand.INTERVAL_EXCLUDES_ZERO: (
        "Intervallet ligger helt på den ene side af nul.",
        "Intervallet rækker over nul.",
    ),
    Demand.PERMUTATION_EXCLUDES_ZERO: (
        "Ombytningstesten skiller ændringen fra tilfældige udsving.",
        "Ombytningstesten skiller ikke ændringen fra tilfældige udsving.",
    ),
    Demand.RELEVANT_FALL_EXCLUDED: (
        "Et fald på {relevant} eller mere er udelukket.",
        "Et fald på {relevant} eller mere er ikke udelukket.",
    ),
}
MEANINGS: Mapping[Word, str] = {
    Word.ACHIEVED: "Fraværet er faldet, og et fald af den størrelse, der er aftalt som vigtig, er ikke udelukket.",
    Word.SMALL_FALL: "Fraværet er faldet, men faldet er mindre end det, der er aftalt som vigtigt.",
    Word.NOT_ACHIEVED: "Et fald, der er aftalt som vigtigt, er udelukket, eller fraværet er steget.",
    Word.UNDECIDED: "Tallene rækker ikke til et svar: intervallets ender siger, hvad det sande tal kan være.",
    Word.CANNOT: "Tallet kan ikke bruges, og årsagen står i parentes.",
    Word.NOT_YET: "De måneder, milepælen handler om, er ikke gået; datoen er rapportens.",
    Word.DESCRIBED: "Tallet og dets interval vises, men der er for få grupper til at afgøre noget.",
}


def causes(found: tuple[Cause, ...]) -> str:
    """The weightiest cause in words; the others are in the annex."""
    return CAUSES[found[0]] if found else ""


def demands(met: tuple[Demand, ...], failed: tuple[Demand, ...], relevant_pp: float) -> tuple[str, ...]:
    """Each demand in the order of the rule: ✓ or ✗ on a change, and in plain words whether a fall that matters is excluded.

    The last is no merit and no fault: *opnået* asks that it is not, *ikke opnået* that it is.
    """
    out = []
    for demand, (yes, no) in _DEMANDS.items():
        if demand in met or demand in failed:
            mark, sentence = ("✓ ", yes) if demand in met else ("✗ ", no)
            is_plain = demand is Demand.RELEVANT_FALL_EXCLUDED
            out.append(f"{'' if is_plain else mark}{sentence.format(relevant=points(relevant_pp))}")
    return tuple(out)


def grounds(
    met: tuple[Ground, ...],
    failed: tuple[Ground, ...],
    *,
    mde: float | None,
    relevant_pp: float,
    unseen: float | None,
) -> tuple[str, ...]:
    """Each ground of the dots with ✓ or ✗: those that failed first, in order of weight."""
    return tuple(
        f"{mark} {_ground(g, is_met, mde, relevant_pp, unseen)}"
        for mark, is_met, found in (("✗", False, failed), ("✓", True, met))
        for g in found
    )


def _ground(ground: Ground, is_met: bool, mde: float | None, relevant_pp: float, unseen: float | None) -> str:
    rule = CertaintyRule()
    match ground:
        case Ground.SIZE:
            if mde is None:
                return "Det kendes ikke, hvor stort et fald der skal til, før milepælen kaldes opnået."
            return (
                f"Milepælen kaldes opnået i fire af fem tilfælde, når fraværet falder {points(mde)}; "
                f"{points(relevant_pp)} er aftalt som vigtigt."
            )
        case Ground.TREND_BEFORE:
            if is_met:
                return "Udviklingen var ikke forskellig før indsatsen, og en skævhed af betydning ville være set."
            if unseen is None:
                return "Udviklingen før indsatsen kan ikke prøves."
            return (
                "Udviklingen før indsatsen kan kun prøves groft: en skævhed, der flytter milepælens tal "
                f"{points(unseen)}, kan være overset."
            )
        case Ground.AGREEMENT:
            how = "er enige" if is_met else "er ikke enige"
            return f"De forskellige måder at beregne usikkerheden på {how}."
        case Ground.TREATED_CLUSTERS:
            how = "Mindst" if is_met else "Færre end"
            return f"{how} {rule.minimum_treated_clusters} grupper på skolerne har fået indsatsen."
        case Ground.COMPLETENESS:
            how = "Mindst" if is_met else "Under"
            return f"{how} {percent(100 * rule.minimum_completeness, 0)} af de ventede registreringer er der."
        case Ground.FROZEN:
            if is_met:
                return "Planen var låst, før udfaldet blev set."
            return "Planen var ikke låst, før udfaldet blev set: en prik trækkes fra."


WORDS = (Word.ACHIEVED, Word.SMALL_FALL, Word.NOT_ACHIEVED, Word.UNDECIDED, Word.CANNOT)


def outlook(protocol: Protocol) -> tuple[str, ...]:
    """Sentences for whoever freezes a plan: assumed windows, what is decided and what described, chances of each word."""
    return (*_assumed(protocol), *_described(protocol), *chances(protocol))


def chances(protocol: Protocol) -> tuple[str, ...]:
    """How often each word comes, by what is true; says so where this design was not simulated."""
    mde = verdict_mde(protocol)
    if mde is None:
        return (
            "Hvor ofte afgørelsen vil falde ud til hver side, er ikke simuleret for en undersøgelse af denne størrelse.",
        )
    lines = [f"Milepælen kaldes opnået i fire af fem tilfælde, når fraværet falder {points(mde)}."]
    for effect in PRINTED_EFFECTS:
        shares = {w: chance(protocol, effect, w) or 0.0 for w in WORDS}
        told = [f"{w} {percent(100 * s, 0)}" for w, s in shares.items() if s >= 0.005]
        lines.append(f"{_if(effect)}: {join(told)}.")
    return tuple(lines)


def _if(effect: float) -> str:
    if effect == 0:
        return "Sker der ingenting"
    return f"{'Falder' if effect < 0 else 'Stiger'} fraværet {number(abs(effect))} procentpoint"


def _assumed(protocol: Protocol) -> list[str]:
    return [
        f"{capital(wave_name(protocol, w))}: perioden {date(w.planned_from)} til {date(w.planned_to)} er en "
        "antagelse, indtil loggen siger andet."
        for w in protocol.waves
        if w.is_assumption
    ]


def _described(protocol: Protocol) -> list[str]:
    """Waves that alone could be given out in too few ways for a p-value of α (:mod:`evaluation.design`)."""
    too_few = [w for w in protocol.group_waves if smallest_p(protocol, [w.id]) > protocol.verdict.alpha]
    if len(protocol.group_waves) == 1 or not too_few:
        return []
    names = [wave_name(protocol, w) for w in too_few]
    return [f"{capital(join(names))} hver for sig beskrives med et interval; kun det samlede svar afgøres."]
