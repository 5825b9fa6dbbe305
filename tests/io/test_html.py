"""Texts without HTML."""

from __future__ import annotations

import time

import pytest

from clusterer.io.html import clean_text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a < b", "a < b"),
        ("<3 و 5>4", "<3 و 5>4"),
        ("<p>أول</p>\n\n<p>ثان</p>", "أول\nثان"),
        ("سطر<br>سطر<BR/>سطر", "سطر\nسطر\nسطر"),
        ("كلم<b>ة</b> و<a href='x>y'>رابط</a>", "كلمة ورابط"),
        ("<td>1</td><td>2</td>", "1  2"),
        ("نص<script>if (a<b) {'<p>'}</script>نص<STYLE>p{}</STYLE >", "نص\nنص"),
        ("نص <!-- <p> --> نص <!-- مفتوح", "نص  نص <!-- مفتوح"),
        ("<script>مفتوح", "مفتوح"),
        ("a &amp; b &quot;c&#34; &#x41;&nbsp;d", 'a & b "c" A\u00a0d'),
        ("&lt;p&gt;مهرب&lt;/p&gt; 3 &lt; 5", "مهرب\n3 < 5"),
        ("AT&T ?a=1&copy=2&lt=3 &nosuch; & &#0;", "AT&T ?a=1&copy=2&lt=3 &nosuch; & \ufffd"),
        ("<https://a.b/c> <x@y.z>", "<https://a.b/c> <x@y.z>"),
        ("<![CDATA[نص]]><o:p></o:p>", "نص"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_clean_text(written: str, expected: str) -> None:
    assert clean_text(written) == expected


def test_clean_text_gives_back_what_needs_nothing() -> None:
    text = "قالت الوزارة\nفي بيان " * 10
    assert clean_text(text) is text


@pytest.mark.parametrize(
    "hostile", ['<a "', "<!--", "<script>", "<p", "&", "<b '", "<a b=\"'", "&#", "\n \t", "<p>\n ", "mso-", "Mso{"]
)
def test_clean_text_is_linear(hostile: str) -> None:
    start = time.process_time()
    clean_text(hostile * 200_000)
    assert time.process_time() - start < 5  # a second walk for every mark would take hours


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("قال &amp;quot;نعم&amp;quot; ثم", 'قال "نعم" ثم'),
        ("&amp;amp;amp;lt;p&amp;amp;amp;gt;", ""),
        ("الأولى&nbspوالثانية &laquoنعم&raquo &#8220لا&#8221", "الأولى\xa0والثانية «نعم» “لا”"),
        ("https://a.example/?a=1&copy=2&reg=3&lt=4", "https://a.example/?a=1&copy=2&reg=3&lt=4"),
        ("&nbspx &quota &ampere", "&nbspx &quota &ampere"),
        ("<p><![if !supportLists]>1.&nbsp;<![endif]>أولا</p>", "أولا"),
        ("<!--[if !supportLists]-->· <!--[endif]-->ثانيا", "ثانيا"),
        ("<![if !vml]><img src='x'><![endif]>صورة", "صورة"),
        ("p.MsoNormal {margin:0cm; mso-pagination:none;} قال", "قال"),
        ("@font-face {font-family:Arial; mso-font-charset:0;} div.Section1 {page:Section1;} قال", "قال"),
        ('span class="MsoNormal" style="mso-bidi-language:AR" قال', "span     قال"),
        ("قال mso-fareast-language:EN-US; نعم", "قال   نعم"),
        ("Normal 0 false false false EN-US X-NONE AR-SA MicrosoftInternetExplorer4 قال MsoNormal", "قال"),
        ("Mso وحدها {نص} mso- باقية", "Mso وحدها {نص} mso- باقية"),
    ],
)
def test_what_was_escaped_again_and_what_word_left(written: str, expected: str) -> None:
    assert clean_text(written) == expected
