"""Hypothesis strategies: texts of Arabic letters and of what is mixed into them."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = st.one_of(
    st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءآأؤإئٱ"),
    st.sampled_from("یکےھہەۃۀۂ۩۞ٲڪ"),
    st.sampled_from(
        "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0653\u0654\u0655\u0670\u06d6\u06dd\u06e5\u06ed\u08f0"
    ),
    st.sampled_from("ـ\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202c\u2066\u2069\ufeff\u00ad\ufe0f\U000e0100"),
    st.sampled_from("ﻻﻼﷲﷺﺍﺎﻫﻯﹷﱠﳲﬁﬀŉ½²Ⅷ㎏"),
    st.sampled_from(" \u00a0\u202f\u3000\t\n\r\v\x1c\x85\u2028\u2029،؛؟.,:-–/()«»"),
    st.sampled_from("٠١٢٣٤٥٦٧٨٩۰۱۲۳۹0123456789३"),
    st.sampled_from(["1,234", "٥٬٤٣٢", "0,500", ",", "،", "٬", "12,345,678", " و ", "\nو", "و،", "5.2"]),
    st.sampled_from("\u034f\u115f\u1160\u17b4\u180b\u3164\uffa0\u2065\ufff1\u0898\u089f﷽﷼\u20c1\ufd41\U000e0041"),
    st.sampled_from("-–‑−+*/=!<>%٪&^|~$€±≠\u0338"),
    st.sampled_from("aéEÉJHTWYİıßẞÅ\u212b\u0300\u0301\u0308\u030c\u0327\u0331\u0345\u0344\u034fſΣςΐ"),
    st.sampled_from("жйЁאבּשׁקक़कि中文가각가ｶﾞかゞไท"),
    st.sampled_from("😀👨\u200d👩\U0001d400\U0001ee00𐤀\U0001f1f8\U0001f3fb"),
    st.sampled_from("\ud800\udbff\udc00\udfff\x00\x01\x02\uffff\ufffe\ufffd"),
    st.characters(),
)


def texts(max_size: int = 24) -> st.SearchStrategy[str]:
    """Texts of pieces that meet in ways that newsrooms and hostile inputs produce."""
    return st.lists(_PIECES, max_size=max_size).map("".join)


def vocabulary() -> st.SearchStrategy[str]:
    """Plain Arabic words of one to nine letters."""
    return st.text("ابتسرلمنوي", min_size=1, max_size=9)


def articles(max_words: int = 30) -> st.SearchStrategy[str]:
    """Plain texts of few different words, so that shingles repeat; may be empty, may have lines."""
    word = st.one_of(st.sampled_from(["قال", "وزير", "في", "الرياض", "امس"]), vocabulary())
    return st.lists(st.tuples(word, st.sampled_from("   \n")), max_size=max_words).map(
        lambda pairs: "".join(word + gap for word, gap in pairs)
    )
