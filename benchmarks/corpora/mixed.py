"""Documents of six kinds, with near-duplicates at every similarity: what a corpus for training looks like, made from a seed.

News of `generator`; verses, law and product pages from forms and small vocabularies of ours; code and English prose from files
that come with every Python (so these differ a little between versions); sentences in other scripts. A third of all documents
are edited versions of another one, from a word that was changed to half of all words.
"""

from __future__ import annotations

import ast
import importlib.util
import random
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.corpora import generator
from clusterer import Article

NEAR = 1 / 3  # share of documents that are edited versions
_LONGEST = 400  # words of a document

_POETIC = (
    "الليل القلب الهوى الدهر العين الدمع الشوق الوصل البين الربع الديار الحبيب الفؤاد الصبر الموت المجد السيف الخيل"
    " البيداء القرطاس القلم الكرام العلا الندى الجود الردى الغمام البدر الشمس النجم السماء الأرض الريح الصبا الورد"
    " الغصن الحمام الدجى الفجر السحر الكأس النديم الراح العتاب اللقاء الفراق الذكرى السنين الشباب المشيب"
)
_JOINTS = "يا في من على عن إلى قد ما لا إن أن كم هل حتى إذا لم لو كأن ولا وما وقد فلا بعد قبل عند مثل غير كل بين فوق"
_CLAUSES = (
    "تسري أحكام هذا النظام على {who} المرخص لهم في المملكة وفقا للشروط التي تحددها اللائحة التنفيذية",
    "لا يجوز {who} أن يزاول النشاط قبل الحصول على ترخيص من الجهة المختصة، وتكون مدة الترخيص {n} سنوات قابلة للتجديد",
    "مع عدم الإخلال بأي عقوبة أشد ينص عليها نظام آخر يعاقب بغرامة لا تزيد على {n} ريال كل من خالف حكم المادة {n} من هذا النظام",
    "يقدم {who} إلى الوزارة تقريرا سنويا خلال {n} يوما من انتهاء السنة المالية متضمنا البيانات المنصوص عليها في المادة {n}",
    "تختص المحكمة {court} بالنظر في المنازعات الناشئة عن تطبيق أحكام هذا النظام ويجوز الاعتراض على أحكامها خلال {n} يوما",
    "ينشر هذا النظام في الجريدة الرسمية ويعمل به بعد {n} يوما من تاريخ نشره ويلغي كل ما يتعارض معه من أحكام",
    "على {who} أن يحتفظ بالسجلات والمستندات مدة لا تقل عن {n} سنوات من تاريخ انتهاء العلاقة مع العميل",
    "يقصد بالألفاظ والعبارات الآتية أينما وردت في هذا النظام المعاني المبينة أمامها ما لم يقتض السياق خلاف ذلك",
    "للوزير أن يفوض من يراه من {who} ببعض صلاحياته المنصوص عليها في المواد {n} و{n} من هذا النظام",
    "يعد باطلا كل شرط يخالف أحكام هذا النظام ما لم يكن أكثر فائدة {who} ولا يترتب عليه الإضرار بالغير",
)
_WHO = "الموظفين العمال المستثمرين الوسطاء الشركات البنوك المقاولين المستأجرين الملاك الناقلين المستوردين الموردين"
_COURTS = "الإدارية التجارية العمالية العامة الجزائية"
_GOODS = "هاتف قميص حذاء حقيبة ساعة كرسي مصباح ثلاجة سماعة طاولة عطر معطف لوحة كاميرا دراجة خلاط مكنسة شاشة"
_COLOURS = "أحمر أزرق أخضر بني أسود أبيض رمادي ذهبي فضي وردي"
_PAGE = (
    "{what} {colour} بسعر {n} ريال سعودي. شحن مجاني للطلبات فوق {n} ريال. الإرجاع خلال {n} يوما من تاريخ الاستلام بشرط أن يكون"
    " المنتج بحالته الأصلية وفي عبوته الأصلية. الدفع عند الاستلام متاح في جميع مدن المملكة. رقم الموديل {n} {n}. ضمان {n}"
    " سنة من الوكيل المعتمد. الكمية المتوفرة {n} قطعة. {words}"
)
_SCRIPTS = {
    "el": "αβγδεζηθικλμνξοπρστυφχψω",
    "ru": "абвгдежзиклмнопрстуфхцчшщыэюя",
    "fa": "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی",
    "ko": "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허",
    "tr": "abcçdefgğhıijklmnoöprsştuüvyz",
}


