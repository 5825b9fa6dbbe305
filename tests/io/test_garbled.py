"""Texts that were read in a wrong encoding, or whose letters were lost, are bad rows on every road; all other texts pass."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, strategies as st

from clusterer import cluster
from clusterer.arrays.utf8 import scanned, utf8_of
from clusterer.errors import InputError
from clusterer.io.blocks import Block
from clusterer.io.feed import Feed
from clusterer.io.garbled import garbled, may_be_garbled
from clusterer.io.rows import BadRow

ARABIC = "افتتح وزير الصحة في الرياض مستشفى جديدا يخدم سكان الأحياء الشمالية، وقال إن العمل فيه يبدأ غدا"
GARBLED = {
    "UTF-8 that was read as Windows-1252": ARABIC.encode().decode("cp1252", "replace"),
    "UTF-8 that was read as Windows-1252 or Latin-1": ARABIC.encode().decode("latin-1"),
    "UTF-8 that was read as Windows-1256": ARABIC.encode().decode("cp1256"),
    "Windows-1256 that was read as Latin-1": ARABIC.encode("cp1256").decode("latin-1"),
    "ISO-8859-6 that was read as Latin-1": ARABIC.replace("،", ",").encode("iso8859_6").decode("latin-1"),
    "are '?' or U+FFFD": ARABIC.encode("cp1252", "replace").decode(),
    "78 of its 78 signs are": ARABIC.encode("ascii", "replace").decode("ascii"),
    "letters of the text are lost": ARABIC.encode().decode("ascii", "replace"),
}
WHOLE = [
    ARABIC,
    "The minister opened a hospital in the north of the city. Who pays? Nobody said.",
    "À l'Élysée, où l'été a été très éprouvé, « déjà » : l'État s'est engagé à élever les décès",
    "وزیر بهداشت گفت که بیمارستان جدید در شمال شهر گشایش می‌یابد",
    "وزیر صحت نے کہا کہ نیا ہسپتال شہر کے شمال میں کھولا جائے گا؟",
    "وەزیری تەندروستی گوتی نەخۆشخانەیەکی نوێ لە باکووری شار دەکرێتەوە",
    "Sağlık Bakanı, şehrin kuzeyinde yeni bir hastanenin açıldığını söyledi; ÇÖZÜM GÜÇ, ÖĞÜT ÇOK",
    "Ø, Æ og Å: Øl på øya, Íslendingar sögðu það, ÞÓTT ÞÆR ÞÝÐI",
    "🏥🚑🩺 مستشفى 🏥🚑🩺🏥🚑🩺🏥🚑🩺",
    "ماذا؟ من؟ ?? متى",
    "???????",
    "قد تم",
]


@pytest.mark.parametrize("what", list(GARBLED))
def test_a_garbled_text_is_told_with_a_cure(what: str) -> None:
    why = garbled(GARBLED[what])
    assert what in why
    assert "; cure: " in why
    assert "--encoding" in why


def test_texts_of_other_languages_pass() -> None:
    assert [garbled(text) for text in WHOLE] == [""] * len(WHOLE)


def test_a_text_that_is_partly_garbled_passes() -> None:
    assert not garbled(ARABIC + GARBLED["letters of the text are lost"][:40])
    assert not garbled(WHOLE[1] + GARBLED["Windows-1256 that was read as Latin-1"][:30])


PIECES = st.lists(st.one_of(st.sampled_from([*GARBLED.values(), *WHOLE]), st.text(max_size=30)), max_size=4)


@given(st.lists(PIECES.map(" ".join), max_size=6))
def test_what_is_not_asked_by_columns_is_whole(texts: list[str]) -> None:
    asked = may_be_garbled(scanned(utf8_of(texts)))
    assert not any(garbled(text) for text, is_asked in zip(texts, asked, strict=True) if not is_asked)


def test_whole_arabic_is_not_asked() -> None:
    assert not may_be_garbled(scanned(utf8_of([ARABIC, *WHOLE[3:5]]))).any()
    assert len(may_be_garbled(scanned(utf8_of([])))) == 0


def _written(folder: Path) -> list[Path]:
    """Files of three formats with the same rows, good and garbled ones in turn; one of them by its title alone."""
    texts = [text for pair in zip(WHOLE[:8], GARBLED.values(), strict=True) for text in pair]
    rows = [{"id": str(number), "title": "عنوان", "text": text} for number, text in enumerate(texts)]
    rows.append({"id": "title", "title": GARBLED["Windows-1256 that was read as Latin-1"], "text": ""})
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["id", "title", "text"])
        table.writeheader()
        table.writerows(rows)
    (folder / "a.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), folder / "a.parquet")
    return [folder / name for name in ("a.csv", "a.jsonl", "a.parquet")]


def test_garbled_rows_are_set_aside_on_every_road(tmp_path: Path) -> None:
    good = [str(number) for number in range(0, 16, 2)]
    for path in _written(tmp_path):
        bad: list[BadRow] = []
        assert [row.article.id for row in Feed(path, on_bad=bad.append)] == good
        assert len(bad) == 9, path
        assert "; cure: " in bad[0].reason
        by_block: list[BadRow] = []
        feed = Feed(path, on_bad=by_block.append)
        ids: list[str] = []
        for _, items in feed.blocks_by_input():
            for item in items:
                ids += item.ids if isinstance(item, Block) else [item.article.id]
        assert ids == good, path
        assert by_block == bad


def test_frames_and_dicts_tell_of_a_garbled_text() -> None:
    rows = [{"text": ARABIC}, {"text": GARBLED["UTF-8 that was read as Windows-1256"]}]
    for given_rows in (rows, pa.Table.from_pylist(rows)):
        with pytest.warns(UserWarning, match="article 2: text is Arabic in UTF-8 that was read as Windows-1256"):
            assert len(cluster(given_rows)) == 2
        with pytest.raises(InputError, match="article 1: text is Arabic in UTF-8 that was read as Windows-1256"):
            cluster(given_rows[1:])
