"""Copy groups: clumps against one centre after the other, groups against their definition, and what they promise."""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest
import reference
from hypothesis import given, strategies as st

from clusterer.assignments import first_of_group
from clusterer.copies.grouping import DENSE, FORMULA, SHARE, Likeness, clump_centres, group_documents


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[tuple[int, int], float], int]:
    """Links with their strength, many of them equal, and the number of articles."""
    n = draw(st.integers(1, 14))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] < p[1])
    links = draw(st.dictionaries(pair, st.sampled_from([0.5, 0.6, 1.0]), max_size=30)) if n > 1 else {}
    return links, n


def centres(links: dict[tuple[int, int], float], n: int) -> list[int]:
    return clump_centres(
        np.array(list(links), dtype=np.int64).reshape(-1, 2), np.array(list(links.values())), n
    ).tolist()


def assert_linked(links: dict[tuple[int, int], float], found: list[int]) -> None:
    for member, centre in enumerate(found):
        assert found[centre] == centre
        assert member == centre or (min(member, centre), max(member, centre)) in links
    chosen = set(found)
    assert not any(a in chosen and b in chosen for a, b in links)  # two centres are never linked
    linked = {article for pair in links for article in pair}
    assert all(found[i] == i for i in range(len(found)) if i not in linked)


@given(graphs(), st.randoms(use_true_random=False))
def test_stars_are_those_of_the_sequential_greedy(graph: tuple, shuffle: random.Random) -> None:
    links, n = graph
    found = centres(links, n)
    assert found == reference.stars(links, n)
    assert_linked(links, found)
    turned = [((b, a) if shuffle.random() < 0.5 else (a, b), s) for (a, b), s in links.items()]
    shuffle.shuffle(turned)
    assert centres(dict(turned), n) == found


@pytest.mark.parametrize("n", [50, 400])
@pytest.mark.parametrize("degree", [0.5, 2, 8])
def test_larger_random_graphs(n: int, degree: float) -> None:
    source = random.Random(f"{n} {degree}")
    for _ in range(10):
        pairs = {tuple(sorted(source.sample(range(n), 2))) for _ in range(int(n * degree / 2))}
        links = {pair: source.choice([0.5, 0.7, 0.9]) for pair in pairs}
        found = centres(links, n)
        assert found == reference.stars(links, n)
        assert_linked(links, found)


def test_a_chain_of_a_thousand_is_cut_into_pieces() -> None:
    links = {(i, i + 1): 0.9 for i in range(999)}
    found = centres(links, 1000)
    assert_linked(links, found)
    assert max(found.count(c) for c in set(found)) <= 3
    assert found == reference.stars(links, 1000)


def test_a_star_and_a_clique_stay_whole() -> None:
    assert centres({(5, i): 0.5 for i in range(10) if i != 5}, 10) == [5] * 10
    assert centres({(i, j): 0.5 for i in range(9) for j in range(i + 1, 9)}, 10) == [0] * 9 + [9]


def test_a_member_stands_with_the_centre_it_is_most_alike() -> None:
    links = {(0, 1): 0.9, (0, 2): 0.9, (0, 3): 0.9, (0, 8): 0.6, (4, 5): 0.9, (4, 6): 0.9, (4, 7): 0.9, (4, 8): 0.7}
    assert centres(links, 9)[8] == 4
    links[(0, 8)] = 0.7
    assert centres(links, 9)[8] == 0


@pytest.mark.parametrize("n", [0, 1, 3])
def test_without_links_everyone_is_alone(n: int) -> None:
    assert centres({}, n) == list(range(n))


# --- groups

Pair = tuple[int, int]
JACCARD, CONTAINMENT = 0.43, 0.6


def likeness(measures: dict[Pair, tuple[float, float, str]]) -> Likeness:
    """Of pairs (lower number first) their Jaccard, containment, and whether they are a "copy", a "cut" or ""."""
    pairs = sorted(measures)
    values = [measures[pair] for pair in pairs]
    jaccard, containment = (np.array([value[i] for value in values], dtype=np.float64) for i in (0, 1))
    copies, cuts = (np.array([value[2] == kind for value in values], dtype=bool) for kind in ("copy", "cut"))
    return Likeness(np.array(pairs, dtype=np.int64).reshape(-1, 2), jaccard, containment, copies, cuts)


def groups(measures: dict[Pair, tuple[float, float, str]], n: int, crowd: int = 1 << 62) -> list[int]:
    return group_documents(likeness(measures), n, JACCARD, CONTAINMENT, crowd).tolist()


