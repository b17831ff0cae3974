"""Whether both services of Google give equal vectors: until they were seen to, they are two spaces."""

from collections.abc import Sequence
from dataclasses import replace

from semantic_assets.errors import SemanticAssetsError, SpendRefused
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import endpoint_of
from semantic_assets.model.catalog import SERVICES, realtime_usd
from semantic_assets.pipeline.answers.canary import MIN_COSINE
from semantic_assets.pipeline.costs.paid_calls import Vectors, paid_call
from semantic_assets.pipeline.costs.paid_jobs import PROBE, booked_as, day_guard
from semantic_assets.pipeline.maintenance.findings import Findings, Unsettled
from semantic_assets.settings.settings import Settings
from semantic_assets.store import Store
from semantic_assets.text.tokens import estimate_tokens

#: The name of the question, in the ledger too.
AGREEMENT = "vectors_of_both_services_agree"


def ask_both_services(
    findings: Findings, store: Store, texts: Sequence[str], vectors: Vectors
) -> None:
    """Embed texts through the service that is not in use, if it is set up too, and compare.

    Args:
        vectors: those of the service in use, by batch.
    """
    settings = store.settings
    with findings.asking(AGREEMENT) as said:
        backend = _other(settings)
        if missing := settings.missing_for(backend):
            raise Unsettled(f"both services are asked if {', '.join(missing)} is set too")
        other = Gemini(endpoint_of(settings, backend))
        try:
            found = _embedded(store, other, texts)
        except SpendRefused:
            raise
        except SemanticAssetsError as error:
            raise Unsettled(f"{other.endpoint.backend} did not answer: {error}") from error
        finally:
            other.close()
        cosines = [float(mine @ its) for mine, its in zip(vectors, found, strict=True)]
        furthest = float(abs(vectors - found).max())
        said.append(f"cosines {[round(cosine, 6) for cosine in cosines]}")
        said.append(f"numbers differ by {furthest:.1g} at most")
        assert min(cosines) >= MIN_COSINE, "; ".join(said)


def _embedded(store: Store, other: Gemini, texts: Sequence[str]) -> Vectors:
    """Embed texts in real time through the other service, under the same cap of the day."""
    backend = other.endpoint.backend
    space = replace(store.settings.space, backend=backend)
    tokens = sum(estimate_tokens(space.document_text(text)) for text in texts)
    guard = day_guard(store, realtime_usd(space.model, tokens), backend)
    call_id = f"{booked_as(store, PROBE)}+{store.ledger.job_ids.new()}"
    with paid_call(store, space.model, tokens, guard=guard, call_id=call_id):
        return other.embed_documents(space, texts)


def _other(settings: Settings) -> str:
    return next(one for one in SERVICES if one != settings.backend)


def are_both_set_up(settings: Settings) -> bool:
    """Return whether a probe asks both services, each by its own account."""
    return {*SERVICES} <= {*settings.services}
