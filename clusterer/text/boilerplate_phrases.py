"""The phrases by which Arabic outlets begin and end their articles: datelines, agencies, tails, notices.

Data and the patterns made of it; what they cut is decided in `boilerplate_tails`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Signatures that stand in datelines: agencies first. The outlet's own name needs no entry: a dash and a colon tell.
AGENCIES: tuple[str, ...] = (
    "واس", "وكالات", "الوكالات", "رويترز", "أ ف ب", "ا ف ب", "أ.ف.ب", "ا.ف.ب", "أ ب", "د ب أ", "د.ب.أ", "الأناضول", "كونا",
    "وام", "بنا", "قنا", "بترا", "سانا", "سبأ", "سبوتنيك", "تاس", "شينخوا", "فرانس برس", "متابعات", "SPA", "AFP",
    "Reuters", "AP", "CNN",
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
      | RT[ \t]+@\w{{1,20}}:
      | [^\W\d_][^\n.:؛«»()]{{0,60}}\((?:{"|".join(map(re.escape, AGENCIES))})\)[ \t]*[-–—]+
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
    """A phrase that furniture begins with; what follows it must prove that it does (`boilerplate.known_tails`).

    Attributes:
        phrase: its words, in any spelling that the profile folds together.
        within: it counts only when the article ends at most so many words after it.
        titles: titles of other stories follow, in its line or in lines after it; the article may go on after them.
        tags: tags follow.
        sure: nobody writes it in a sentence: a colon after it is proof enough.
        closes: it counts only as the last line of the article, before any tail found already.
    """

    phrase: str
    within: int = 40
    titles: bool = False
    tags: bool = False
    sure: bool = False
    closes: bool = False


TAILS: tuple[Tail, ...] = (
    Tail("رابط الخبر بصحيفة", sure=True),
    Tail("رابط الخبر"),
    Tail("سمات", within=30, tags=True),
    Tail("الوسوم", within=30, tags=True),
    Tail("كلمات دلالية", within=30, tags=True),
    Tail("الكلمات الدلالية", within=30, tags=True),
    Tail("المصدر", within=8),
    Tail("انظر أيضا", titles=True),
    Tail("اقرأ أيضا", titles=True),
    Tail("شاهد أيضا", titles=True),
    Tail("مواضيع ذات صلة", titles=True),
    Tail("أخبار ذات صلة", titles=True),
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
    Tail("انتهى", closes=True),
)

SIGNS: tuple[str, ...] = (
    "فيسبوك", "الفيسبوك", "فيس", "بوك", "تويتر", "انستغرام", "انستجرام", "انستقرام", "واتساب", "الواتساب",
    "واتس", "تليغرام", "تيليغرام", "تلغرام", "تلجرام", "تيليجرام", "تليجرام", "يوتيوب", "اليوتيوب", "سناب",
    "شات", "لينكد", "جوجل", "بلاي", "ستور", "قناتنا", "قنواتنا", "صفحتنا", "صفحاتنا", "حسابنا", "حساباتنا",
    "موقعنا", "تطبيقنا", "تابعنا", "تابعونا", "اشترك", "اشتركوا", "شارك", "شاركها", "اضغط", "هنا", "النشرة",
    "البريدية", "البريد", "بريدك", "الإلكتروني", "الحقول", "الإلزامية", "مشار", "إليها", "تعليق", "تعليقك",
    "تعليقا", "الرد", "إلغاء", "محفوظة", "النشر", "طباعة", "بالرمز", "مسافة", "الرسالة", "رسالة", "موبايلي",
    "زين", "sms", "stc", "mobily", "zain", "www", "http", "https", "com", "net", "facebook", "twitter",
    "instagram", "whatsapp", "telegram", "youtube", "snapchat", "linkedin", "pinterest", "google", "email",
    "rss", "download", "share", "follow",
)  # fmt: skip
"""Words that furniture is made of, as second signs after a phrase. News holds them too, but not so many side by side."""

SMALL_WORDS: tuple[str, ...] = (
    "في", "من", "على", "إلى", "عن", "أن", "إن", "التي", "الذي", "الذين", "هذا", "هذه", "هو", "هي", "كان", "كانت", "قال", "قالت",
    "لا", "لم", "لن", "ما", "مع", "بين", "بعد", "قبل", "قد", "كما", "أو", "ثم", "حتى", "كل", "غير", "عند", "أي", "فيها", "منها",
)  # fmt: skip
"""Words that sentences have and tags have not."""

STUBS: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = (
    ("للمشتركين", "المشتركين", "الاشتراك", "اشترك", "اشتراك", "اشتراكك", "مشترك", "subscribe", "subscribers", "subscription"),
    ("الدخول", "تسجيل", "لمتابعة", "لقراءة", "القراءة", "لإكمال", "login", "log", "sign", "continue", "reading", "read"),
    ("المحتوى", "المقال", "الخبر", "متاح", "مخصص", "حصري", "يرجى", "عذرا", "content", "article", "premium", "exclusive"),
)  # fmt: skip
"""Words of notices that stand in place of a text: what is wanted, what for, and what else they say."""
PLACEHOLDERS: tuple[str, ...] = ("Removed", "Deleted", "محذوف", "null", "None", "nan")
"""Whole bodies that stand for none."""


_LINK_HINTS = ("http", "www.", "t.co/", "twitter.com/", "bit.ly/", "youtu.be/")
_LINK = re.compile(
    r"(?:https?:[ \t]*/[ \t]*/|www\.|(?<![\w./])(?:t\.co|pic\.twitter\.com|bit\.ly|youtu\.be)/)[^\s<>«»\"'،؛]*"
)


def without_links(text: str) -> str:
    """The text with blanks in place of addresses, so that every other letter keeps its place."""
    if not ("t" in text or "w" in text) or not _may_hold_links(text):  # most texts of Arabic need no call
        return text
    return _LINK.sub(lambda link: " " * len(link[0]), text)


def links_of(text: str, start: int = 0) -> list[tuple[int, int]]:
    """First and past-the-last letter of each address in a text, from a letter on."""
    return [link.span() for link in _LINK.finditer(text, start)] if _may_hold_links(text) else []


def _may_hold_links(text: str) -> bool:
    """A cheap look: every form of an address has one of two letters, one of these beginnings, and a slash or "www."."""
    if not ("t" in text or "w" in text):
        return False
    return "www." in text or ("/" in text and any(map(text.__contains__, _LINK_HINTS)))


def dateline_end(text: str) -> int:
    """Index of the first letter after the dateline and what a photo slider left before it; 0 where there is none."""
    head = text[:_HEAD_LETTERS]
    found = _DATELINE.match(head) if any(map(head.__contains__, _HINTS)) else None
    if found and _SAYS.match(found.group()):  # "قال فلان - مدير كذا: ..." opens a sentence
        found = None
    if not found and ("Next" in head or "Previous" in head):
        found = _SLIDER_ONLY.match(head)
    return found.end() if found else 0
