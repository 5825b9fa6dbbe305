"""The pages: stories in an order, a story, an article, two articles beside each other, and a person's answer about these.

Templates are in `templates/`, behind them those of the report; every word is a message. No script: forms and links do all.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse

from clusterer.articles import Article
from clusterer.errors import InputError
from clusterer.index import Story, StoryOrder
from clusterer.messages import LANGUAGES, Language
from clusterer.report.course import course
from clusterer.report.keywords import key_words
from clusterer.report.model import Member, Why
from clusterer.report.render import asset, environment, wording
from clusterer.results import Level
from clusterer.serve import api, forms
from clusterer.serve.desk import Asked
from clusterer.serve.guard import is_same_origin

router = APIRouter(include_in_schema=False, dependencies=[Depends(api.refuse_unknown)])
TOKEN = secrets.token_urlsafe(16)
"""Stands in every form that changes something; a page of a stranger cannot read it."""
WINDOWS = ("", "24h", "7d", "30d")
"""Windows that a page offers; an address may name any other one."""
_LISTED, _FOUND = 25, 10  # stories of a list and of a search that are shown at first
_SIZES = (1, 2, 3, 5, 10)
_LINES = 200  # articles of a story that its page shows
_STYLES = ("style.css", "report.css", "story.css")
_SAME: dict[str, bool | None] = {"yes": True, "no": False, "unsure": None}
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path fill="#0b5c6b" d="M2 2h9v2H2zm0 5h12v2H2zm0 5h7v2H2z"/></svg>'
)

Spoken = Annotated[Language | None, Query()]


def page(request: Request, template: str, code: int = 200, **data: Any) -> HTMLResponse:
    """A template in the language that is asked for, or in that of most articles."""
    desk = api.desk_of(request)
    asked, root = request.query_params.get("language"), request.scope.get("root_path", "")
    language: Language = next((x for x in LANGUAGES if x == asked), desk.language)

    def link(path: str, **values: Any) -> str:
        """An address of ours, in the language that was asked for."""
        kept = {name: value for name, value in values.items() if value not in (None, "")}
        return f"{root}{path}?{urlencode({**kept, **({'language': asked} if asked in LANGUAGES else {})}, errors='replace')}"

    others = [(name, value) for name, value in request.query_params.multi_items() if name != "language"]
    turned = urlencode([*others, ("language", "en" if language == "ar" else "ar")], errors="replace")
    html = (
        environment("clusterer.serve")
        .get_template(template)
        .render(
            **data,
            **wording(language, is_turnable=False),
            link=link,
            root=root,
            asked_language=asked if asked in LANGUAGES else "",
            turned=f"?{turned}",
            is_labelling=desk.is_labelling,
        )
    )
    return HTMLResponse(html.encode("utf-8", "replace"), code)


def error_page(request: Request, code: int, what: str) -> Response:
    """A page that says what is wrong."""
    return page(request, "error.html", code, number=code, what=what)


@router.get("/")
def stories(
    request: Request,
    desk: api.Open,
    language: Spoken = None,
    q: Annotated[forms.Words, Query()] = "",
    sort: Annotated[forms.Sort, Query()] = "size",
    since: Annotated[forms.Since, Query()] = None,
    until: Annotated[forms.Until, Query()] = None,
    outlet: Annotated[str, Query(max_length=forms.OUTLET)] = "",
    min_size: Annotated[forms.Size, Query()] = 2,
    limit: Annotated[forms.Limit | None, Query()] = None,
) -> Response:
    """Stories in an order, or those that a search finds."""
    limit = limit or (_FOUND if q.strip() else _LISTED)
    since = since or ("24h" if sort == "growth" or until else None)
    with desk.reading() as (index, _):
        articles = len(index)
    found = desk.find(q, limit) if q.strip() else []
    listed = [x.story for x in found]
    if not q.strip():
        listed = desk.stories(Asked(sort, since, until or None, outlet or None, min_size, limit))
    is_there = True
    if outlet and not listed:
        with desk.reading() as (index, _):
            is_there = outlet in index.outlets()
    return page(
        request,
        "stories.html",
        stories=[_listed(story) for story in listed],
        matches={x.story.id: x.matches for x in found},
        asked={
            "q": q,
            "sort": sort,
            "since": since or "",
            "until": until or "",
            "outlet": outlet,
            "min_size": min_size,
            "limit": limit,
        },
        outlets=sorted({name for story in listed for name in story.outlets}),
        is_day=bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", until or "1970-01-01")),
        sorts=get_args(StoryOrder),
        windows=dict.fromkeys((*WINDOWS, since or "")),
        sizes=sorted({*_SIZES, min_size}),
        articles=articles,
        is_there=is_there,
        searched=min(desk.search.articles, articles),
        most=forms.MOST,
    )


@router.get("/story")
def story(request: Request, desk: api.Open, id: Annotated[forms.Id, Query()], language: Spoken = None) -> Response:
    """A story: who printed first, its independent texts with their copies, why each article is in."""
    found, articles = api.whole_story(desk, id)
    members = _members(found, articles)
    texts: dict[int, list[Member]] = {}
    for member in members[:_LINES]:
        texts.setdefault(member.copy, []).append(member)
    with desk.reading() as (index, _):
        settings = index.settings
    leads = {a.copy: article for a, article in zip(found.assignments, articles, strict=True)}
    (words,) = key_words([list(leads.values())] if len(members) > 1 else [[]], settings)
    return page(
        request,
        "story.html",
        story=_listed(found),
        words_of_story=words,
        lines=course(members)[:_LINES],
        members=members,
        texts=[_lead_first(group) for group in texts.values()],
        left=len(members) - min(len(members), _LINES),
    )


@router.get("/article")
def article(request: Request, desk: api.Open, id: Annotated[forms.Id, Query()], language: Spoken = None) -> Response:
    """An article, its text, and where it belongs."""
    assignment, found = api.one_article(desk, id)
    return page(request, "article.html", assignment=assignment, article=found)


@router.get("/explain")
def explain(
    request: Request,
    desk: api.Open,
    a: Annotated[forms.Id, Query()],
    b: Annotated[forms.Id, Query()],
    language: Spoken = None,
) -> Response:
    """Why two articles are together, or not; and a form for a person's answer."""
    found = api.explained(desk, a, b)
    answered = {level: desk.is_answered(a, b, level) for level in ("story", "copy")}
    titles = {article.id: article.title.strip() or article.id for article in found.articles}
    return page(request, "explained.html", e=found, titles=titles, answered=answered, token=TOKEN)


