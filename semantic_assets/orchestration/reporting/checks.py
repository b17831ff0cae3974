"""Our checks as Dagster's: the promise of each and, where it fails, the remedy."""

import warnings
from collections.abc import Sequence

import dagster as dg

from semantic_assets.orchestration.reporting.columns import UNREADABLE
from semantic_assets.orchestration.reporting.remedies import (
    ALL_DOCUMENTS_READ,
    OF_ALL,
    PROMISES,
    remedy_of_check,
)
from semantic_assets.orchestration.reporting.samples import ROWS, sample
from semantic_assets.pipeline.documents.file_counts import file_counts
from semantic_assets.pipeline.documents.read import DocumentsReport
from semantic_assets.pipeline.reports.checks import Check
from semantic_assets.pipeline.reports.samples import unreadable_documents
from semantic_assets.store import Store
from semantic_assets.text.foreign import visible


def check_specs(
    asset: dg.AssetKey, partitions: dg.PartitionsDefinition, *names: str
) -> Sequence[dg.AssetCheckSpec]:
    """Return the specs of an asset's checks, each with its promise and a state in each partition."""
    with warnings.catch_warnings():
        # Dagster calls partitions of checks a preview; without them the last verdict hides the others.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                name,
                asset=asset,
                description=PROMISES[name],
                partitions_def=None if name in OF_ALL else partitions,
            )
            for name in names
        ]


def check_result(check: Check) -> dg.AssetCheckResult:
    """Return a check as Dagster's result; one that could not be decided is a warning."""
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=bool(check.passed),
        severity=dg.AssetCheckSeverity.WARN
        if check.passed is None
        else dg.AssetCheckSeverity.ERROR,
        description=_description(check),
        metadata={"counted": check.counted},
    )


def check_evaluation(
    key: dg.AssetKey, check: Check, partition: str | None
) -> dg.AssetCheckEvaluation:
    """Return a check as an evaluation, for a run that is not the asset's own."""
    return _evaluation(key, check_result(check), partition)


def documents_check(store: Store, report: DocumentsReport) -> dg.AssetCheckResult:
    """Return the check all_documents_read: a warning, because the readable documents go on."""
    found = Check(
        name=ALL_DOCUMENTS_READ,
        subject=str(report.shard),
        passed=report.failed == 0,
        message=f"{report.failed} of {report.documents} documents could not be read; in the dataset, "
        f"{file_counts(store, [report.shard.dataset]).told}",
        counted=report.failed,
    )
    rows = unreadable_documents(store, report.shard, limit=ROWS) if report.failed else []
    unreadable = {"unreadable": sample(rows, UNREADABLE)} if rows else {}
    return dg.AssetCheckResult(
        check_name=found.name,
        passed=bool(found.passed),
        severity=dg.AssetCheckSeverity.WARN,
        description=_description(found),
        metadata={"documents_failed": report.failed, **unreadable},
    )


def documents_evaluation(
    key: dg.AssetKey, store: Store, report: DocumentsReport
) -> dg.AssetCheckEvaluation:
    """Return `documents_check` as an evaluation, for a run that is not the asset's own."""
    return _evaluation(key, documents_check(store, report), str(report.shard))


def _evaluation(
    key: dg.AssetKey, result: dg.AssetCheckResult, partition: str | None
) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=key,
        partition=partition,
        check_name=str(result.check_name),
        passed=result.passed,
        severity=result.severity,
        description=result.description,
        metadata=result.metadata,
    )


def _description(check: Check) -> str:
    """Describe a check, its subject first."""
    found = visible(f"{check.subject}: {check.message}")
    if check.passed:
        return found
    return f"{found}. What to do: {remedy_of_check(check.name, check.subject)}"
