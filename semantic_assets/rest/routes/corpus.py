"""The route that says what there is to search."""

from dataclasses import asdict

from fastapi import APIRouter

from semantic_assets.pipeline.search.overview.corpus import corpus
from semantic_assets.rest.access import Key
from semantic_assets.rest.bodies import Json
from semantic_assets.rest.fair_route import ReadingRoute
from semantic_assets.rest.responses import shows
from semantic_assets.rest.serving import Served
from semantic_assets.rest.shapes import ShownCorpus

router = APIRouter(route_class=ReadingRoute)


@router.get("/v1/corpus", tags=["search"], response_model=None, responses=shows(ShownCorpus))
def get_corpus(serving: Served, key: Key) -> Json:
    """Say what the key may search: counts, what search does not find yet, and example questions."""
    found = corpus(serving.core.reader, key.project if key.is_of_one_project else None)
    return {"object": "corpus", **asdict(found)}