def slow_groups(measures: dict[Pair, tuple[float, float, str]], n: int) -> list[int]:
    """Clumps, average linkage of what is known between them, and every group joined to the one that it is a cut of."""
    dense = {pair: x for pair, (x, _, kind) in measures.items() if kind == "copy" and x >= DENSE}
    clumps: dict[int, list[int]] = {}
    for document, centre in enumerate(reference.stars(dense, n)):
        clumps.setdefault(centre, []).append(document)
    places = sorted(clumps)
    means: dict[Pair, float] = {}
    bound = set()
    for x, y in combinations(range(len(places)), 2):
        between = [measures[p] for p in measures if {*p} & {*clumps[places[x]]} and {*p} & {*clumps[places[y]]}]
        if between:
            means[x, y] = sum(value[0] for value in between) / len(between)
            if any(value[2] == "copy" for value in between):
                bound.add((x, y))
    sizes = [len(clumps[place]) for place in places]
    linked = reference.linked_on_average(means, len(places), SHARE * JACCARD, sizes, bound)
    cores: dict[int, list[int]] = {}
    for place, group in zip(places, linked, strict=True):
        cores.setdefault(group, []).extend(clumps[place])
    named = {min(members): sorted(members) for members in cores.values()}

    def shared(a: int, b: int) -> float:
        values = [measures[p][1] for p in measures if {*p} & {*named[a]} and {*p} & {*named[b]}]
        return sum(values) / (len(named[a]) * len(named[b]))

    home = {document: name for name, members in named.items() for document in members}
    sources: dict[int, set[int]] = {}
    for (longer, shorter), (_, _, kind) in measures.items():
        if kind == "cut" and home[longer] != home[shorter]:
            sources.setdefault(home[shorter], set()).add(home[longer])
    offers = []
    for cut, holders in sources.items():
        shares = {source: shared(cut, source) for source in holders}
        about_equal = [source for source in holders if shares[source] >= max(shares.values()) - 0.2]
        if len(about_equal) < FORMULA:
            offers += [(-shares[s], s, cut) for s in holders if shares[s] >= SHARE * CONTAINMENT]
    source_of: dict[int, int] = {}
    for _, source, cut in sorted(offers):
        others = [x for x, y in source_of.items() if y == source]
        is_end = cut not in source_of and source not in source_of and cut not in source_of.values()
        if is_end and all(shared(cut, other) > 0 for other in others):
            source_of[cut] = source
    joined: dict[int, list[int]] = {}
    for name, members in named.items():
        joined.setdefault(source_of.get(name, name), []).extend(members)
    return [next(min(m) for m in joined.values() if document in m) for document in range(n)]


def measured(source: random.Random, n: int) -> dict[Pair, tuple[float, float, str]]:
    """Random pairs of every kind: near, alike, all but equal, cut, speaking against."""
    out: dict[Pair, tuple[float, float, str]] = {}
    density = source.choice([0.3, 0.6, 0.9])
    kinds = source.choice(
        [["near", "copy", "copy", "dense", "cut", "cut", "against"], ["cut", "cut", "cut", "near", "dense"]]
    )
    for pair in combinations(range(n), 2):
        if source.random() > density:
            continue
        kind = source.choice(kinds)
        low, high = {"copy": (0.43, 0.9), "dense": (0.9, 1.0), "cut": (0.2, 0.43)}.get(kind, (0.05, 0.43))
        jaccard, containment = (
            source.uniform(low, high),
            source.uniform(0.6, 1) if kind == "cut" else source.uniform(0.4, 1),
        )
        if kind == "against":
            jaccard, containment = -0.25 * source.random(), -0.25 * source.random()
        out[pair] = jaccard, containment, {"dense": "copy", "near": "", "against": ""}.get(kind, kind)
    return out


@given(st.integers(0, 2**32), st.integers(1, 9))
def test_groups_are_those_of_the_definition(seed: int, n: int) -> None:
    measures = measured(random.Random(seed), n)
    found = groups(measures, n)
    assert found == slow_groups(measures, n)
    assert all(found[group] == group <= document for document, group in enumerate(found))


@given(st.integers(0, 2**32), st.integers(2, 8), st.integers(1, 8))
def test_what_is_linked_to_nothing_else_is_grouped_by_itself(seed: int, n: int, m: int) -> None:
    source = random.Random(seed)
    one, other = measured(source, n), measured(source, m)
    both = one | {(a + n, b + n): value for (a, b), value in other.items()}
    assert groups(both, n + m) == groups(one, n) + [n + group for group in groups(other, m)]


def sets(documents: list[set[int]]) -> dict[Pair, tuple[float, float, str]]:
    """What verification says of documents as sets, the longest first, all openings equal."""
    assert documents == sorted(documents, key=len, reverse=True)
    out: dict[Pair, tuple[float, float, str]] = {}
    for a, b in combinations(range(len(documents)), 2):
        x, y = documents[a], documents[b]
        jaccard, containment = reference.jaccard(x, y), reference.containment(x, y)
        if containment >= 0.4:
            cut = containment >= CONTAINMENT and len(y) <= 0.75 * len(x)
            out[a, b] = jaccard, containment, "copy" if jaccard >= JACCARD else "cut" if cut else ""
    return out


