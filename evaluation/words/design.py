"""Danish of who gets the programme and who is compared with whom; and of what is wrong with a protocol.

Templates for :meth:`str.format`; which one fits is decided where the protocol is read.
"""

from __future__ import annotations

from collections.abc import Mapping

PLACE = {
    "listed": "elever på en liste",
    "at": "{who} på {where}",
    "every_school": "alle skoler",
    "together": "alle indsats{units} samlet",
    "schools": "skoler",
    "school": "skole",
    "both": "skoler og {units}",
    "same_school": "de {units} på samme skole, der ikke har haft {programme}",
    "other_schools": "de samme {units} på de skoler, der ikke har haft {programme}",
    "all_others": "alle de skoler og {units}, der ikke har haft {programme}",
}

BROKEN: Mapping[str, tuple[str, str, str]] = {
    "twice": ('"{value}" står {n} gange', "hvert navn én gang", "giv dem hver sit"),
    "unknown_grade": ('"{value}" er ikke et klassetrin i undersøgelsen', "et af: {known}", "{nearest}"),
    "unknown_school": ('"{value}" er ikke en skole i undersøgelsen', "et af: {known}", "{nearest}"),
    "unknown_type": ('"{value}" er ikke en fraværstype i undersøgelsen', "et af: {known}", "{nearest}"),
    "unknown_measure": ('"{value}" er ikke en måde at tælle dage på', "et af: {known}", "{nearest}"),
    "primary_measure": (
        '"{value}" tæller kun nogle af dagene, og udfaldet afgør milepælen', '"{all}": totaler skal også kunne besvare det',
        "giv målet et udfald for sig med is_primary = false",
    ),
    "wave_backwards": (
        "slutter {to}, før den begynder {begin}", "en dag på eller efter planned_from", "byt datoerne om, eller ret dem",
    ),
    "ends_early": (
        "indsatsen slutter {end}, før alle er begyndt {to}", "en dag efter planned_to",
        "ret datoen, eller slet den, hvis indsatsen fortsætter",
    ),
    "list_without_rule": (
        "elever på en liste sammenlignes med lige så fraværende elever, men [targeted] mangler",
        "blokken [targeted] med window_school_days, threshold_pct og bands_pct", "skriv blokken",
    ),
    "overlap": (
        "{place} er med i flere bølger: {waves}", "hvert sted i højst én bølge", "del bølgerne, så de ikke overlapper",
    ),
    "nobody_to_compare": (
        '"{value}" efterlader ingen at sammenligne med', "et af: {known}",
        'skriv [estimand] comparison = "{first}", hvis det er den sammenligning, planen vil have',
    ),
    "primary": ("{n} udfald har is_primary = true", "netop ét", "vælg det udfald, der afgør milepælen"),
    "grade_label": ('"{value}" mangler {{grade}}', '"{{grade}}. årgang"', "skriv {{grade}} i det"),
    "quote": (
        "»{value}« står ikke i milestone.text", "ord, der står i milestone.text", "citér milepælens egne ord",
    ),
    "no_sign": (
        'answered_by = "interviews" mangler tegnet, der svarer', "en kode fra kodebogens tegn", 'skriv sign = "MP.TEGN.…"',
    ),
    "deciding_parts": (
        '{n} dele har answered_by = "verdict"',
        "netop én, hvor hele grupper får indsatsen, og ingen, hvor kun elever på en liste gør", "ret answered_by",
    ),
    "same_model": (
        "er den samme model som den, den skal stå ved siden af", "en anden model end estimand.model",
        "vælg en anden, eller slet linjen",
    ),
    "baseline_late": (
        "{value} ligger ikke før opfølgningsåret {year}", "skoleår før follow_up", "ret baseline eller follow_up",
    ),
    "placebo": ("{value} er ikke et af årene før", "et af: {known}", "vælg et af dem, eller slet linjen"),
    "no_school_year": ('"{value}" er ikke et skoleår', '"2026/27": to år i træk', "ret året"),
    "report_early": (
        "rapporten {report} ligger før datagrænsen {cutoff}", "en dag på eller efter cutoff", "ret datoerne",
    ),
    "round_order": ("runderne står ikke i datagrænsernes orden", "den tidligste først", "flyt blokkene"),
    "final_round": (
        '{n} runder har kind = "final", eller den sidste har det ikke', 'netop den sidste runde har kind = "final"',
        'skriv kind = "final" i den sidste runde, "interim" i de andre',
    ),
    "outside_year": (
        "{day} ligger ikke i opfølgningsåret {year}", "en dag fra {first} til {last}",
        "ret datoen, eller ret years.follow_up",
    ),
    "bands": ("grænserne stiger ikke", "for eksempel [0, 5, 10, 20]", "sæt dem i orden"),
    "window": (
        "{value} dage er mere end vinduets {window}, så ingen elev kan findes", "højst window_school_days",
        "gør tallet mindre, eller vinduet længere",
    ),
    "threshold_dates": ("{until} ligger før {begin}", "en dag på eller efter in_force_from", "ret datoerne"),
}  # fmt: skip
"""Found, expected and what to do, by what is wrong."""

