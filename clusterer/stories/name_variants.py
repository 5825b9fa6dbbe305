"""Names that newsrooms spell so differently that no stem tells they are one: Latin letters, other sounds, other vowels.

What the stemmer sees by itself (`clusterer.text.stemming`) does not stand here: ترامب and ترمب, غوتيريش and كوتيريش. Names of
several words neither. Knows stems by their hashes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clusterer.arrays.indexing import find_sorted
from clusterer.text.words import hash_words

NAMES = (
    "ترامب trump", "بايدن biden", "أوباما obama", "كلينتون clinton", "ماكرون macron", "بوتين putin",
    "آبل أبل apple", "غوغل جوجل قوقل google", "فيسبوك facebook", "تويتر تويتير twitter", "مايكروسوفت microsoft",
    "أمازون amazon", "نتفليكس نتفلكس netflix", "واتساب whatsapp", "يوتيوب youtube", "إنستغرام انستجرام إنستقرام instagram",
    "سامسونغ سامسونج samsung", "تسلا تيسلا tesla", "هواوي huawei", "آيفون أيفون iphone", "أندرويد android", "أوبر uber",
    "تلغرام تيليغرام telegram", "سناب snap", "إنتل intel", "نوكيا nokia", "سوني sony", "تويوتا toyota", "بوينغ بوينج boeing",
    "إيرباص ايرباص airbus", "فيفا fifa", "ناتو nato", "أوبك opec", "يونسكو unesco", "يونيسف unicef", "ناسا nasa",
    "كورونا corona", "كوفيد covid", "بتكوين بيتكوين bitcoin", "ميتا meta", "لينوفو lenovo", "ياهو yahoo", "هوندا honda",
    "تشارلز شارل charles", "بوتشيتينو بوكيتينو pochettino", "ميسي messi", "رونالدو ronaldo", "نيمار neymar",
    "موكويغي موكويجي ماكفيغا ماكويغي mukwege", "دانييل دانيال daniel", "وليام ويليام william", "أليكس ألكس alex",
    "تشيلسي شيلسي chelsea", "أرسنال أرسينال arsenal", "تشيلي شيلي", "بريطانيا بريتانيا", "طوكيو tokyo",
)  # fmt: skip
"""Spellings of a name; all count as the first."""


def one_spelling(stems: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return stems, uint32 (x,), with the first spelling of a name in place of the others."""
    others, firsts, mark = _table()
    near = np.flatnonzero(mark[stems.astype("<u4", copy=False).view("<u2")[::2]])  # nearly all others are no such name
    place, found = find_sorted(others, stems[near])
    if not found.any():
        return stems
    out = stems.copy()
    out[near[found]] = firsts[place[found]]
    return out


@lru_cache(maxsize=1)
def _table() -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.bool_]]:
    """The stems of other spellings, ascending, that of the first one of each, and which lower halves of a stem occur."""
    groups = [hash_words([name], stems=True).stems for name in NAMES]
    firsts = {int(other): int(group[0]) for group in groups if group is not None for other in group[1:]}
    firsts = {other: first for other, first in firsts.items() if other != first}
    others = np.array(sorted(firsts), dtype=np.uint32)
    mark = np.zeros(1 << 16, dtype=np.bool_)
    mark[others & np.uint32(0xFFFF)] = True
    return others, np.array([firsts[other] for other in others.tolist()], dtype=np.uint32), mark
