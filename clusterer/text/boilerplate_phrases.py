"""The phrases by which Arabic outlets begin and end their articles: datelines, agencies, tails.

Data and the patterns made of it; what they cut is decided in `boilerplate`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Signatures that stand in datelines: agencies first. The outlet's own name needs no entry: a dash and a colon tell.
AGENCIES: tuple[str, ...] = (
    "واس", "وكالات", "الوكالات", "رويترز", "أ ف ب", "ا ف ب", "أ.ف.ب", "ا.ف.ب", "أ ب", "د ب أ", "د.ب.أ", "الأناضول", "كونا",
    "وام", "بنا", "قنا", "بترا", "سانا", "سبأ", "سبوتنيك", "تاس", "شينخوا", "فرانس برس", "متابعات", "SPA", "AFP", "Reuters", "AP",
)  # fmt: skip

_WORD = r"[^\W\d_][^\s:–—\-ـ،/|]*"
# A tatweel is a dash only where it ends a word: "سبقـ تبوك" has one, "قـال" none.
_DASH = r"(?:[ \t]*[-–—/|]+[ \t]*|[ \t]*ـ+[ \t]+)"
_SLIDER = r"(?:\s*(?:Next|Previous|التالي|السابق)\b)*"
# An agency's first line: place, day, month, year ("الرياض 04 شوال 1436 هـ الموافق 20 يوليو 2015 م واس").
# "سبق- تبوك:", "عبدالله البرقاوي- سبق- الرياض:", "الرياض (رويترز) -": at most nine words, a dash, then the colon or
# the end of a short line. Without a dash a colon is somebody's words ("قال الوزير: ..."), and stays.
_DATELINE = re.compile(
    rf"""{_SLIDER}\s*(?:
        [^\n.:؛«»]{{0,40}}?\b\d{{1,2}}[ \t]+{_WORD}(?:[ \t]+{_WORD}){{0,2}}[ \t]+\d{{4}}\b[^\n.:؛«»]{{0,70}}(?=\n)
      | {_WORD}(?:[ \t]+{_WORD}){{0,3}}(?:{_DASH}{_WORD}(?:[ \t]+{_WORD}){{0,3}}){{1,2}}[ \t]*(?::|(?=\n))
      | (?:{_WORD}[ \t]+){{0,3}}\(?(?:{"|".join(map(re.escape, AGENCIES))})\)?[ \t]*(?:[-–—:]+|ـ+[ \t])
    )\s*""",
    re.VERBOSE,
)
_SLIDER_ONLY = re.compile(r"\s*(?:(?:Next|Previous)\b\s*)+")
_SAYS = re.compile(r"\s*[وف]?(?:قال|أوضح|أكد|أضاف|ذكر|صرح|كشف|أعلن|أشار|بي[ّ]?ن|نقل)ت?\b")
_HEAD_LETTERS = 120
_HINTS = ("-", ":", "/", "ـ", "–", "—", "|", "\n")  # no dateline is without one of these; most heads are


@dataclass(frozen=True, slots=True)
class Tail:
    """A phrase from which on an article is boilerplate.

    Attributes:
        phrase: its words, in any spelling that the profile folds together.
        within: it counts only when the article ends at most so many words after it.
        opens_line: it counts only at the start of a line.
        closes: it counts only as the last words of the article, before any tail found already.
    """

    phrase: str
    within: int = 40
    opens_line: bool = False
    closes: bool = False


TAILS: tuple[Tail, ...] = (
    Tail("رابط الخبر بصحيفة"),
    Tail("رابط الخبر"),
    Tail("سمات", within=30, opens_line=True),
    Tail("الوسوم", within=30, opens_line=True),
    Tail("كلمات دلالية", within=30, opens_line=True),
    Tail("الكلمات الدلالية", within=30, opens_line=True),
    Tail("المصدر", within=8, opens_line=True),
    Tail("انظر أيضا", within=150),
    Tail("اقرأ أيضا", within=150, opens_line=True),
    Tail("شاهد أيضا", within=150, opens_line=True),
    Tail("مواضيع ذات صلة", within=150),
    Tail("أخبار ذات صلة", within=150, opens_line=True),
    Tail("للتواصل مع الكاتب"),
    Tail("للتواصل أرسل sms"),
    Tail("تابعونا على", within=80),
    Tail("تابعنا على", within=80),
    Tail("تابعوا آخر الأخبار", within=80),
    Tail("اشترك في قناتنا", within=80),
    Tail("اشتركوا في قناتنا", within=80),
    Tail("حمل تطبيق", within=60),
    Tail("حملوا تطبيق", within=60),
    Tail("لن يتم نشر عنوان بريدك الإلكتروني", within=120),
    Tail("اترك ردا", within=120),
    Tail("اترك رد", within=120),
    Tail("اترك تعليقا", within=120),
    Tail("أضف تعليقا", within=120),
    Tail("إلغاء الرد", within=120),
    Tail("شارك هذا الموضوع", within=60),
    Tail("شارك الخبر", within=60),
    Tail("جميع الحقوق محفوظة"),
    Tail("هذه المقالة تعبر عن رأي صاحبها"),
    Tail("المزيد", closes=True),
    Tail("انتهى", closes=True, opens_line=True),
)


def dateline_end(text: str) -> int:
    """Index of the first letter after the dateline and what a photo slider left before it; 0 where there is none."""
    head = text[:_HEAD_LETTERS]
    found = _DATELINE.match(head) if any(map(head.__contains__, _HINTS)) else None
    if found and _SAYS.match(found.group()):  # "قال فلان - مدير كذا: ..." opens a sentence
        found = None
    if not found and ("Next" in head or "Previous" in head):
        found = _SLIDER_ONLY.match(head)
    return found.end() if found else 0
