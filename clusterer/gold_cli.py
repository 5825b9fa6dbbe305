"""`clusterer evaluate`, `tune` and `label`: a result against gold, settings that fit gold, gold of one's own.

Parse, call the library, show. What is shown is made as plain data first, then printed, or rendered as a page.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, BinaryIO

import click
import orjson

from clusterer.corpus import content_id
from clusterer.errors import InputError, OutputError
from clusterer.evaluate import (
    PairScores,
    Scores,
    evaluate,
    evaluate_pairs,
    link_strength,
    mistakes,
    worst_first,
)
from clusterer.files import Feed
from clusterer.gold import Gold, Judged, Ours, read_gold, read_result
from clusterer.options import (
    Run,
    input_options,
    keep_apart,
    progress_shown,
    settings_file,
    settings_of,
    settings_options,
)
from clusterer.output import appended, atomic_output
from clusterer.records import Article, Level
from clusterer.settings import Settings
from clusterer.telling import Questions, Telling
from clusterer.tuning import COPY_AXES, Tried, Tuning, figures, tune

_html = click.option("--html", metavar="FILE", type=click.Path(dir_okay=False), help="also write a page that shows it")
_label = click.option(
    "--label", metavar="NAME", help="gold field that holds the label; else copy or dup, event or story"
)
_doubtful = click.option("--all", "with_doubtful", is_flag=True, help="count what the gold file marks as doubtful, too")


# --- evaluate ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Error:
    """What went wrong: a group, or a judged pair.

    Attributes:
        kind: in words.
        parts: the articles, those that belong together in one part; for pairs one in each.
    """

    kind: str
    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """A result held against gold at one level: what is said of it, and what went wrong, the worst first."""

    level: Level
    said: str
    scores: Scores | PairScores
    errors: tuple[_Error, ...]

    @property
    def rows(self) -> list[tuple[str, float | None, float | None, float]]:
        """Name, precision, recall and F1, or the figure alone."""
        s = self.scores
        if isinstance(s, PairScores):
            return [("pairs", s.precision, s.recall, s.f1), ("accuracy", None, None, s.accuracy)]
        return [
            ("B-cubed", s.bcubed_precision, s.bcubed_recall, s.bcubed_f1),
            ("pairs", s.pair_precision, s.pair_recall, s.pair_f1),
            ("V-measure", s.homogeneity, s.completeness, s.v_measure),
            ("ARI", None, None, s.ari),
        ]


@click.command("evaluate")
@click.argument("result", type=click.Path(exists=True, dir_okay=False))
@click.argument("gold", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--level",
    type=click.Choice(["exact", "copy", "story"]),
    help="which of our ids to hold against gold; else all it has",
)
@_label
@_doubtful
@click.option("--errors", type=click.IntRange(0), default=10, show_default=True, help="wrong groups or pairs to list")
@click.option(
    "--feed",
    "feed",
    type=click.Path(exists=True),
    help="the articles, to list what is wrong with source, date and title",
)
@_html
def evaluate_command(
    result: str,
    gold: str,
    level: Level | None,
    label: str | None,
    with_doubtful: bool,
    errors: int,
    feed: str | None,
    html: str | None,
) -> None:
    """Hold RESULT (written by `cluster` or `index export`) against GOLD: JSON lines or CSV with id and a label a level
    (event, copy), or judged pairs with a, b, same, and level where it is not story.

    Only articles that GOLD names count. Prints B-cubed and pairwise scores, V-measure (homogeneity, completeness) and the
    adjusted Rand index, then the groups that were merged or split wrongly, the worst first. Of judged pairs precision,
    recall, F1 and accuracy, then the pairs decided wrongly, the surest first.

    Example: clusterer evaluate clusters.jsonl data/gold.jsonl --feed data/feed.jsonl
    """
    keep_apart([html], [result, gold])
    says = read_gold(gold, label=label, level=level, with_doubtful=with_doubtful)
    held = _held(read_result(result, (level,) if level else says.levels), result, says, level, errors)
    known = _shown_articles(feed, held) if feed else {}
    for i, one in enumerate(held):
        if i:
            click.echo()
        _print_held(one, known)
    if html:
        from clusterer.pages import render

        page = render("evaluate.html", result=result, gold=gold, held=held, known=known, feed=feed, most=errors)
        _write_page(html, page)


def _held(ours: Mapping[str, Ours], result: str, gold: Gold, level: Level | None, most: int) -> list[_Held]:
    found = []
    for one in (level,) if level else gold.levels:
        labels = gold.labels.get(one) or (gold.labels.get("copy") if one == "exact" else None)
        if labels:
            found.append(_held_labels(ours, result, gold, one, labels, most))
        elif answers := gold.answers(one):
            found.append(_held_pairs(ours, result, gold, one, answers, most))
        else:
            said = ", ".join(gold.levels) or "nothing that can be counted"
            raise InputError(
                f"{gold.name}: says nothing of level {one}; it says of {said}; cure: --level or --label NAME"
            )
    if not found:
        raise InputError(f"{gold.name}: no answer that counts; cure: pairs whose same is true or false")
    return found


def _held_labels(
    ours: Mapping[str, Ours], result: str, gold: Gold, level: Level, labels: Mapping[str, str | int | float], most: int
) -> _Held:
    names = [gold.place(name, ours, result) for name in labels]
    found, wanted = [getattr(ours[name], level) for name in names], list(labels.values())
    said = f"{level}: {len(names):,} articles, {len(set(found)):,} groups, {len(set(wanted)):,} in gold"
    errors = [
        _Error(f"{m.kind}, {m.pairs} wrong pairs", tuple(tuple(names[i] for i in part) for part in m.parts))
        for m in mistakes(found, wanted)[:most]
    ]
    return _Held(level, said, evaluate(found, wanted), tuple(errors))


def _held_pairs(
    ours: Mapping[str, Ours], result: str, gold: Gold, level: Level, answers: Sequence[Judged], most: int
) -> _Held:
    names = [tuple(gold.place(name, ours, result) for name in (p.a, p.b)) for p in answers]
    together = [getattr(ours[a], level) == getattr(ours[b], level) for a, b in names]
    same = [bool(p.same) for p in answers]
    links = {name: (o.linked_to, 1.0 if o.score is None else o.score) for name, o in ours.items() if o.linked_to}
    # What is together has a score in the result; what is apart had one when it was asked about, if it was asked by us.
    scores = [
        link_strength(links, a, b) if both else p.score
        for (a, b), both, p in zip(names, together, answers, strict=True)
    ]
    merged, split = worst_first(together, same, scores)
    told = []
    for kind, places in (("wrongly together", merged), ("wrongly apart", split)):
        for i in places:
            score = scores[i]
            told.append(_Error(kind if score is None else f"{kind}, score {score:.2f}", tuple((n,) for n in names[i])))
    kind = {"copy": "copies", "story": "of one story"}.get(level, "the same")
    said = f"{level}: {len(answers):,} judged pairs, {sum(same):,} {kind}, {sum(together):,} put together"
    return _Held(level, said, evaluate_pairs(together, same), tuple(told[:most]))


def _shown_articles(feed: str, held: Sequence[_Held]) -> dict[str, dict[str, str]]:
    """Outlet, date and title of the articles that errors name."""
    wanted = {name for one in held for error in one.errors for part in error.parts for name in part}
    known: dict[str, dict[str, str]] = {}
    for row in Feed([feed]) if wanted else ():
        name = row.article.id or row.article.url or content_id(row.article)
        if name in wanted:
            known[name] = _about(row.article)
    if wanted and not known:
        raise InputError(f"{feed}: holds none of the articles to be listed; cure: the feed that was clustered")
    return known


def _about(article: Article) -> dict[str, str]:
    date = f"{article.date:%F %H:%M}" if article.date else ""
    return {"source": article.outlet, "date": date, "title": " ".join(article.title.split())}


def _print_held(held: _Held, known: Mapping[str, Mapping[str, str]]) -> None:
    click.echo(held.said)
    click.echo(f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}")
    for name, precision, recall, f1 in held.rows:
        both = "" if precision is None or recall is None else f"{precision:10.4f}{recall:10.4f}"
        click.echo(f"{name:10}{both:20}{f1:10.4f}")
    for error in held.errors:
        click.echo(f"\n{error.kind}")
        for part in error.parts:
            for i, name in enumerate(part):
                about = known.get(name)
                told = f"[{about['source']}] {about['date'][:10]} {about['title']}" if about else ""
                click.echo(_plain(f"  {'-' if i == 0 else ' '} {name}  {told}".rstrip()))


# --- tune --------------------------------------------------------------------------------------------------------------


@click.command("tune")
@input_options
@click.argument("gold", type=click.Path(exists=True, dir_okay=False))
@settings_file
@click.option(
    "--level",
    type=click.Choice(["copy", "story"]),
    default="story",
    show_default=True,
    help="how far to tune; story tunes copies, too",
)
@click.option("--precision", type=click.FloatRange(0, 1, min_open=True), help="wish: at least so much, then all recall")
@click.option(
    "--recall", "sought", type=click.FloatRange(0, 1, min_open=True), help="wish: at least so much, then precision"
)
@_label
@_doubtful
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="settings file to write, TOML, for --settings")
@_html
@click.option(
    "--threads",
    type=click.IntRange(1, next(f.metadata["high"] for f in fields(Settings) if f.name == "threads")),
    default=1,
    show_default=True,
    help="threads to work with",
)
def tune_command(
    gold: str,
    settings_file: dict[str, Any],
    precision: float | None,
    sought: float | None,
    label: str | None,
    with_doubtful: bool,
    output: str | None,
    html: str | None,
    **options: Any,
) -> None:
    """Find the thresholds that fit GOLD best: labels or judged pairs, as for `evaluate`, of articles of INPUT.

    Tries every threshold without hashing a text again, and suggests the settings of best F1 (B-cubed, or over judged
    pairs), or those that fulfil a wish. -o writes them as a file that other commands take with --settings; --html plots
    precision and recall over each threshold, and how surely bands find pairs. Other settings, such as --unit, come from
    --settings.

    Example: clusterer tune data/feed.jsonl data/gold.jsonl -o settings.toml
    """
    run = Run("-", {**settings_file, **options}, [gold], [output, html])
    says = read_gold(gold, label=label, level=options["level"], with_doubtful=with_doubtful)
    with run.quarantine, progress_shown(run.quiet) as progress:
        tuned = tune(_articles(run), says, settings=run.settings, precision=precision, recall=sought, progress=progress)
    run.warn()
    _print_tuning(tuned)
    if output:
        _write_page(output, tuned.toml)
    if html:
        from clusterer.pages import render

        _write_page(html, render("tune.html", **_tuning_page(tuned)))


def _articles(run: Run) -> Iterator[Article]:
    """The articles of a run; where all rows are bad, that is what is told, not that gold's are missing."""
    yield from (row.article for row in run.feed)
    if not run.feed.rows:
        run.refuse_nothing()


