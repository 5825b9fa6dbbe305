"""The JSON API: stories, articles, why two are together, what a new article would be, what came since. Reads only.

Answers are what `StoryIndex` says, written by orjson; `forms` tells OpenAPI what they look like.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.routing import APIRoute

from clusterer.articles import Article
from clusterer.errors import InputError, did_you_mean
from clusterer.explanation.evidence import Explanation
from clusterer.index import Story
from clusterer.index.arrivals import changes_after, unknown_outlet
from clusterer.index.articles import numbers_of_ids
from clusterer.results import Assignment
from clusterer.serve import forms
from clusterer.serve.desk import Asked, Desk


def desk_of(request: Request) -> Desk:
    """The desk of the application that was asked."""
    desk: Desk = request.app.state.desk
    return desk


def refuse_unknown(request: Request) -> None:
    """Refuse parameters that a route does not know, or that are given twice: what they ask for would be left out without a word.

    Raises:
        InputError: naming the first of them, and those that are known.
    """
    route: APIRoute = request.scope["route"]
    known = [field.alias for field in route.dependant.query_params]
    given = Counter(name for name, _ in request.query_params.multi_items())
    for name, times in given.items():
        if name not in known:
            cure = f"{did_you_mean(name, known)}one of {', '.join(known)}" if known else "leave it out, there are none"
            raise InputError(f"no parameter {name[:_SHOWN]!r}; cure: {cure}")
        if times > 1:
            raise InputError(
                f"parameter {name!r} is given {times} times, and takes one value; cure: a request for each"
            )


class NotThere(InputError):
    """Something is asked for by an id that the index has not."""


Open = Annotated[Desk, Depends(desk_of)]
_SHOWN = 60  # letters of a parameter that is not known
_ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": forms.ErrorForm, "description": said}
    for code, said in (
        (400, "A value breaks a rule"),
        (422, "A field is of another kind"),
        (503, "The index cannot be read"),
    )
}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": forms.ErrorForm, "description": "There is none"}}
_OTHER: dict[int | str, dict[str, Any]] = {
    409: {
        "model": forms.ErrorForm,
        "description": "Another history: a backup was restored; or not all that expired since is remembered; begin anew, after 0",
    }
}
_SIZES: dict[int | str, dict[str, Any]] = {411: {"description": "No Content-Length"}, 413: {"description": "Too long"}}
router = APIRouter(prefix="/api", responses=_ERRORS, dependencies=[Depends(refuse_unknown)])


def answer(value: Any, code: int = 200) -> Response:
    """A value as JSON; half characters of texts as escapes."""
    try:
        body = orjson.dumps(value)
    except orjson.JSONEncodeError:
        body = json.dumps(value, default=datetime.isoformat).encode()
    return Response(body, code, media_type="application/json")


@router.get("/stories", response_model=forms.StoriesForm, responses=_MISSING, summary="Stories in an order")
def stories(
    desk: Open,
    sort: Annotated[forms.Sort, Query()] = "date",
    since: Annotated[forms.Since, Query()] = None,
    until: Annotated[forms.Until, Query()] = None,
    outlet: Annotated[forms.Outlet, Query()] = None,
    min_size: Annotated[forms.Size, Query()] = 1,
    limit: Annotated[forms.Limit, Query()] = 20,
) -> Response:
    """As `clusterer index stories`. Where the index is large, an order may be up to half a minute old."""
    found = desk.stories(Asked(sort, since, until, outlet, min_size, limit))
    if outlet and not found:
        with desk.reading() as (index, _):
            if unknown := unknown_outlet(outlet, index.outlets()):
                raise NotThere(unknown)
    return answer({"stories": [story.as_dict() for story in found]})


@router.get("/story", response_model=forms.WholeStoryForm, responses=_MISSING, summary="A story with its articles")
def story(desk: Open, id: Annotated[forms.Id, Query()]) -> Response:
    """By its id, an alias, or the id of one of its articles."""
    found, articles = whole_story(desk, id)
    members = [_member(a, article) for a, article in zip(found.assignments, articles, strict=True)]
    return answer({**found.as_dict(), "members": members})


@router.get("/article", response_model=forms.ArticleForm, responses=_MISSING, summary="An article")
def article(desk: Open, id: Annotated[forms.Id, Query()]) -> Response:
    """What it is, and its text."""
    assignment, found = one_article(desk, id)
    return answer({**_member(assignment, found), "text": found.text})


@router.get(
    "/explain", response_model=dict[str, Any], responses=_MISSING, summary="Why two articles are together, or not"
)
def explain(desk: Open, a: Annotated[forms.Id, Query()], b: Annotated[forms.Id, Query()]) -> Response:
    """As `clusterer explain --index --json`."""
    return answer(explained(desk, a, b).as_dict())


@router.get("/search", response_model=forms.SearchForm, summary="Stories by the words of their articles")
def search(desk: Open, q: Annotated[forms.Words, Query()], limit: Annotated[forms.Limit, Query()] = 10) -> Response:
    """Those whose articles came last first; titles and texts are searched."""
    found = desk.find(q, limit)
    listed = [{**x.story.as_dict(), "matches": x.matches} for x in found]
    return answer({"stories": listed, "searched": desk.search.articles})


@router.post(
    "/query",
    response_model=forms.ClassifiedForm,
    responses=_SIZES,
    summary="What a new article would be; nothing is stored",
)
def query(desk: Open, article: forms.ArticleQuestion) -> Response:
    """As `clusterer index query`."""
    with desk.reading() as (index, reader):
        (found,) = index.query([Article(**article.model_dump())])
        linked = [number for number, _ in numbers_of_ids(reader.index, [found.linked_to or ""]).values()]
        title = reader.titles(reader.assignments_of_stories(linked), {}).get(found.story)
        return answer({**found.as_dict(), "story_title": title})


@router.get("/changes", response_model=forms.ChangesForm, responses=_OTHER, summary="What came and went since")
def changes(
    desk: Open,
    after: Annotated[int, Query(ge=0, le=1 << 53, description="`next` of the answer before; 0 at first")] = 0,
    history: Annotated[str | None, Query(max_length=40, description="that of the answer before, as it is")] = None,
    since: Annotated[forms.Arrival, Query()] = None,
    limit: Annotated[forms.Limit, Query()] = 100,
) -> Response:
    """The stories that the next articles came to (`new`) or went from, and what went (`gone`), in the order in which they did.

    With the last of these come the stories that were split, or whose articles moved, since the answer whose `history` is given.
    Where none did, `next` is the last that is there. What is in `gone` is not there now: delete it, and put each of the `ids` of
    a story into it. A story that became part of another one is among that one's aliases. Where the index has another `history`
    than the one given, or never had an article after which is asked, a backup was restored: 409. So it is where more has expired
    since than is remembered.
    """
    with desk.reading() as (_, reader):
        return answer(changes_after(reader, after, history, limit, since).as_dict())


def whole_story(desk: Desk, id: str) -> tuple[Story, Sequence[Article]]:
    """A story by its id, an alias, or the id of one of its articles, and its articles, in order of arrival.

    Raises:
        NotThere: there is none.
    """
    with desk.reading() as (index, _):
        try:
            found = index.story(id)
        except InputError as error:
            if type(error) is not InputError:
                raise
            raise NotThere(str(error)) from None
        stored = index.articles([a.id for a in found.assignments])
        return found, [stored[a.id] for a in found.assignments]


def one_article(desk: Desk, id: str) -> tuple[Assignment, Article]:
    """An article by its id, and what it is.

    Raises:
        NotThere: there is none.
    """
    with desk.reading() as (index, reader):
        found = _need(index.articles([id]), id)
        (number,) = numbers_of_ids(reader.index, [id]).values()
        (assignment,) = reader.assignments([number[0]])
        return assignment, found[id]


def explained(desk: Desk, a: str, b: str) -> Explanation:
    """Why two articles, given by id, are together or not.

    Raises:
        NotThere: one is not there.
    """
    with desk.reading() as (index, _):
        _need(index.articles([a, b]), a, b)
        return index.explain(a, b)


def _need(found: dict[str, Article], *ids: str) -> dict[str, Article]:
    for id in ids:
        if id not in found:
            raise NotThere(f"no article {id!r}; cure: an id as it stands in the index")
    return found


def _member(assignment: Assignment, article: Article) -> dict[str, Any]:
    about = {"title": article.title, "source": article.source, "url": article.url, "date": article.date}
    return {**assignment.as_dict(), **about}