@router.post("/label")
async def label(request: Request, desk: api.Open) -> Response:
    """Keep a person's answer about two articles, sent by a form of ours."""
    sent = {name: values[-1] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
    if not desk.is_labelling:
        raise InputError("answers are not taken; cure: clusterer serve --gold FILE")
    if not is_same_origin(request) or not secrets.compare_digest(sent.get("token", "").encode(), TOKEN.encode()):
        return error_page(request, 403, "this form is not from a page of this server, or of an earlier run of it")
    level: Level | None = next((x for x in get_args(Literal["story", "copy"]) if x == sent.get("level")), None)
    if level is None or sent.get("same") not in _SAME:
        raise InputError("level must be story or copy, same yes, no or unsure")
    a, b = sent.get("a", ""), sent.get("b", "")
    await run_in_threadpool(desk.answer, a, b, _SAME[sent["same"]], level)
    kept = {"language": sent["language"]} if sent.get("language") in LANGUAGES else {}
    return RedirectResponse(f"{request.scope.get('root_path', '')}/explain?{urlencode({'a': a, 'b': b, **kept})}", 303)


@router.get("/static/serve.css")
def styles() -> Response:
    """The styles of the report's pages, and those of these."""
    own = Path(__file__).with_name("templates") / "serve.css"
    return Response("\n".join([*map(asset, _STYLES), own.read_text("utf-8")]), media_type="text/css")


@router.get("/static/explanation.css")
def explanation_styles() -> Response:
    """The styles of an explanation."""
    return Response(asset("explain.css"), media_type="text/css")


@router.get("/static/icon.svg")
@router.get("/favicon.ico")
def icon() -> Response:
    """What browsers show beside the name of a page."""
    return Response(_ICON, media_type="image/svg+xml")


def _listed(story: Story) -> dict[str, Any]:
    """A story as a list shows it."""
    first, last = (x.astimezone(UTC).isoformat(timespec="seconds")[:19] for x in (story.first, story.last))
    return {**story.as_dict(), "first": first, "last": last}


def _members(story: Story, articles: Sequence[Article]) -> list[Member]:
    """The articles of a story as the report shows them, earliest first."""
    rows = sorted(
        zip(story.assignments, articles, strict=True), key=lambda row: (row[1].date is None, row[1].date or story.first)
    )
    place = {a.id: i for i, (a, _) in enumerate(rows)}
    copies: dict[str, int] = {}
    out = []
    for a, article in rows:
        why = None
        if a.linked_to is not None and a.relation is not None and a.score is not None:
            why = Why(place[a.linked_to], a.relation, a.score, dict(a.evidence or {}), (), ())
        date = article.date.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z" if article.date else None
        copy = copies.setdefault(a.copy, len(copies))
        out.append(
            Member(a.id, article.title, article.outlet, article.url, article.text, date, a.representative, copy, why)
        )
    return out


def _lead_first(group: list[Member]) -> list[Member]:
    """An independent text, then its copies."""
    lead = next((m for m in group if m.why is None or m.why.relation == "story"), group[0])
    return [lead, *(m for m in group if m is not lead)]