def _print_tuning(tuned: Tuning) -> None:
    for level, tried in tuned.tried.items():
        names = (*COPY_AXES, "story") if level == "story" else COPY_AXES
        kind = "articles" if isinstance(tuned.after[level], Scores) else "judged pairs"
        click.echo(f"{level}: {tuned.counts[level]:,} {kind}, {len(tried):,} settings tried")
        widths = [max(len(name), 6) + 2 for name in names]
        head = "".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
        click.echo(f"{'':12}{head}{'precision':>11}{'recall':>8}{'F1':>8}")
        best, after = tuned.best(level), figures(tuned.after[level])
        shown: list[tuple[str, Settings | Tried, tuple[float, float, float]]]
        shown = [("as it was", tuned.start, figures(tuned.before[level])), ("suggested", tuned.suggested, after)]
        shown += [("best F1", best, _of(best))] if best.f1 > after[2] + 1e-9 else []
        for row, at, scores in shown:
            values = "".join(f"{getattr(at, n):>{w}g}" for n, w in zip(names, widths, strict=True))
            click.echo(f"{row:12}{values}{scores[0]:>11.4f}{scores[1]:>8.4f}{scores[2]:>8.4f}")
        click.echo()
    for level in tuned.missed:
        assert tuned.wish is not None
        wished, value = tuned.wish
        click.echo(f"{level}: no setting tried has a {wished} of {value:g}; the nearest is suggested", err=True)
    changed = _changed(tuned)
    options = " ".join(f"--{name} {value:g}" for name, _, value in changed)
    click.echo(f"suggested: {options}" if changed else "suggested: the settings as they were")


