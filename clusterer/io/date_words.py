"""Words of dates: months of four traditions, the Hijri ones, zones, and how long ago.

Holds names and what they stand for; reads no date itself (`dates` does). All names are folded by `LETTERS`, lower case.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

_MARKS = {0x640, *range(0x64B, 0x653), 0x670, 0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF}
NO_MARKS: dict[int, None] = dict.fromkeys({*_MARKS, *range(0x2066, 0x206A)})
"""Takes out tatweel, diacritics and marks of direction (`str.translate`)."""
LETTERS = str.maketrans(
    {
        **{chr(zero + i): str(i) for zero in (0x660, 0x6F0) for i in range(10)},
        **dict.fromkeys("أإآٱ", "ا"),
        "ى": "ي",
        "ة": "ه",
        "ی": "ي",
        "ک": "ك",
        "é": "e",
        "û": "u",
        "–": "-",
        "—": "-",
        **dict.fromkeys("،,\u00a0\u202f", " "),
    }
    | NO_MARKS
)
"""One digit and one letter for all their forms, blanks for commas (`str.translate`)."""

_MONTHS = (
    "يناير|كانون الثاني|كانون ثاني|كانون2|جانفي|january|jan|janvier|janv",
    "فبراير|شباط|فيفري|february|feb|fevrier|fevr",
    "مارس|اذار|march|mar|mars",
    "ابريل|نيسان|افريل|april|apr|avril|avr",
    "مايو|ايار|ماي|مايس|may|mai",
    "يونيو|يونيه|حزيران|جوان|june|jun|juin",
    "يوليو|يوليه|تموز|جويليه|يوليوز|july|jul|juillet|juil",
    "اغسطس|اب|اوت|غشت|august|aug|aout",
    "سبتمبر|ايلول|شتنبر|september|sept|sep|septembre",
    "اكتوبر|تشرين الاول|تشرين اول|تشرين1|october|oct|octobre",
    "نوفمبر|تشرين الثاني|تشرين ثاني|تشرين2|نونبر|november|nov|novembre",
    "ديسمبر|كانون الاول|كانون اول|كانون1|دجنبر|december|dec|decembre",
)
MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
"""Gregorian month of a name."""
MONTH_NAME = "(?:" + "|".join(sorted(MONTH_OF, key=len, reverse=True)).replace(" ", r"\s+") + ")"
"""Pattern of any Gregorian month's name."""

_HIJRI_MONTHS = (
    r"محرم",
    r"صفر",
    r"ربيع\s+(?:ال)?اول",
    r"ربيع\s+(?:ال)?(?:اخر|ثاني)",
    r"جماد[يه]\s+(?:ال)?(?:اولي?|الاوله)",
    r"جماد[يه]\s+(?:ال)?(?:اخره?|ثانيه?)",
    r"رجب",
    r"شعبان",
    r"رمضان",
    r"شوال",
    r"ذ[وي]\s*(?:ال)?قعده",
    r"ذ[وي]\s*(?:ال)?حجه",
)
HIJRI_NAME = "(?:" + "|".join(f"(?:ال)?{name}" if name == "محرم" else name for name in _HIJRI_MONTHS) + ")"
"""Pattern of any Hijri month's name."""


def hijri_month(name: str) -> int:
    """The number of a Hijri month's name, 1 to 12.

    >>> hijri_month("ذو القعده")
    11
    """
    return next(i for i, pattern in enumerate(_HIJRI_MONTHS, 1) if re.fullmatch(f"(?:ال)?{pattern}", name))


