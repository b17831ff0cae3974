"""Switching off what keeps a text from being paid for twice. No user can do this."""

import time
from functools import cached_property
from typing import Any

from semantic_assets.gemini.agent_platform import AgentPlatform
from semantic_assets.gemini.client import Gemini
from semantic_assets.gemini.connections import Connections
from semantic_assets.gemini.developer_api import DeveloperApi
from semantic_assets.gemini.endpoint import AGENT_PLATFORM
from semantic_assets.gemini.wire import Listing, read_operation
from semantic_assets.ledger import jobs
from semantic_assets.ledger.jobs import Jobs
from semantic_assets.ledger.leases import Lease, Leases
from semantic_assets.ledger.scopes import Scopes
from semantic_assets.model.batch_job import JobState
from semantic_assets.pipeline.batch_jobs import (
    collect,
    guards,
    landing,
    plan,
    poll,
    recover,
    submit,
)
from semantic_assets.pipeline.pending import pending
from semantic_assets.pipeline.pending.pending import Withheld


def no_unconfirmed() -> None:
    """An unanswered create call is taken for one that did not arrive."""
    submit._leave_unconfirmed = lambda store, planned, reason: submit._release(  # type: ignore[assignment]
        store, planned, JobState.CREATING, reason
    )
    Jobs.move.__globals__["MOVES"][JobState.CREATING] |= {JobState.RELEASED}


def no_adoption() -> None:
    """A listing that shows the name of an unconfirmed job is not heeded."""
    poll._adopt = lambda *_: []


def no_withholding() -> None:
    """Texts of open jobs are not held back from others."""
    pending.withheld_texts = lambda *_: Withheld()


def no_plan_lease() -> None:
    """Everybody plans at once."""
    real = Leases.acquire

    def acquire(self: Leases, name: str) -> Lease | None:
        return Lease("plan", "nobody", 0) if name == "plan" else real(self, name)

    Leases.acquire = acquire  # type: ignore[method-assign]
    renew = Leases.renew
    Leases.renew = lambda self, lease: lease.name == "plan" or renew(self, lease)  # type: ignore[method-assign]
    jobs.require_fence = lambda *_: None
    real_try = plan._Planner._try_form

    def slow(self: Any, *arguments: Any) -> Any:
        time.sleep(0.3)  # widen the gap the lease closes
        return real_try(self, *arguments)

    plan._Planner._try_form = slow  # type: ignore[method-assign]


def no_plan_fence() -> None:
    """A planner that slept over its lease forms its job all the same, heartbeat or not."""
    jobs.require_fence = lambda *_: None
    Lease.require = lambda self: None  # type: ignore[method-assign]


def no_fence() -> None:
    """A stalled uploader goes on though its job was taken over."""
    real = Jobs.move

    def move(self: Jobs, job_id: str, to: JobState, **values: Any) -> Any:
        moved = real(self, job_id, to, **values)
        return self.find(job_id) if moved is None and to == JobState.CREATING else moved

    Jobs.move = move  # type: ignore[method-assign]
    Lease.require = lambda self: None  # type: ignore[method-assign]
    submit.MAX_CREATE_DELAY_SECONDS = 1e9


def no_age_check() -> None:
    """The create call is sent however old the word before it is."""
    submit.MAX_CREATE_DELAY_SECONDS = 1e9


def retries_on() -> None:
    """The SDK sends again what was answered with a 503."""
    _client_with(retry_attempts=3, follow_redirects=False)


def redirects_on() -> None:
    """The client follows a redirect of the create call."""
    _client_with(retry_attempts=1, follow_redirects=True)


