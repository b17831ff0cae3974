"""The route that counts what a search can be filtered by."""

from dataclasses import asdict

from fastapi import APIRouter

from semantic_assets.model.filter_forms import parse_filter
from semantic_assets.pipeline.search.facets import Facets, facets
from semantic_assets.pipeline.search.searched import searched_of
from semantic_assets.rest.access import Key
from semantic_assets.rest.bodies import FacetsBody, Json
from semantic_assets.rest.fair_route import ReadingRoute
from semantic_assets.rest.responses import FINDS, shows
from semantic_assets.rest.routes.search import searched_scope
from semantic_assets.rest.serving import Served
from semantic_assets.rest.shapes import CountedPassages

router = APIRouter(route_class=ReadingRoute)


@router.post(
    "/v1/facets",
    tags=["search"],
    response_model=None,
    responses={**shows(CountedPassages), **FINDS},
)
def post_facets(serving: Served, key: Key, body: FacetsBody) -> Json:
    """Count the passages by project, dataset, kind of document and year; it costs nothing."""
    store, scope = serving.core.reader, searched_scope(serving, key, body.datasets)
    is_any = body.datasets or any(one in scope for one in searched_of(store).versions(store))
    found = facets(store, scope, parse_filter(body.where)) if is_any else Facets()
    return {"object": "facets", **asdict(found)}