_HOURS_OF_ZONE = {
    "utc": 0, "gmt": 0, "z": 0, "ut": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "met": 1, "cest": 2, "eet": 2,
    "sast": 2, "eest": 3, "msk": 3, "trt": 3, "ast": 3, "ksa": 3, "gst": 4, "est": -5, "edt": -4, "cst": -6, "cdt": -5,
    "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
# Of two that share a name Arabic feeds mean the nearer: AST is Arabia's, GST the Gulf's.
ZONE_NAME = "(?:" + "|".join(sorted(_HOURS_OF_ZONE, key=len, reverse=True)) + ")"
"""Pattern of a zone's abbreviation."""
_PLACES = {
    "Africa/Cairo": "القاهره مصر", "Asia/Riyadh": "مكه السعوديه الرياض المملكه", "Asia/Dubai": "دبي ابوظبي ابو الامارات",
    "Asia/Baghdad": "بغداد العراق", "Asia/Damascus": "دمشق سوريا", "Asia/Beirut": "بيروت لبنان",
    "Asia/Amman": "عمان الاردن", "Asia/Hebron": "القدس فلسطين غزه", "Asia/Kuwait": "الكويت",
    "Asia/Qatar": "الدوحه قطر", "Asia/Bahrain": "المنامه البحرين", "Asia/Muscat": "مسقط", "Asia/Aden": "صنعاء عدن اليمن",
    "Africa/Khartoum": "الخرطوم السودان", "Africa/Tripoli": "طرابلس ليبيا", "Africa/Tunis": "تونس",
    "Africa/Algiers": "الجزائر", "Africa/Casablanca": "الرباط المغرب", "Africa/Nouakchott": "نواكشوط موريتانيا",
    "UTC": "غرينتش جرينتش غرينيتش جرينيتش", "Europe/Moscow": "موسكو", "Europe/London": "لندن", "Europe/Paris": "باريس",
    "America/New_York": "واشنطن نيويورك", "Europe/Istanbul": "اسطنبول انقره تركيا", "Asia/Tehran": "طهران",
}  # fmt: skip
_ZONE_OF_PLACE = {place: zone for zone, places in _PLACES.items() for place in places.split()}
_ZONES_OF_TOWNS = {  # what its own zone does not name
    "Africa/Cairo": "egypt alexandria giza", "Asia/Riyadh": "saudi saudi_arabia ksa mecca makkah medina jeddah dammam",
    "Asia/Dubai": "uae emirates abu_dhabi sharjah", "Asia/Baghdad": "iraq basra basrah mosul erbil najaf kirkuk",
    "Asia/Damascus": "syria aleppo homs latakia idlib", "Asia/Beirut": "lebanon tripoli_lebanon sidon",
    "Asia/Amman": "jordan irbid aqaba", "Asia/Hebron": "palestine ramallah jerusalem nablus east_jerusalem",
    "Asia/Kuwait": "kuwait_city", "Asia/Qatar": "doha", "Asia/Bahrain": "manama", "Asia/Muscat": "oman",
    "Asia/Aden": "yemen sanaa sana'a taiz hodeidah", "Africa/Khartoum": "sudan omdurman port_sudan",
    "Africa/Tripoli": "libya benghazi", "Africa/Tunis": "tunisia sfax", "Africa/Algiers": "algeria oran",
    "Africa/Casablanca": "morocco rabat fes fez marrakesh marrakech tangier agadir", "Africa/Nouakchott": "mauritania",
    "Africa/Mogadishu": "somalia", "Africa/Djibouti": "djibouti_city", "Indian/Comoro": "comoros moroni",
    "Africa/Juba": "south_sudan", "Europe/Istanbul": "turkey ankara", "Asia/Tehran": "iran",
    "America/New_York": "washington",
}  # fmt: skip
_ZONE_OF_TOWN = {town: zone for zone, towns in _ZONES_OF_TOWNS.items() for town in towns.split()}
OF_PLACE = re.compile(r"ب?توقيت\s+(?:مدينه\s+|سلطنه\s+)?(\w+)")
"""Words that say whose time it is."""
ZONE_OF_TABLE = re.compile(r"(?<![\w/])([a-z]+/[a-z_]+(?:/[a-z_]+)?)(?![\w/])")
"""Names of zones as computers write them, folded: asia/riyadh."""


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo | None:
    """The zone of an abbreviation, of a place in Arabic, as in "بتوقيت القاهرة", or of a name as asia/riyadh; None for others.

    >>> zone_named("ast").utcoffset(None), zone_named("nowhere")
    (datetime.timedelta(seconds=10800), None)
    """
    if name in _HOURS_OF_ZONE:
        return timezone(timedelta(hours=_HOURS_OF_ZONE[name]))
    if zone := _ZONE_OF_PLACE.get(name, name.title() if "/" in name else ""):
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # a system without the table of zones
            return None
    return None


def zone_meant(name: str) -> str:
    """The name of the zone that another name may mean: a capital, a country, a misspelt zone; "" where none is near.

    >>> zone_meant("Africa/Rabat"), zone_meant("Abu Dhabi"), zone_meant("الرباط"), zone_meant("Asia/Riyad")
    ('Africa/Casablanca', 'Asia/Dubai', 'Africa/Casablanca', 'Asia/Riyadh')
    """
    import difflib
    from zoneinfo import available_timezones

    zones = sorted(available_timezones())
    parts = re.sub(r"[\s-]+", "_", name.strip().lower()).split("/")
    zones = [zone for zone in zones if "/" in zone and not zone.startswith("Etc/")]  # Etc/GMT+3 is three hours behind
    own = {part: zone for zone in zones for part in (zone.lower(), zone.lower().rpartition("/")[2])}
    known = own | _ZONE_OF_PLACE | _ZONE_OF_TOWN
    whole, town = "/".join(parts), parts[-1].translate(str.maketrans("أإآىة", "ااايه"))
    if found := known.get(whole) or known.get(town):
        return found
    near = difflib.get_close_matches(whole, known, 1, 0.8) or difflib.get_close_matches(town, known, 1, 0.8)
    return known[near[0]] if near else ""


_SECONDS = {
    1: r"ثاني(?:ه|تين|تان)|ثوان[يه]?|seconds?|secs?|s",
    60: r"دقيق(?:ه|تين|تان)|دقائق|دقايق|minutes?|mins?",
    3600: r"ساع(?:ه|تين|تان|ات)|hours?|hrs?|h|heures?",
    86_400: r"يوم(?:ا|ين|ان)?|ايام|days?|d|jours?",
    604_800: r"اسبوع(?:ا|ين|ان)?|اسابيع|weeks?|semaines?",
    2_592_000: r"شهر(?:ا|ين|ان)?|ا?شهور|اشهر|months?|mois",
    31_536_000: r"سن(?:ه|تين|تان|وات|ين)|عام(?:ا|ين|ان)?|اعوام|years?|ans?",
}
_UNIT = "|".join(f"(?P<u{seconds}>{names})" for seconds, names in _SECONDS.items())
_COUNTS: dict[str, float] = {
    name: count
    for count, names in enumerate(
        ("واحده? one an a une un", "two deux", "ثلاثه? three trois", "اربعه? four quatre", "خمسه? five cinq", "سته? six",
         "سبعه? seven sept", "ثماني?ه? eight huit", "تسعه? nine neuf", "عشره? ten dix"), 1
    )
    for name in names.split()
} | {"نصف": 0.5, "ربع": 0.25, "ثلث": 1 / 3, r"half\s+an": 0.5}  # fmt: skip
_COUNT = r"(?P<digits>\d{1,3})|(?P<words>" + "|".join(_COUNTS) + ")"
_AGO = re.compile(rf"(?:منذ|قبل|من|il\s+y\s+a)\s+(?:حوالي\s+|نحو\s+)?(?:(?:{_COUNT})\s*)?(?:{_UNIT})(?!\w)")
_AGO_AFTER = re.compile(rf"(?:(?:{_COUNT})\s*)(?:{_UNIT})\s+ago(?!\w)")
_DAYS = re.compile(
    r"(?<!\w)(?:(?P<d2>(?:اول|قبل)\s+(?:ال)?امس|امس\s+(?:ال)?اول)|(?P<d1>امس|البارحه|yesterday|hier)|(?P<d0>اليوم|today|aujourd'hui))(?!\w)"
)
_NOW = re.compile(r"(?:الان|للتو|(?:قبل|منذ)\s+(?:قليل|لحظات)|just\s+now|now)")


def is_relative(s: str) -> bool:
    """Whether a folded date is told from the day of its reading: "منذ ساعتين", "أمس", "2 hours ago"."""
    return any(pattern.search(s) for pattern in (_AGO, _AGO_AFTER, _DAYS, _NOW))


def without_ago(s: str) -> str:
    """A folded date without words on how long ago that was, where it says the day itself, too.

    >>> without_ago("17 ابريل 2016 (منذ 3 ساعات)")
    '17 ابريل 2016 ( )'
    """
    return _AGO_AFTER.sub(" ", _AGO.sub(" ", s))


def time_ago(s: str, now: datetime) -> tuple[datetime, str] | None:
    """The moment that a folded date tells from the day of its reading.

    Args:
        s: the date.
        now: when it was read, in the zone of its place.

    Returns:
        The moment, and what is left of the date, where a clock may stand; without a zone, at midnight, where only the
        day is told. None where the date is told otherwise.

    >>> time_ago("منذ ساعتين", datetime(2025, 3, 2, 12, tzinfo=UTC))[0].hour
    10
    """
    if found := _AGO.search(s) or _AGO_AFTER.search(s):
        unit = next(name for name in found.re.groupindex if name[0] == "u" and found[name])
        if found["digits"]:
            count: float = int(found["digits"])
        elif found["words"]:
            count = next(n for pattern, n in _COUNTS.items() if re.fullmatch(pattern, found["words"]))
        else:
            count = 2 if re.search(r"(?:ين|ان)$", found[unit]) and not found[unit].startswith("ثوان") else 1
        return now - timedelta(seconds=count * int(unit[1:])), s[: found.start()] + s[found.end() :]
    if found := _DAYS.search(s):
        days = next(int(name[1]) for name in ("d2", "d1", "d0") if found[name])
        midnight = datetime(now.year, now.month, now.day) - timedelta(days=days)
        return midnight, f"{s[: found.start()]} {s[found.end() :]}"
    return (now.astimezone(UTC), "") if _NOW.search(s) else None