def _changed(tuned: Tuning) -> list[tuple[str, float, float]]:
    """Threshold, value before, value suggested, of those that differ."""
    both = ((n, getattr(tuned.start, n), getattr(tuned.suggested, n)) for n in (*COPY_AXES, "story"))
    return [(n, old, new) for n, old, new in both if old != new]


_MEANS = {
    "jaccard": "Jaccard similarity from which two texts are copies",
    "containment": "Containment from which the shorter text is a cut of the longer",
    "opening": "Share of the longer text's opening that a cut must hold",
    "story": "Score from which texts report one event",
}


def _tuning_page(tuned: Tuning) -> dict[str, Any]:
    """What the page shows, as plain data."""
    sweeps = []
    for name in (*COPY_AXES, "story"):
        along = tuned.along(name)
        if along:
            floor = min(min(t.precision, t.recall) for t in along)
            low = max(0.0, min(0.9, int(floor * 10) / 10))
            sweeps.append(
                {
                    "name": name,
                    "title": _MEANS[name],
                    "rows": [(getattr(t, name), t.precision, t.recall, t.f1) for t in along],
                    "points": [
                        [(getattr(t, name), getattr(t, figure)) for t in along]
                        for figure in ("precision", "recall", "f1")
                    ],
                    "low": low,
                    "start": getattr(tuned.start, name),
                    "suggested": getattr(tuned.suggested, name),
                }
            )
    levels = []
    for level, after in tuned.after.items():
        levels.append(
            {
                "level": level,
                "kind": "articles" if isinstance(after, Scores) else "judged pairs",
                "count": tuned.counts[level],
                "tried": len(tuned.tried[level]),
                "rows": [
                    ("as it was", *figures(tuned.before[level])),
                    ("suggested", *figures(after)),
                    ("best F1 of all tried", *_of(tuned.best(level))),
                ],
                "missed": level in tuned.missed,
            }
        )
    return {
        "gold": tuned.gold,
        "wish": tuned.wish,
        "levels": levels,
        "sweeps": sweeps,
        "changed": _changed(tuned),
        "toml": tuned.toml,
        "shapes": tuned.shapes,
        "curve": tuned.curve,
        "curve_points": [
            [((b.low + b.high) / 2, getattr(b, share)) for b in tuned.curve]
            for share in ("predicted_before", "predicted_after", "before", "after")
        ],
    }