@pytest.mark.parametrize("seed", range(5))
def test_near_identical_texts_stand_together_whatever_lies_between(seed: int) -> None:
    """Fourteen papers and one statement: every paper changed a little, so that stars found two centres."""
    source = random.Random(seed)
    statement = set(range(400))
    papers = []
    for paper in range(14):
        gone = set(source.sample(range(400), source.randint(0, 20)))
        papers.append(statement - gone | {1000 * (paper + 1) + i for i in range(source.randint(0, 14))})
    papers.sort(key=len, reverse=True)
    measures = sets(papers)
    assert min(value[0] for value in measures.values()) > 0.8
    assert groups(measures, 14) == [0] * 14
    hub = {(a, b): value for (a, b), value in measures.items() if a < 4}  # as a large bucket proposes
    assert groups(hub, 14, crowd=8) == [0] * 14


def test_chains_fall_into_pieces() -> None:
    texts = [set(range(30 * i, 30 * i + 100)) for i in range(40)]
    measures = sets(texts)
    assert {round(value[0], 2) for (a, b), value in measures.items() if b == a + 1} == {0.54}
    found = groups(measures, 40)
    assert max(found.count(group) for group in set(found)) <= 3
    for group in set(found):
        inside = [document for document in range(40) if found[document] == group]
        assert len(set.intersection(*(texts[i] for i in inside))) > 0, "the ends of a piece share something"


def test_two_cuts_that_share_nothing_are_apart() -> None:
    whole, head, tail = set(range(300)), set(range(100)), set(range(150, 250))
    found = groups(sets([whole, head, tail]), 3)
    assert found == [0, 0, 2]
    overlapping = groups(sets([whole, head, set(range(60, 160))]), 3)
    assert overlapping == [0, 0, 0]


def test_a_cut_carries_no_likeness_on() -> None:
    longest, middle, short = set(range(1000)), set(range(300)), set(range(90))
    assert groups(sets([longest, middle, short]), 3) == [0, 0, 0]  # each is a cut of the longest
    roundup, article = set(range(1000)), set(range(270)) | set(range(2000, 2030))
    brief = set(range(2000, 2030)) | set(range(3000, 3015))
    found = groups(sets([roundup, article, brief]), 3)
    assert found == [0, 0, 2], "the brief is a cut of the article, and the article went to the roundup"
    assert groups(sets([article, brief]), 2) == [0, 0]


@pytest.mark.parametrize("holders", [1, 2, 3, 4, 50])
def test_a_formula_joins_nobody(holders: int) -> None:
    formula = set(range(16))
    sermons = [formula | set(range(1000 * i, 1000 * i + 284)) for i in range(1, holders + 1)]
    found = groups(sets([*sermons, formula]), holders + 1)
    expected = list(range(holders + 1))
    if holders < FORMULA:
        expected[-1] = 0
    assert found == expected


def test_a_text_that_one_holds_best_by_far_is_no_formula() -> None:
    cuts = {(source, 4): (0.2, share, "cut") for source, share in enumerate((0.95, 0.8, 0.78, 0.76))}
    assert groups(cuts, 5) == [0, 1, 2, 3, 4], "held about equally by four"
    cuts[0, 4] = (0.2, 0.97, "cut")
    assert groups(cuts, 5) == [0, 1, 2, 3, 0], "the fourth is behind by more than a fifth"


def test_what_speaks_against_keeps_forms_apart() -> None:
    """Two days of a form, each in two papers: what the days share is held against them."""
    form = {(0, 1): (0.95, 0.97, "copy"), (2, 3): (0.95, 0.97, "copy")}
    days = dict.fromkeys(((0, 2), (0, 3), (1, 2)), (-0.25 * 0.9, -0.25 * 0.9, ""))
    assert groups(form | days | {(1, 3): (0.9, 0.95, "copy")}, 4) == [0, 0, 2, 2]
    assert groups(form | {(1, 3): (0.89, 0.95, "copy"), (0, 2): (0.89, 0.9, "copy")}, 4) == [0, 0, 0, 0]


def test_in_a_crowd_clumps_are_as_wide_as_copies() -> None:
    """Only pairs with the hub are there: by what is known all are copies of it."""
    star = {(0, i): (0.6, 0.8, "copy") for i in range(1, 30)}
    assert groups(star, 30) != [0] * 30
    assert groups(star, 30, crowd=20) == [0] * 30
    assert groups(star | {(30, 31): (0.5, 0.7, "copy")}, 32, crowd=20) == [0] * 30 + [30, 30]


@given(st.lists(st.integers(0, 4), max_size=12), st.randoms(use_true_random=False))
def test_first_of_group_is_the_first_in_the_order(labels: list[int], shuffle: random.Random) -> None:
    numbers = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    groups = [numbers[label] for label in labels]
    order = list(range(len(labels)))
    shuffle.shuffle(order)
    found = first_of_group(np.array(groups, dtype=np.int64), np.array(order, dtype=np.int64)).tolist()
    assert found == [next(i for i in order if groups[i] == g) for g in range(len(numbers))]
