"""A planner that slept over its lease stops quietly, and nothing is formed under it."""

from semantic_assets.batching.packing import JobLimits
from semantic_assets.ledger import lease_names
from semantic_assets.pipeline.batch_jobs.blocked import ANOTHER_PLANS
from semantic_assets.pipeline.batch_jobs.plan import _Planner
from semantic_assets.pipeline.pending.products import unsettled_shards, wanted_products
from semantic_assets.pipeline.pending.remembered_demands import remembering
from tests.trial import Trial


def test_a_planner_whose_lease_was_taken_over_forms_nothing_and_says_why(trial: Trial) -> None:
    trial.write("acme/notes/a.txt", "The pilot boards at the fairway buoy.")
    trial.prepare()
    store, endpoint = trial.store, trial.gemini.endpoint
    store.ledger.scopes.register(
        endpoint.scope_id, backend=endpoint.backend, base_url=endpoint.identity
    )
    slept = store.ledger.leases.acquire(lease_names.PLAN)
    trial.clock.offset += 60.0
    assert slept is not None
    assert store.ledger.leases.acquire(lease_names.PLAN) is not None
    [wanted] = wanted_products(store)
    unsettled = unsettled_shards(store, wanted)
    with remembering(store) as demands:
        held = demands.of(wanted.product)
        planned = _Planner(store, held, endpoint, JobLimits(), slept, 1).run(unsettled, None)
    assert planned.blocked_by == ANOTHER_PLANS
    assert not planned.jobs
    assert store.ledger.jobs.list() == []