def _of(tried: Tried) -> tuple[float, float, float]:
    return tried.precision, tried.recall, tried.f1


def _write_page(path: str, text: str) -> None:
    with atomic_output(path) as out:
        out.write(text.encode("utf-8", "backslashreplace"))


# --- label -------------------------------------------------------------------------------------------------------------


# Also the letters of the same keys on an Arabic keyboard, and Arabic words: whoever reads Arabic types it.
_KEYS = {
    "y": ("y", "yes", "غ", "نعم", "ن"),
    "n": ("n", "no", "ى", "لا", "ل"),
    "s": ("s", "skip", "س"),
    "u": ("u", "undo", "ع"),
    "q": ("q", "quit", "ض"),
}
_KEY_OF = {word: key for key, words in _KEYS.items() for word in words}
_ASKED = {
    "story": "Do both report the same event?",
    "copy": "Is one mostly the text of the other: a copy or a cut?",
}
_HELP = "y yes, n no, s skip (nobody can say), u undo the last, q quit"


@click.command("label")
@input_options
@click.option(
    "-o", "--output", "judged", required=True, type=click.Path(dir_okay=False), help="file to add the answers to"
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="no more questions than so many")
@click.option(
    "--words", "shown", type=click.IntRange(1), default=60, show_default=True, help="words of each text to show"
)
@settings_options
def label_command(judged: str, limit: int, shown: int, **options: Any) -> None:
    """Make gold of your own: judge pairs of articles of INPUT, those that tell most first. --level story or copy.

    Every answer is added to the file at once; a later run goes on where this one ended. Keys: y yes, n no, s skip (nobody
    can say), u undo the last, q quit. Answers are also read from standard input, one a line. The file is gold for
    `evaluate` and `tune`.

    Example: clusterer label data/feed.jsonl -o judged.jsonl --limit 30
    """
    if "-" in options["inputs"]:
        raise click.UsageError("answers come from standard input, articles cannot; name files")
    run = Run(judged, options, lasting=judged)
    settings = settings_of(options)
    if settings.level == "exact":
        raise click.UsageError("nothing is in doubt about exact copies; --level copy or story")
    level: Level = "copy" if settings.level == "copy" else "story"
    with _Answers(judged) as answers, run.quarantine:
        with progress_shown(run.quiet) as progress:
            questions = Questions(_articles(run), settings, progress)
        asked = _unanswered(questions, answers, level, settings.seed, limit)
        articles = _articles_at(run.feed, {place for pair in asked for place in (pair.a, pair.b)})
        run.warn()
        stopped = False
        try:
            _ask(asked, articles, questions.ids, answers, level, shown)
        except KeyboardInterrupt:
            stopped = True
        many = "answer" if answers.added == 1 else "answers"
        click.echo(f"\n{answers.added:,} {many} added to {judged}, {len(answers):,} in all", err=True)
    if stopped:
        sys.exit(130)


