"""Routes by which the admin of a project looks after its keys."""

from dataclasses import asdict

from fastapi import APIRouter

from semantic_assets.errors import Conflict, NotFound
from semantic_assets.rest.access import KeysAdmin
from semantic_assets.rest.api_keys import ADMIN, ApiKeys
from semantic_assets.rest.bodies import Json
from semantic_assets.rest.fair_route import ReadingRoute, WritingRoute
from semantic_assets.rest.names import KeyId
from semantic_assets.rest.responses import CHANGES, FINDS, shows
from semantic_assets.rest.serving import Served
from semantic_assets.rest.shapes import Keys, RevokedKey

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=ReadingRoute)
changes = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=WritingRoute)


@router.get("", response_model=None, responses=shows(Keys))
def get_keys(serving: Served, key: KeysAdmin) -> Json:
    """List the keys of the admin's project, with their limits and last use."""
    rows = serving.keys.rows(serving.usage.last_used())
    data = [{"object": "key", **asdict(row)} for row in rows if key.may(ADMIN, row.project)]
    return {"object": "list", "data": data}


@changes.delete(
    "/{key_id}", response_model=None, responses={**shows(RevokedKey), **FINDS, **CHANGES}
)
def revoke_key(serving: Served, key: KeysAdmin, key_id: KeyId) -> Json:
    """Revoke a key of the admin's project; it is refused from the next request on."""
    found = next((one for one in serving.keys.all() if one.key_id == key_id), None)
    if found is None or not key.may(ADMIN, found.project):
        raise NotFound("there is no such API key here: `GET /v1/keys` lists them")
    if key_id == key.key_id:
        raise Conflict("a key does not revoke itself: another admin's does")
    ApiKeys(serving.core.store.lake).revoke(key_id)
    return {"object": "key.deleted", "id": key_id, "deleted": True}
