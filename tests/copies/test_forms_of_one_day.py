"""Two outlets' reports of one day in one form are two pieces of news; a reprint with small edits is a copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from one_day_forms import FORMS, fillings, reprints

from clusterer import Article, Settings, cluster
from clusterer.deduplication import dedup
from clusterer.settings import PRESETS

COPIES = Settings(level="copy")
DAY = datetime(2025, 3, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("date", [DAY, None], ids=["one day", "undated"])
@pytest.mark.parametrize(
    "outlets", [("الأيام", "الصباح"), ("الأيام", "الأيام"), ("", "")], ids=["two", "one", "unknown"]
)
def test_no_report_that_names_others_is_removed(outlets: tuple[str, str], date: datetime | None) -> None:
    removed, total = [], 0
    for name, *texts in fillings(4):
        articles = [Article(text, str(i), "", outlets[i], "", date) for i, text in enumerate(texts)]
        removed += [(name, *texts)] * len(dedup(articles, COPIES).removed)
        total += 1
    assert total == 4 * len(FORMS) == 40
    assert removed == []


def test_reports_that_name_others_are_series_for_the_most_part() -> None:
    found = [cluster([Article(a), Article(b)], COPIES).stats["copy groups"] == 2 for _, a, b in fillings(4)]
    assert sum(found) >= 0.95 * len(found)


@pytest.mark.parametrize("outlets", [("الأيام", "الصباح"), ("", "")], ids=["two", "unknown"])
def test_reprints_are_copies_and_one_is_kept(outlets: tuple[str, str]) -> None:
    for name, *texts in reprints(4):
        articles = [Article(text, str(i), "", outlets[i], "", DAY) for i, text in enumerate(texts)]
        assert cluster(articles, COPIES).stats["copy groups"] == 1, (name, texts)
        assert len(dedup(articles, COPIES).kept_ids) == 1, (name, texts)


BACKGROUND = (
    "وكان مجلس النواب قد ناقش الموضوع مرتين في الشهر الماضي ثم أحاله إلى لجنة خاصة يرأسها قاض متقاعد واستمعت هذه إلى شهود من"
    " ست دول عربية وكتبت عنه صفحات كثيرة لم يطلع عليها أحد حتى الآن وقد جرت العادة أن يعرض مثل هذا على الناس قبل نهاية العام"
    " وأن يقول كل من أراد رأيه فيه كتابة ثم يعود إلى حيث بدأ أول مرة فيقر أو يعاد من جديد"
)
SENTENCES = [
    ("أعلنت إدارة الميناء أنها {} سفن الشحن بسبب الرياح على السواحل الجنوبية", "لن تستقبل", "ستستقبل", "لن تستقبل"),
    ("قررت وزارة التربية أن نتائج الشهادة الثانوية {} هذا الأسبوع بعد أن أنهت اللجان رصد الدرجات", "لا تعلن", "تعلن", "لا تُعلن"),
    ("وصف تقرير ديوان المحاسبة قرار البلدية بيع الأرض بأنه {} وطالب بعرضه على المجلس", "غير قانوني", "قانوني", "غير قانونيّ"),
    ("جاءت مبيعات السيارات في الربع الثالث {} من توقعات المحللين", "أفضل", "أسوأ", "افضل"),
    ("قال مدرب الفريق إن فريقه {} المباراة بعد أن التزم اللاعبون بما طلب منهم", "ربح", "خسر", "رَبِح"),
    ("قالت المحكمة الإدارية في حكمها إن النقابة {} العمل بالاتفاق الموقع مع أصحاب المصانع", "استأنفت", "علقت", "إستأنفت"),
    ("ذكرت الصحيفة أن أرباح شركة {} كبرت بفضل الطلب على خدماتها في الأسواق المجاورة", "الاتصالات", "التأمين", "الإتصالات"),
    ("أقر مجلس الإدارة في بنك {} توزيع أسهم مجانية على المساهمين بعد موافقة الجهات الرقابية", "الإسكان", "الخليج", "الاسكان"),
    ("أعلنت جامعة {} فتح باب القبول في كليات الطب والهندسة للعام الدراسي المقبل عبر موقعها", "العلوم", "النهرين", "العُلوم"),
    ("قال المتحدث باسم وزارة {} إن اللجنة المشتركة تعقد اجتماعها الأول في العاصمة غدا", "المالية", "الصحة", "الماليه"),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "said", "other", "respelt"), SENTENCES)
@pytest.mark.parametrize("background", [False, True], ids=["short", "long"])
def test_what_says_the_opposite_or_names_another_body_stays_and_what_is_respelt_goes(
    frame: str, said: str, other: str, respelt: str, background: bool
) -> None:
    told = BACKGROUND if background else ""
    texts = [f"{frame.format(words)} {told}" for words in (said, other, respelt)]
    for outlets in (("الأيام", "الأيام"), ("الأيام", "الصباح")):
        pair = [
            [Article(text, str(i), "", outlets[i], "", DAY) for i, text in enumerate((texts[0], t))] for t in texts[1:]
        ]
        for settings in (COPIES, replace(COPIES, **PRESETS["strict"])):
            assert len(dedup(pair[0], settings).kept_ids) == 2, settings
        assert len(dedup(pair[1], COPIES).kept_ids) == 1


@pytest.mark.parametrize("outlets", [("وكالة", "وكالة"), ("وكالة", "صحيفة")])
@pytest.mark.parametrize("hours", [1, 8, 11, 14, 17])
def test_a_toll_that_grows_is_one_report(outlets: tuple[str, str], hours: int) -> None:
    said = (
        "أعلنت وزارة الصحة أن حصيلة ضحايا الزلزال الذي ضرب المدينة ارتفعت إلى {} قتيلا و {} جريحا و {} مفقودا وقالت إن فرق"
        " الإنقاذ تواصل البحث عن ناجين تحت أنقاض {} مبنى وإن المستشفيات استقبلت المصابين من القرى القريبة"
    )
    start = datetime(2025, 3, 3, 14, tzinfo=UTC)
    articles = [
        Article(said.format(*counts), id=str(i), source=outlets[i], date=start + timedelta(hours=i * hours))
        for i, counts in enumerate([(11, 42, 7, 15), (19, 66, 5, 23)])
    ]
    assert len({a.copy for a in cluster(articles, Settings(level="copy"))}) == 1