def _unanswered(questions: Questions, answers: _Answers, level: Level, seed: int, limit: int) -> list[Telling]:
    """The next questions that have no answer yet."""
    asked: list[Telling] = []
    for pair in questions.pairs(seed):
        if len(asked) == limit:
            break
        if Judged(questions.ids[pair.a], questions.ids[pair.b], None, level).key not in answers:
            asked.append(pair)
    return asked


def _articles_at(feed: Feed, places: set[int]) -> dict[int, Article]:
    """The articles at these places, by another walk: only what is asked about is held."""
    found = {place: row.article for place, row in enumerate(feed) if place in places}
    if len(found) != len(places):
        raise InputError("an input changed between its two readings; cure: run again on files at rest")
    return found


def _ask(
    asked: Sequence[Telling],
    articles: Mapping[int, Article],
    ids: Sequence[str],
    answers: _Answers,
    level: Level,
    words: int,
) -> None:
    """Show pair after pair and keep what is said of them."""
    if not asked:
        click.echo("nothing left to ask")
    i = 0
    while i < len(asked):
        pair = asked[i]
        click.echo(f"\n{'─' * 24} {i + 1} of {len(asked)} {'─' * 24}")
        for mark, place in (("A", pair.a), ("B", pair.b)):
            click.echo(_shown(mark, articles[place], words))
        click.echo(f"\n{_ASKED[level]} [y/n/s/u/q] ", nl=False)
        key = _key()
        if key == "q":
            return
        if key == "u":
            if answers.undo():
                i -= 1
            else:
                click.echo("nothing to undo")
            continue
        same = {"y": True, "n": False}.get(key)
        answers.add(Judged(ids[pair.a], ids[pair.b], same, level, round(pair.score, 4)))
        i += 1