def mixed(count: int = 13_000, seed: int = 1) -> list[Article]:
    """`count` documents in a random order, their kind at the head of their ids."""
    rng = random.Random(seed)
    shares = {"news": 0.35, "verse": 0.12, "law": 0.12, "product": 0.15, "code": 0.13, "other": 0.13}
    out: list[Article] = []
    for kind, share in shares.items():
        wanted = round(count * share)
        originals = _KINDS[kind](rng, wanted - round(wanted * NEAR))
        texts = list(originals)
        while len(texts) < wanted:  # versions of versions, too
            texts.append(edited(rng.choice(texts[rng.choice((0, len(originals) // 2, -200)) :]), rng))
        out += [Article(text, f"{kind}-{i}") for i, text in enumerate(texts)]
    rng.shuffle(out)
    return out


def edited(text: str, rng: random.Random) -> str:
    """A text with some words changed, left out or put in, at random places or in one stretch; lines stay."""
    words = text.split(" ")
    share = rng.choice((0.002, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.25, 0.5))
    places = range(len(words))
    if rng.random() < 0.3:  # one stretch, such as a paragraph
        start = rng.randrange(len(words))
        places = range(start, min(len(words), start + max(1, round(4 * share * len(words)))))
    chosen = set(rng.sample(places, min(len(places), max(1, round(share * len(words))))))
    out: list[str] = []
    for place, word in enumerate(words):
        turn = rng.random() if place in chosen else 1.0
        if turn >= 0.25:
            out.append(word if turn == 1.0 else rng.choice(words) if turn < 0.5 else _word(rng))
        if turn < 0.1:
            out.append(_word(rng))
    return " ".join(out)


def _word(rng: random.Random, letters: str = generator.LETTERS) -> str:
    return "".join(rng.choices(letters, k=rng.randint(2, 7)))


def _news(rng: random.Random, count: int) -> list[str]:
    return [row["content"] for row in generator.feed(count, rng.randrange(2**31))]


def _verses(rng: random.Random, count: int) -> list[str]:
    joints, poetic = _JOINTS.split(), _POETIC.split()

    def half() -> str:
        return " ".join(rng.choice(joints if i % 2 else poetic) for i in range(rng.randint(4, 6)))

    return ["\n".join(f"{half()} ... {half()}" for _ in range(rng.randint(1, 14))) for _ in range(count)]


def _law(rng: random.Random, count: int) -> list[str]:
    def clause() -> str:
        return _filled(rng.choice(_CLAUSES), rng)

    return [
        "\n".join(f"المادة {start + i}: {clause()}." for i in range(rng.randint(1, 6)))
        for start in (rng.randint(1, 220) for _ in range(count))
    ]


def _products(rng: random.Random, count: int) -> list[str]:
    return [_filled(_PAGE, rng) for _ in range(count)]


def _filled(form: str, rng: random.Random) -> str:
    slots: dict[str, Callable[[], str]] = {
        "n": lambda: str(rng.choice((rng.randint(2, 30), rng.randint(100, 9_000)))),
        "who": lambda: rng.choice(_WHO.split()),
        "court": lambda: rng.choice(_COURTS.split()),
        "what": lambda: rng.choice(_GOODS.split()),
        "colour": lambda: rng.choice(_COLOURS.split()),
        "words": lambda: " ".join(_word(rng) for _ in range(rng.choice((0, 4, 12, 30)))),
    }
    head, *parts = form.split("{")
    return head + "".join(slots[slot]() + rest for slot, _, rest in (part.partition("}") for part in parts))


def _code(rng: random.Random, count: int) -> list[str]:
    """Functions and classes of the standard library."""
    found: list[str] = []
    paths = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    for path in paths:
        source = path.read_text("utf-8", "replace")
        try:
            nodes = list(ast.walk(ast.parse(source)))
        except SyntaxError:
            continue
        lines = source.splitlines()
        parts = (n for n in nodes if isinstance(n, ast.FunctionDef) and n.end_lineno and n.end_lineno - n.lineno > 4)
        found += ["\n".join(lines[n.lineno - 1 : n.end_lineno][:80]) for n in parts]
    return rng.sample(found, min(count, len(found)))


def _other(rng: random.Random, count: int) -> list[str]:
    """English paragraphs, then invented words of other scripts by Zipf's law."""
    english = list(_paragraphs())
    texts = rng.sample(english, min(count // 3, len(english)))
    scripts = [(letters, [_word(rng, letters) for _ in range(4_000)]) for letters in _SCRIPTS.values()]
    while len(texts) < count:
        _, vocabulary = rng.choice(scripts)
        length = rng.randint(15, 200)
        texts.append(" ".join(vocabulary[int(len(vocabulary) * rng.random() ** 3)] for _ in range(length)))
    return texts


def _paragraphs() -> Iterator[str]:
    spec = importlib.util.find_spec("pydoc_data.topics")
    source = Path(spec.origin).read_text("utf-8") if spec and spec.origin else ""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for paragraph in node.value.split("\n\n"):
                words = paragraph.split()
                if len(words) > 14:
                    yield " ".join(words[:_LONGEST])


_KINDS: dict[str, Callable[[random.Random, int], list[str]]] = {
    "news": _news, "verse": _verses, "law": _law, "product": _products, "code": _code, "other": _other,
}  # fmt: skip
