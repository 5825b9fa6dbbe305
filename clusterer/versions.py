"""Versions: articles of one URL are one article that was changed; the latest is grouped, earlier ones go where it went.

Only where the caller asks for it (`--unique-url`). An update is no second report, whatever of its text is left: earlier versions
are not compared with anything. Each still has its line: the copy group and the story of the latest one, relation "version", or
"exact" where both have the same text.

Array letters: `n` articles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from unicodedata import normalize
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import numpy as np

from clusterer.articles import Article, free_ids, name_of, seconds
from clusterer.errors import CHANGED, InputError
from clusterer.results import Assignment, Clustering, group_counts
from clusterer.stories.features import end_of_day

_CACHED = re.compile(r"^/(?:amp|[cv])/(?:s/)?(?=[\w-]+\.)")  # of Google's copies of AMP pages: /c/s/example.org/news/1
_CACHES = re.compile(r"(?:^|\.)cdn\.ampproject\.org$|^google\.[a-z.]+$")
_HOST = re.compile(r"^(?:(?:www\d?|m|mobile|amp)\.)+(?=[^.]+\.)")
_PAGE = re.compile(r"(?:/amp|/amp\.html|/index\.(?:html?|php|aspx?)|/)+$|(?:\.amp|[-_]amp)(?=(?:\.html?)?$)", re.I)
_MAY_END = re.compile(r"(?:amp|/index\.\w+)(?:\.html?)?$", re.I)  # what `_PAGE` cuts, slashes aside
_TRACKING = re.compile(
    r"utm_.*|at_.*|ns_.*|mc_[ce]id|[a-z]{0,4}cl(?:id|kid)|fbclid|igshid?|ref|ref_?src|referr?er|spm|xtor|ocid|ncid|cmpid|s_cid|"
    r"_ga|_gl|wt_mc|__twitter_impression|amp|outputtype|feature|share|shared|from_?rss|cmp|mkt_tok|trk|si",
    re.I,
)


def url_key(url: str) -> str:
    """A URL without what does not tell which article it is; "" for none, and for the front page of a site.

    Without scheme, `www.`, `m.` and `amp.`, AMP's endings and caches, tracking parameters, the order of parameters,
    a trailing slash and the fragment; letters as themselves instead of %-escapes.

    >>> url_key("http://www.example.org/news/1/amp/?utm_source=x&id=7#top"), url_key("https://example.org/news/1?id=7")
    ('example.org/news/1?id=7', 'example.org/news/1?id=7')
    >>> url_key("https://example.org/?utm_source=x")
    ''
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if not host:
        return url_key(f"//{url.strip()}") if re.match(r"[\w-]+(?:\.[\w-]+)+/", url.strip()) else ""
    path = parts.path
    if _CACHES.search(_HOST.sub("", host)) and (inner := _CACHED.sub("", path)) != path:
        return url_key(f"//{inner}?{parts.query}")
    path = unquote(path) if "%" in path else path
    path = re.sub(r"/{2,}", "/", path) if "//" in path else path
    # Most paths have nothing to cut: expressions are asked where they may.
    path = normalize("NFC", _PAGE.sub("", path) if path[-1:] == "/" or _MAY_END.search(path) else path)
    query = ""
    if parts.query:
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = urlencode(sorted(pair for pair in pairs if not _TRACKING.fullmatch(pair[0])))
    route = f"#{parts.fragment}" if parts.fragment[:1] in ("!", "/") else ""  # a page that its own program chooses
    host = _HOST.sub("", host) + (f":{port}" if port not in (None, 80, 443) else "")
    return f"{host}{path}{f'?{query}' if query else ''}{route}" if path or query or route else ""