def _key() -> str:
    """One of the keys: at a terminal as it is pressed, else from a line; the end of the input quits."""
    at_terminal = sys.stdin.isatty()
    while True:
        if at_terminal:
            said = click.getchar()
            click.echo(said if said.isprintable() else "")
        else:
            said = sys.stdin.readline()
            if not said:
                return "q"
            click.echo()
        if key := _KEY_OF.get(said.strip().lower()):
            return key
        if said in ("\x03", "\x04", "\x1b"):
            return "q"
        click.echo(f"{_HELP}: ", nl=False)


def _shown(mark: str, article: Article, words: int) -> str:
    """An article in a few lines. Letters stay in their order: a terminal turns Arabic around itself."""
    about = _about(article)
    head = "  ".join(x for x in (about["source"] or "no source", about["date"] or "no date") if x)
    body = article.text.split()
    text = " ".join(body[:words]) + (f" … ({len(body):,} words)" if len(body) > words else "")
    return "\n".join(_plain(line) for line in (f"\n{mark}  {head}", f"   {about['title']}", f"   {text}"))


def _plain(text: str) -> str:
    """Text without what steers a terminal or turns its direction around; joiners stay, words need them."""
    return "".join(
        c if c in "\n\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") else " "
        for c in text
    )


class _Answers:
    """The file of judged pairs: each answer is on disk before the next question is asked."""

    def __init__(self, path: str) -> None:
        """Read what is there.

        Raises:
            InputError: it holds something else than judged pairs.
        """
        self._path = path
        self.added = 0
        self._known: set[tuple[str, str, str]] = set()
        self._undo: list[tuple[int, tuple[str, str, str]]] = []
        self._mend()
        if os.path.exists(path) and os.path.getsize(path):
            gold = read_gold(path, with_doubtful=True)
            if gold.labels:
                raise InputError(f"{path}: holds labels, not judged pairs; cure: another name for the answers")
            self._known = {pair.key for pair in gold.pairs}

    def _mend(self) -> None:
        """Cut off the beginning of a line that a run was killed over; give a whole last line its end."""
        if not os.path.isfile(self._path):
            return
        try:
            with open(self._path, "r+b") as file:
                text = file.read()
                start = text.rfind(b"\n") + 1
                last = text[start:]
                if not last.strip():
                    return
                try:
                    orjson.loads(last)
                except orjson.JSONDecodeError:
                    file.truncate(start)
                else:
                    file.write(b"\n")
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error.strerror}); cure: another place") from None

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: object) -> bool:
        return key in self._known

    def __enter__(self) -> _Answers:
        self._context = appended(self._path)
        self._out: BinaryIO = self._context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)

    def add(self, pair: Judged) -> None:
        """Write one answer, safely."""
        line = {"a": pair.a, "b": pair.b, "same": pair.same, "level": pair.level, "score": pair.score}
        self._undo.append((os.fstat(self._out.fileno()).st_size, pair.key))
        self._known.add(pair.key)
        self._store(orjson.dumps(line) + b"\n")
        self.added += 1

    def undo(self) -> bool:
        """Take the last answer of this run back; False where there is none."""
        if not self._undo:
            return False
        size, key = self._undo.pop()
        os.ftruncate(self._out.fileno(), size)
        os.fsync(self._out.fileno())
        self._known.discard(key)
        self.added -= 1
        return True

    def _store(self, line: bytes) -> None:
        try:
            self._out.write(line)
            self._out.flush()
            os.fsync(self._out.fileno())
        except OSError as error:
            raise OutputError(f"{self._path}: cannot be written ({error.strerror}); cure: free some space") from None