def _client_with(*, retry_attempts: int, follow_redirects: bool) -> None:
    real = Connections.client.func  # type: ignore[attr-defined]

    def client(self: Connections) -> Any:
        from google import genai
        from google.genai import types

        options = real(self)._api_client._http_options
        retry = types.HttpRetryOptions(attempts=retry_attempts, initial_delay=0.1)
        options.retry_options = retry
        options.client_args = {"follow_redirects": follow_redirects}
        if self.endpoint.backend == AGENT_PLATFORM:
            return genai.Client(
                enterprise=True,
                project=self.endpoint.settings.agent_project,
                location=self.endpoint.settings.agent_location,
                credentials=self.credentials.found,
                http_options=options,
            )
        return genai.Client(api_key=self.endpoint.api_key(), vertexai=False, http_options=options)

    Connections.client = cached_property(client)  # type: ignore[assignment,method-assign]
    Connections.client.__set_name__(Connections, "client")  # type: ignore[attr-defined]


def no_patience() -> None:
    """The first complete listing without a job gives it up."""
    poll.ABANDON_LISTINGS, poll.ABANDON_SECONDS = 1, 0.0


def no_names_seen() -> None:
    """Listings that never showed a name of ours count as well."""
    Scopes.shows_names = lambda self, scope_id: True  # type: ignore[method-assign]


def no_complete_listing() -> None:
    """A page without jobs is taken for the last one."""

    def list_jobs(self: DeveloperApi, *, max_pages: int) -> Listing:
        page = self._raw("batches?pageSize=100")
        found = [read_operation(item) for item in page.get("operations") or []]
        return Listing(tuple(found), complete=True)

    DeveloperApi.list_jobs = list_jobs  # type: ignore[method-assign]


def no_unknown_remote() -> None:
    """Jobs of another ledger, or of none, do not matter."""
    guards._explain = lambda store, remote: None


def no_manifests_recovered() -> None:
    """A manifest without a row is passed over."""
    plan.recover_manifests = lambda store: ()
    recover._announced = lambda store: []


def no_scopes() -> None:
    """Jobs of one key are looked for with another."""
    real = Jobs.list

    def everybodys(self: Jobs, *, scope_id: str | None = None, **named: Any) -> Any:
        return real(self, **named)

    Jobs.list = everybodys  # type: ignore[method-assign]


def no_gone_delay() -> None:
    """A job that a listing does not show is gone."""
    poll._ask_for = lambda store, gemini, jobs, **_: [
        store.ledger.jobs.move(job.job_id, JobState.ENDED, of=[job.state], remote_state="GONE")
        for job in jobs
    ]


def no_reopening() -> None:
    """A job that was given up stays given up."""
    poll.reopen = lambda *_: []
    guards.reopen = lambda *_: []


def no_stop_after_two() -> None:
    """Answers that cannot be trusted keep nobody from asking for more."""
    plan.quarantine_block = lambda store, product_id: None


def early_clearing() -> None:
    """The remote job is deleted once its answer is downloaded, and not once that is durable."""
    opened = landing._decoded
    collected: list[Any] = []

    def decoded(store: Any, gemini: Gemini, job: Any, *others: Any, **named: Any) -> Any:
        collected[:] = [store, gemini, job]
        return opened(store, gemini, job, *others, **named)

    def clearing(real: Any) -> Any:
        def download(self: Any, file: str, receive: Any, **named: Any) -> None:
            real(self, file, receive, **named)
            collect.clear_remote(*collected)

        return download

    landing._decoded = decoded
    for service in (DeveloperApi, AgentPlatform):
        service.download = clearing(service.download)  # type: ignore[method-assign]


def no_second_download() -> None:
    """A body that ended early is taken for a whole one, now and for good."""
    landing._DOWNLOADS = 1
    collect.require_whole = lambda *_: None  # type: ignore[assignment]


def no_output_first() -> None:
    """A job that did not succeed has no answers."""
    real = collect._land

    def land(store: Any, gemini: Any, job: Any, lease: Any, keys: list[str]) -> Any:
        word = collect.remote_word(job.remote_state or "")
        if word != "SUCCEEDED":
            landing.land_failure(store, job, lease, keys, word, is_refused=False)
        else:
            yield from real(store, gemini, job, lease, keys)

    collect._land = land
