"""Messages: both languages say the same, plurals are CLDR's, and no page has words of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from places import ROOT

from clusterer.messages import LANGUAGES, Language, language_of, message, plain, plural, table, worded

TEMPLATES = ROOT / "clusterer" / "report" / "templates"
SERVED = ROOT / "clusterer" / "serve" / "templates"
CATEGORIES = {"en": {"one", "other"}, "ar": {"zero", "one", "two", "few", "many", "other"}}
NAMES = {"clusterer", "Enter", "Esc", "CSV", "JSON", "JavaScript"}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{([^}]+)\}", text))


@pytest.mark.parametrize("key", table())
def test_both_languages_have_the_same_forms_and_placeholders(key: str) -> None:
    assert set(table()[key]) == set(LANGUAGES)
    whole = set[frozenset[str]]()
    for language, forms in table()[key].items():
        if isinstance(forms, str):
            whole.add(frozenset(placeholders(forms)))
            continue
        assert set(forms) == CATEGORIES[language]
        whole.add(frozenset(placeholders(forms["other"])))
        assert "n" in placeholders(forms["other"])
        for form in forms.values():
            assert placeholders(forms["other"]) - placeholders(form) <= {"n"}
    assert len(whole) == 1
    assert len({isinstance(forms, str) for forms in table()[key].values()}) == 1


def test_arabic_is_arabic_and_english_english() -> None:
    for key, said in table().items():
        arabic = said["ar"] if isinstance(said["ar"], str) else said["ar"]["other"]
        words = re.sub(r"\{[^}]*\}|--\w+|[^\w]", " ", arabic).split()
        assert {w for w in words if re.fullmatch("[A-Za-z]{3,}", w)} <= NAMES | {
            "English",
            "cubed",
            "ARI",
            "label",
            "URL",
            "merge",
        }, key
        assert not re.search("(?<!F)[0-9]", re.sub(r"\{[^}]*\}", "", arabic)), key
        assert key == "language" or not re.search("[ء-ي]", str(said["en"])), key


@given(st.integers(0, 100_000))
def test_plurals_are_those_of_cldr(n: int) -> None:
    babel = pytest.importorskip("babel", reason="Babel is not installed")
    for language in LANGUAGES:
        assert plural(n, language) == babel.Locale(language).plural_form(n)


def test_values_are_written_as_the_language_writes_them() -> None:
    assert [worded(message("n.articles", n=n), "ar") for n in (0, 1, 2, 3, 11, 100, 1234)] == [
        "لا أخبار", "خبر واحد", "خبران", "٣ أخبار", "١١ خبرًا", "١٠٠ خبر", "١٬٢٣٤ خبرًا",
    ]  # fmt: skip
    assert [worded(message("date", when=when), "ar") for when in ("2015-07", "2015-07-01", "2015-07-21T00:00:00Z")] == [
        "يوليو ٢٠١٥", "١ يوليو ٢٠١٥", "٢١ يوليو ٢٠١٥",
    ]  # fmt: skip
    assert worded(message("date", when="2015-07-21T09:08:56Z")) == "21 Jul 2015 09:08"
    assert worded(message("number.signed", value=-0.5), "ar") == "−٠٫٥٠"
    said = message("found", stories=message("n.stories", n=1), articles=[message("n.articles", n=2), "س"])
    assert worded(said) == "1 story, 2 articles, س"
    assert worded(message("text", value="a"), isolate=True) == "\u2068a\u2069"
    assert plain(said)["values"]["stories"] == {"key": "n.stories", "values": {"n": 1}}


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["أعلنت وزارة التعليم", "Ministry", "بدء العام"], "ar"),
        (["The ministry said", "Schools open (المدارس)", "نص"], "en"),
        ([], "ar"),
        (["123", ""], "ar"),
    ],
)
def test_a_page_speaks_as_most_articles_do(texts: list[str], language: Language) -> None:
    assert language_of(texts) == language


@pytest.mark.parametrize(
    "path", sorted([*TEMPLATES.glob("*.html"), *SERVED.glob("*.html")]), ids=lambda path: path.name
)
def test_no_template_has_words_of_its_own(path: Path) -> None:
    text = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text("utf-8"))
    assert not re.search(r'(?:aria-label|title|alt|placeholder)="[^"]*[A-Za-zء-ي]', text)
    text = re.sub(
        r"(?s)<style>.*?</style>|\{% macro style.*?endmacro %\}|<[^>]*>|^\..*$", " ", text, flags=re.MULTILINE
    )
    assert set(re.findall("[A-Za-zء-ي]{3,}", text)) <= NAMES


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.js")), ids=lambda path: path.name)
def test_no_script_has_words_of_its_own(path: Path) -> None:
    code = re.sub(r"(?m)(?<!:)//.*$|/\*.*?\*/", "", path.read_text("utf-8"))
    classes = {name for css in TEMPLATES.glob("*.css") for name in re.findall(r"\.([a-z-]+)", css.read_text("utf-8"))}
    strings = re.findall(r"'([^'\n]*)'", code)
    assert len(strings) > 10
    spaced = [s for s in strings if re.search(r"[A-Za-z]{2,} [a-z]{2,}|[ء-ي]{2}", s) and not {*s.split()} <= classes]
    assert [s for s in spaced if s not in ("noopener noreferrer", "text/csv")] == []


def test_every_message_is_said_somewhere_and_every_key_is_there() -> None:
    wings = ("cli", "evaluation", "explanation", "report", "serve")
    files = [path for wing in wings for path in (ROOT / "clusterer" / wing).rglob("*.py")]
    files += [*TEMPLATES.glob("*"), *SERVED.glob("*"), ROOT / "clusterer" / "messages.py"]
    source = "\n".join(path.read_text("utf-8") for path in files)
    made = set(re.findall(r"""["'`]([\w.]+\.)(?:\$?\{|["'] ~|%)""", source)) | {"measure.", "feature."}
    unsaid = [k for k in table() if f'"{k}"' not in source and f"'{k}'" not in source and not k.startswith(tuple(made))]
    assert unsaid == []
    literal = re.findall(r"""\b(?:say|saying|words|message|tell)\((?:\$\('\w+'\), )?["']([\w.]+)["'][,)]""", source)
    literal += re.findall(r"""labelled\("[\w-]+", "([\w.]+)"[,)]""", source)
    assert len(literal) > 200
    assert set(literal) <= set(table())
