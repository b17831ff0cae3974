"""Whether both services of Google give equal vectors: until they were seen to, they are two spaces."""

from collections.abc import Sequence
from dataclasses import replace

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.endpoint import AGENT_PLATFORM, endpoint_of
from semantic_assets.pipeline.answers.canary import MIN_COSINE
from semantic_assets.pipeline.costs.paid_calls import Vectors, embed_sample
from semantic_assets.pipeline.costs.paid_jobs import PROBE, booked_as
from semantic_assets.pipeline.maintenance.findings import Findings, Unsettled
from semantic_assets.settings.settings import PREFIX, Settings
from semantic_assets.store import Store

#: The name of the question, in the ledger too.
AGREEMENT = "vectors_of_both_services_agree"
_DEVELOPER_API = "gemini"
_AGENT_SETTINGS = ("agent_project", "agent_location", "agent_staging")


def ask_both_services(
    findings: Findings, store: Store, texts: Sequence[str], vectors: Vectors
) -> None:
    """Embed texts through the service that is not in use, if it is set up too, and compare.

    Args:
        vectors: those of the service in use, by batch.
    """
    settings = store.settings
    with findings.asking(AGREEMENT) as said:
        if missing := _missing(settings):
            raise Unsettled(f"both services are asked if {', '.join(missing)} is set too")
        other = Gemini(endpoint_of(replace(settings, backend=_other(settings))))
        try:
            found = embed_sample(store, other, settings.space, texts, of=booked_as(store, PROBE))
        except SemanticAssetsError as error:
            raise Unsettled(f"{other.endpoint.backend} did not answer: {error}") from error
        finally:
            other.close()
        cosines = [float(mine @ its) for mine, its in zip(vectors, found, strict=True)]
        furthest = float(abs(vectors - found).max())
        said.append(f"cosines {[round(cosine, 6) for cosine in cosines]}")
        said.append(f"numbers differ by {furthest:.1g} at most")
        assert min(cosines) >= MIN_COSINE, "; ".join(said)


def _other(settings: Settings) -> str:
    return _DEVELOPER_API if settings.backend == AGENT_PLATFORM else AGENT_PLATFORM


def _missing(settings: Settings) -> list[str]:
    if settings.backend == AGENT_PLATFORM:
        return [] if settings.api_key else ["GEMINI_API_KEY"]
    return [f"{PREFIX}{one.upper()}" for one in _AGENT_SETTINGS if not getattr(settings, one)]
