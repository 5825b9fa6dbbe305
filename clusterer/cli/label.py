"""`clusterer label`: pairs of articles shown, answers taken and kept at once. Parse, ask, write.

Which pairs tell most is `evaluation.labeling`'s business; what an answer looks like in a file, `evaluation.gold`'s.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from clusterer.articles import Article
from clusterer.cli.help import SectionedCommand
from clusterer.cli.options import input_options, settings_options
from clusterer.cli.output_names import OutputPath
from clusterer.cli.run import Run, settings_of
from clusterer.cli.stages import progress_shown
from clusterer.cli.terminal import about_article, plain, tell
from clusterer.cli.tune import articles_of
from clusterer.errors import InputError
from clusterer.evaluation.answers import Answers
from clusterer.evaluation.gold import Judged
from clusterer.evaluation.labeling import PairSampler, PairToJudge
from clusterer.io.feed import Feed
from clusterer.results import Level

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


@click.command("label", cls=SectionedCommand)
@input_options
@click.option("-o", "--output", "judged", required=True, type=OutputPath("jsonl"), help="file to add the answers to")
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
    with Answers(judged) as answers, run.quarantine:
        with progress_shown(run.quiet) as progress:
            questions = PairSampler(articles_of(run), settings, progress)
        pairs = _unanswered(questions, answers, level, settings.seed, limit)
        articles = _articles_at(run.feed, {place for pair in pairs for place in (pair.a, pair.b)})
        run.warn()
        stopped = False
        try:
            _ask(pairs, articles, questions.ids, answers, level, shown)
        except KeyboardInterrupt:
            stopped = True
        many = "answer" if answers.added == 1 else "answers"
        tell(f"\n{answers.added:,} {many} added to {judged}, {len(answers):,} in all", err=True)
    if stopped:
        sys.exit(130)


def _unanswered(questions: PairSampler, answers: Answers, level: Level, seed: int, limit: int) -> list[PairToJudge]:
    """The next questions that have no answer yet."""
    questions_left: list[PairToJudge] = []
    for pair in questions.pairs(seed):
        if len(questions_left) == limit:
            break
        if Judged(questions.ids[pair.a], questions.ids[pair.b], None, level).key not in answers:
            questions_left.append(pair)
    return questions_left


def _articles_at(feed: Feed, places: set[int]) -> dict[int, Article]:
    """The articles at these places, by another walk: only what is asked about is held."""
    found = {place: row.article for place, row in enumerate(feed) if place in places}
    if len(found) != len(places):
        raise InputError("an input changed between its two readings; cure: run again on files at rest")
    return found


def _ask(
    pairs: Sequence[PairToJudge],
    articles: Mapping[int, Article],
    ids: Sequence[str],
    answers: Answers,
    level: Level,
    words: int,
) -> None:
    """Show pair after pair and keep what is said of them."""
    if not pairs:
        tell("nothing left to ask")
    i = 0
    while i < len(pairs):
        pair = pairs[i]
        tell(f"\n{'─' * 24} {i + 1} of {len(pairs)} {'─' * 24}")
        for mark, place in (("A", pair.a), ("B", pair.b)):
            tell(_shown(mark, articles[place], words))
        tell(f"\n{_ASKED[level]} [y/n/s/u/q] ", nl=False)
        key = _key()
        if key == "q":
            return
        if key == "u":
            if answers.undo():
                i -= 1
            else:
                tell("nothing to undo")
            continue
        same = {"y": True, "n": False}.get(key)
        answers.add(Judged(ids[pair.a], ids[pair.b], same, level, round(pair.score, 4)))
        i += 1


def _key() -> str:
    """One of the keys: at a terminal as it is pressed, else from a line; the end of the input quits."""
    at_terminal = sys.stdin.isatty()
    while True:
        if at_terminal:
            answer = click.getchar()
            tell(answer if answer.isprintable() else "")
        else:
            answer = sys.stdin.readline()
            if not answer:
                return "q"
            tell()
        if key := _KEY_OF.get(answer.strip().lower()):
            return key
        if answer in ("\x03", "\x04", "\x1b"):
            return "q"
        tell(f"{_HELP}: ", nl=False)


def _shown(mark: str, article: Article, words: int) -> str:
    """An article in a few lines. Letters stay in their order: a terminal turns Arabic around itself."""
    about = about_article(article)
    head = "  ".join(x for x in (about["source"] or "no source", about["date"] or "no date") if x)
    body = article.text.split()
    text = " ".join(body[:words]) + (f" … ({len(body):,} words)" if len(body) > words else "")
    return "\n".join(plain(line) for line in (f"\n{mark}  {head}", f"   {about['title']}", f"   {text}"))
