"""Titles, ids, outlets and addresses that want to run or to lead elsewhere; what of a page they must not become."""

from __future__ import annotations

WORDS = (
    "<script>{}</script>", "<img src=x onerror={}>", "<svg/onload={}>", '"><svg onload={}>', "'-{}-'",
    "</script><script>{}</script>", "</textarea><script>{}</script>", "<iframe srcdoc='<script>{}</script>'>",
    "<a href=javascript:{}>a</a>", "{{{{constructor.constructor('{}')()}}}}", "${{{}}}", "<math><mtext><script>{}</script>",
    "<!--<script>{}</script>-->", "]]><script>{}</script>", "\u2028{}\u2029", "\u202e{}", "<body onload={}>",
    "<details open ontoggle={}>", "<base href=//evil.example/>{}", "<meta http-equiv=refresh content='0;{}'>",
    "<style>@import '{}'</style>", "<link rel=stylesheet href='{}'>", "<form action='{}'>", "&lt;script&gt;{}&lt;/script&gt;",
    "%3Cscript%3E{}%3C/script%3E", "\x0b<script>{}</script>", "<scr\x01ipt>{}</script>", "<object data='{}'>", "<embed src='{}'>",
    "<video><source onerror={}>", "<input autofocus onfocus={}>", "<marquee onstart={}>", "<x contenteditable onblur={}>",
    "__proto__ {}", "constructor {}", "\\'; {} //", "`{}`", "javascript:{}", "<template><script>{}</script>",
    "\ufeff<script>{}</script>",
)  # fmt: skip
URLS = (
    "javascript:{}", "data:text/html,<script>{}</script>", "vbscript:{}", " javascript:{}", "JaVaScRiPt:{}", "file:///{}",
    "//evil.example/{}", "http:javascript:{}",
)  # fmt: skip
ELEMENTS = (
    "script, iframe, object, embed, img, video, marquee, template, base, link, meta, [onload], [onerror], [srcdoc]"
)
