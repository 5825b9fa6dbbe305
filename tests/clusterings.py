"""Feeds whose articles stand in every relation, and what is read off a clustering of them."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from made import word, words_of

from clusterer import Article, Clustering, Settings

DAY = datetime(2015, 7, 21, tzinfo=UTC)


def latest(date: datetime) -> datetime:
    """What a date may stand for at the latest: midnight to the second is a day without an hour."""
    return date + timedelta(days=1, seconds=-1) if (date - DAY) % timedelta(days=1) == timedelta() else date


def by_id(clustering: Clustering) -> dict[str, dict]:
    found = {a.id: a.as_dict() for a in clustering}
    assert len(found) == len(clustering)
    return found


def groups(clustering: Clustering, level: str = "copy") -> set[frozenset[str]]:
    return {frozenset(members) for members in clustering.groups(level).values()}


def ids_together(clustering: Clustering) -> set[frozenset[str]]:
    return {members for members in groups(clustering) if len(members) > 1}


def edited(text_words: list[str], share: float, source: random.Random) -> list[str]:
    """A copy with that share of its words replaced."""
    out = list(text_words)
    for i in source.sample(range(len(out)), round(share * len(out))):
        out[i] = word(source)
    return out


def a_feed(seed: int = 0, stories: int = 40) -> list[Article]:
    """Articles of every relation: exact copies, edited ones, cuts, extensions, strangers, tiny and empty ones."""
    source = random.Random(f"feed {seed}")
    out: list[Article] = []
    for story in range(stories):
        base = words_of(f"{seed} {story}", source.randint(60, 260))
        for version in range(source.choice([1, 1, 2, 3, 6])):
            kind = source.choice(["exact", "edited", "cut", "longer"]) if version else "exact"
            body = {
                "exact": lambda b=base: b,
                "edited": lambda b=base: edited(b, source.choice([0.02, 0.05, 0.1]), source),
                "cut": lambda b=base: b[: max(20, len(b) // 4)],
                "longer": lambda b=base: b + [word(source) for _ in range(20)],
            }[kind]()
            when = DAY + timedelta(hours=source.randint(0, 60)) if source.random() < 0.9 else None
            outlet = source.choice(["سبق", "الرياض", "واس", ""])
            out.append(Article(" ".join(body), f"{story:03}-{version}", "عنوان", outlet, "", when))
    out += [
        Article(text, f"tiny-{i}", date=DAY)
        for i, text in enumerate(["", "", "خبر", "خبر", "  \n", "عاجل الآن جدا", "عاجل الآن جدا"])
    ]
    source.shuffle(out)
    return out


FEED = a_feed()


PLAIN = Settings(boilerplate="none")


def with_noise(seed: int) -> list[Article]:
    """A feed with footers to be learned and ids that repeat."""
    footer = "تابع أخبار الصحيفة على منصات التواصل وشارك أصدقاءك ما يعجبك منها"
    articles = a_feed(seed, 25)
    articles = [replace(a, text=f"{a.text}\n{footer}") if a.source == "سبق" else a for a in articles]
    again = [replace(a, source="واس") for a in articles[:5]] + [replace(a, date=None) for a in articles[5:8]]
    return [*articles, *again, *articles[10:12]]