WRONG_VALUE: Mapping[str, tuple[str, str]] = {
    "extra_forbidden": ("nøglen kendes ikke", "en af: {known}"),
    "missing": ("nøglen mangler", "{kind}"),
    "literal_error": ("{value} kan ikke stå her", "et af: {known}"),
    "string_pattern_mismatch": ("{value} har ikke den rigtige form", "{kind}"),
    "too_short": ("listen er for kort", "mindst {least}"),
    "string_too_short": ("teksten er tom eller for kort", "mindst {least} tegn"),
    "string_too_long": ("teksten er for lang", "højst {most} tegn"),
    "greater_than": ("{value} er for lille", "over {limit}"),
    "greater_than_equal": ("{value} er for lille", "mindst {limit}"),
    "less_than": ("{value} er for stor", "under {limit}"),
    "less_than_equal": ("{value} er for stor", "højst {limit}"),
}
"""Found and expected, by pydantic's word for what is wrong with a value; any other is of the wrong kind."""
WRONG_KIND = "{value} er ikke {kind}"
KINDS = {
    "string": "en tekst i anførselstegn",
    "int": "et helt tal",
    "float": "et tal (med punktum som komma)",
    "bool": "true eller false",
    "date": "en dato som 2026-09-07, uden anførselstegn",
    "tuple": "en liste i kantede parenteser",
    "model": "en blok med egne nøgler",
    "literal": "et af de tilladte ord",
}
"""Kinds of values as TOML writes them, by the word before the underscore in pydantic's type of error."""
PATTERNS = {
    r"^[a-z0-9_]+$": "små bogstaver a–z, tal og _",
    r"^\d{4}/\d{2}$": 'et skoleår som "2026/27"',
    r"^\d+\.\d+\.\d+$": 'en version som "1.0.0"',
}
NEAREST = "mener du »{word}«?"
CORRECT = "ret protocol.toml, og kør komglad plan"
HOW_MANY = "protokollen har {n} fejl"
NO_TOML = "protokollen er ikke læselig TOML"

ASKED = {
    "title": "Hvad hedder forsøget?",
    "municipality": "Hvilken kommune?",
    "programme": "Hvad får eleverne (som midt i en sætning, for eksempel »samtaler med sundhedsplejersken«)?",
    "schools": "Skoler, én ad gangen; et tomt svar slutter.",
    "number": "  Institutionsnummer på skole {n}",
    "name": "  Skolens navn",
    "grades": "Klassetrin",
    "waves": "Hvem får det, og hvornår? Et tomt svar betyder alle. Skoler: {schools}",
    "which_grades": "  Hvilke klassetrin?",
    "which_schools": "  Hvilke skoler (institutionsnumre)?",
    "from": "  Fra dag (som 2026-09-07)",
    "to": "  Til og med dag",
    "another": "Er der andre, der begynder på et andet tidspunkt?",
    "comparison": "Hvem viser, hvad der ellers var sket?\n  1 andre klassetrin på samme skole\n"
    "  2 samme klassetrin på andre skoler\n  3 alle andre",
    "choose": "  Vælg",
    "cutoff": "Sidste dag med data til slutrapporten",
    "report": "Rapportens dag",
    "goal": "Hvad er målet, med planens egne ord?",
    "final": "Slutevaluering",
    "only": "  kun: {known}",
    "day": "  skriv dagen som 2026-09-07",
    "written": "{path}: det, der er jeres eget; resten tages fra {base}",
    "next": "Ret protocol.toml, læg mapping-filer i {folder}/mappings/, og kør så",
}
"""What ``new-study`` asks and says."""
VERSION = "komglad {version}"
CHECKED = "Kontrollerer {title} ({id}): {why}."
WHY = {
    "waits": "den nyeste runde, hvis datagrænse er passeret ({cutoff}), og den er ikke godkendt",
    "next": "ingen runde venter på godkendelse; den næste har datagrænse {cutoff}",
    "last": "alle runder er godkendt; den sidste havde datagrænse {cutoff}",
}
"""Which round ``check`` takes when none is named, and why."""
