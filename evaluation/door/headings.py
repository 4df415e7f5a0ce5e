"""The words exports use: what a column or a code probably is. Only proposals are made from them, never readings."""

from __future__ import annotations

DATE_FORMATS = (
    ("dd-mm-yyyy", "%d-%m-%Y"), ("dd.mm.yyyy", "%d.%m.%Y"), ("dd/mm/yyyy", "%d/%m/%Y"), ("yyyy-mm-dd", "%Y-%m-%d"),
    ("mm/dd/yyyy", "%m/%d/%Y"), ("mm-dd-yyyy", "%m-%d-%Y"), ("dd-mm-yy", "%d-%m-%y"), ("yyyymmdd", "%Y%m%d"),
    ("excel", "excel"),
)  # fmt: skip
HEADINGS: dict[str, tuple[str, ...]] = {
    "pupil": (
        "cpr",
        "cpr-nr",
        "cprnr",
        "cpr-nummer",
        "personnummer",
        "elevid",
        "elev-id",
        "uni-login",
        "unilogin",
    ),
    "class": ("klasse", "stamklasse", "klassenavn", "hold", "class"),
    "grade": ("klassetrin", "årgang", "trin", "grade"),
    "school": ("skole", "skolekode", "institution", "institutionsnummer", "skolenavn", "school"),
    "from": ("fra", "startdato", "fra dato", "indmeldt", "from"),
    "to": ("til", "slutdato", "til dato", "udmeldt", "to"),
    "date": ("dato", "fraværsdato", "dag", "date"),
    "type": ("kategori", "fraværstype", "fraværskode", "kode", "type", "fraværsårsag", "årsagskode"),
    "half_day": ("halv dag", "omfang", "andel", "halvdag"),
    "week": ("uge", "ugenr", "ugenummer", "week"),
    "month": ("måned", "month"),
    "school_year": ("skoleår", "school year"),
    "school_days": ("skoledage", "mulige dage", "undervisningsdage"),
    "pupils": ("elever", "antal elever", "elevtal"),
    "purpose": ("formål",),
    "answer": ("svar", "samtykke"),
    "given_on": ("afgivet", "givet", "dato for samtykke"),
    "withdrawn_on": ("trukket tilbage", "tilbagetrukket"),
    "holder": ("indehaver", "forældremyndighedsindehaver"),
    "status": ("status",),
    "kind": ("art", "samtaletype"),
    "local_id": ("elevid", "elev-id"),
}
TYPE_WORDS = {"sick": ("syg", "sygdom", "s"), "permitted": ("tillad", "frihed", "lovligt", "t", "f"),
              "unlawful": ("ulovlig", "u", "l", "pjæk")}  # fmt: skip
HALF = ("halv", "ja", "½", "halvdag", "halv dag")
CHOICES = {
    "answer": {"ja": "yes", "nej": "no"},
    "kind": {"samtale": "talk", "opfølgning": "follow_up"},
    "status": {"planlagt": "planned", "afholdt": "held", "aflyst": "cancelled"},
}
AMOUNTS = {"sick": ("syg",), "permitted": ("tillad", "frihed"), "unlawful": ("ulovlig",)}