@dataclass(slots=True)
class Versions:
    """Which of n articles are earlier versions of which.

    Attributes:
        latest: for every article the place of the latest version of it, from 0; its own place for most.
        dates: of every article, seconds since 1970, +inf where unknown; a day alone counts as its end.
        has_urls: whether any article has a URL.
        texts: of articles that have several versions, by place: name, text and outlet; known once `grouped` was walked.
    """

    latest: list[int]
    dates: list[float]
    has_urls: bool
    texts: dict[int, tuple[str, str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, articles: Iterable[Article]) -> Versions:
        """Read articles once; only URLs and dates are kept.

        The latest is the one with the latest date, of undated ones the last that was read, of one date the longest.
        """
        best: dict[str, int] = {}
        keys, orders, dates = [], [], []
        for place, article in enumerate(articles):
            keys.append(url_key(article.url) if article.url else "")
            dates.append(seconds(article.date))
            orders.append(
                (0.0, place, "") if article.date is None else (dates[-1], len(article.text), article.text[:200])
            )
            if keys[-1] and orders[best.setdefault(keys[-1], place)] < orders[-1]:
                best[keys[-1]] = place
        return cls([best.get(key, place) for place, key in enumerate(keys)], dates, bool(best))

    @property
    def count(self) -> int:
        """How many articles are earlier versions."""
        return sum(latest != place for place, latest in enumerate(self.latest))

    @property
    def places(self) -> list[int]:
        """The places of articles that are grouped, in order: the latest of each URL, and all without one."""
        return [place for place, latest in enumerate(self.latest) if latest == place]

    def grouped(self, articles: Iterable[Article], start: int = 0) -> Iterator[Article]:
        """The articles that are grouped, of the same ones that `of` has read.

        Args:
            articles: all of them, or some in succession.
            start: the place of the first.

        Raises:
            InputError: there are more than `of` has read.
        """
        several = {latest for place, latest in enumerate(self.latest) if latest != place}
        for place, article in enumerate(articles, start):
            if place >= len(self.latest):
                raise InputError(CHANGED)
            if self.latest[place] in several:
                self.texts[place] = name_of(article), article.text, article.outlet
            if self.latest[place] == place:
                yield article

    def complete(self, clustering: Clustering) -> Clustering:
        """The result of all articles: that of the latest versions, and each earlier one beside its latest."""
        by_place = dict(zip(self.places, clustering.assignments, strict=True))
        place_of_id = {assignment.id: place for place, assignment in by_place.items()}
        taken = set(place_of_id)
        again = {self.places[place] for place in clustering.again}
        seen = {latest: {self._reading(latest)} for latest in self.texts if self.latest[latest] == latest}
        for place, latest in enumerate(self.latest):
            if place == latest:
                continue
            (name, text, _), to = self.texts[place], by_place[latest]
            if (reading := self._reading(place)) in seen[latest] and reading[0] and np.isfinite(reading[1]):
                again.add(place)
            seen[latest].add(reading)
            is_same = text.split() == self.texts[latest][1].split()
            name = next(free_ids(name, taken.__contains__)) if name in taken else name
            taken.add(name)
            place_of_id[name] = place
            by_place[place] = Assignment(
                name,
                to.story,
                to.copy,
                to.exact if is_same else name,
                False,
                to.id,
                "exact" if is_same else "version",
                1.0,
            )
        found = [by_place[place] for place in range(len(self.latest))]
        names = [self._names(found, place_of_id, attrgetter(level)) for level in ("story", "copy", "exact")]
        renamed = tuple(
            a._replace(story=names[0][a.story], copy=names[1][a.copy], exact=names[2][a.exact]) for a in found
        )
        follows = {names[0].get(story, story): names[0].get(to, to) for story, to in clustering.follows.items()}
        stats = {**clustering.stats, "articles": len(found), "articles read before": len(again)}
        once = [assignment for place, assignment in enumerate(renamed) if place not in again]
        for name, level in (("copy group", "copy"), ("story", "story")):
            told = group_counts(name, Counter(getattr(assignment, level) for assignment in once).values())
            stats |= {key: value for key, value in told.items() if key in stats}
        stats["earlier versions of a URL"] = self.count - (len(again) - len(clustering.again))
        return replace(clustering, assignments=renamed, stats=stats, follows=follows, again=frozenset(again))

    def _reading(self, place: int) -> tuple[str, float, str]:
        """What two readings of one article, of one URL, have in common: outlet, date and text."""
        _, text, outlet = self.texts[place]
        return outlet, self.dates[place], text

    def _names(
        self, found: list[Assignment], place_of_id: dict[str, int], level: Callable[[Assignment], str]
    ) -> dict[str, str]:
        """Old names of groups to new ones: that of the earliest member, which may be an earlier version."""
        days = end_of_day(np.array(self.dates)).tolist()

        def age(place: int) -> tuple[float, int, str]:  # of one time by name; where no date is known, by the input
            return days[place], place if np.isinf(days[place]) else 0, found[place].id

        earliest: dict[str, int] = {}
        for place, assignment in enumerate(found):
            best = earliest.setdefault(level(assignment), place_of_id[level(assignment)])
            if self.latest[place] != place and age(place) < age(best):
                earliest[level(assignment)] = place
        return {label: found[place].id for label, place in earliest.items()}
