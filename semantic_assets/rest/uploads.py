"""Uploads: files of a request stored as sources of a dataset, each with its own outcome."""

import json
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus

from fastapi import UploadFile

from semantic_assets.errors import SemanticAssetsError
from semantic_assets.model.document import Document
from semantic_assets.model.keys import DatasetKey
from semantic_assets.pipeline.documents.document_list import chunk_counts
from semantic_assets.pipeline.documents.ingest import Ingested, Ingestion, is_text_name
from semantic_assets.pipeline.flows.refresh_now import BroughtIn
from semantic_assets.rest.bodies import FileResult
from semantic_assets.rest.fair_route import Asking
from semantic_assets.rest.idempotency import Answer
from semantic_assets.rest.problems import told
from semantic_assets.rest.serving import Limits, Serving
from semantic_assets.sandbox.patience import reading_for, require_wanted

_AT_ONCE = 4
_BLOCK = 1 << 20
#: Texts up to this share a write; a larger one is parsed alone.
_SMALL_BYTES = 1 << 20
_WRITE_BYTES = 16 << 20


def upload(
    serving: Serving,
    dataset: DatasetKey,
    files: Sequence[UploadFile],
    asking: Asking,
    *,
    overwrite: bool,
    mode: str,
) -> Answer:
    """Store the files; in modes `sync` and `auto`, also refresh the dataset.

    Raises:
        Problem: the key may store into no more datasets.
        CallerGone: nobody waits for the answer any more; files stored before stay.
    """
    serving.usage.claim_dataset(asking.key, dataset)
    with reading_for(asking.has_gone):  # the refresh after it is for others' files as well
        stored = _Storing(serving, dataset, asking, overwrite).all(files)
    if not any(one.status for one in stored):
        return _answer(
            "failed", dataset, HTTPStatus.UNPROCESSABLE_ENTITY, [_result(one) for one in stored]
        )
    done = (
        None
        if mode == "async"
        else serving.refresh_now(dataset, mode, unshared=asking.key.is_of_one_project)
    )
    results = _with_chunks(serving, dataset, stored, done)
    if done is not None and done.is_searchable:
        return _answer("done", dataset, HTTPStatus.OK, results)
    return _answer("accepted", dataset, HTTPStatus.ACCEPTED, results)


def digest_of(files: Sequence[UploadFile]) -> str:
    """Hash the names and contents of the files; a repeated request has the same hash."""
    digest = blake2b(digest_size=16)
    for file in files:
        name = (file.filename or "").encode(errors="surrogatepass")
        digest.update(len(name).to_bytes(8, "big") + name + (file.size or 0).to_bytes(8, "big"))
        while block := file.file.read(_BLOCK):
            digest.update(block)
        file.file.seek(0)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Storing:
    """The storing of one request's files."""

    serving: Serving
    dataset: DatasetKey
    asking: Asking
    overwrite: bool

    def all(self, files: Sequence[UploadFile]) -> list[Ingested]:
        """Store small texts in one write, other files in parallel, files of one name in order."""
        often = Counter(_folded(file) for file in files)
        small, others, again = {}, {}, {}
        for number, file in enumerate(files):
            if often[_folded(file)] > 1:
                again[number] = file
            elif _is_small_text(file, self.serving.limits):
                small[number] = file
            else:
                others[number] = file
        done = self._small(small)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # Each thread looks for itself whether the caller has gone.
            found = [pool.submit(copy_context().run, self._one, file) for file in others.values()]
            done |= {number: one.result() for number, one in zip(others, found, strict=True)}
        done |= {number: self._one(file) for number, file in again.items()}
        return [done[number] for number in range(len(files))]

    def _small(self, files: Mapping[int, UploadFile]) -> dict[int, Ingested]:
        done: dict[int, Ingested] = {}
        with Ingestion(self.serving.core.store, self.dataset) as ingestion:
            for some in _parts(files):
                documents = [
                    Document(data=files[n].file.read(), name=_name(files[n])) for n in some
                ]
                put = ingestion.put(documents, overwrite=self.overwrite)
                done |= zip(some, put, strict=True)
        return done

    def _one(self, file: UploadFile) -> Ingested:
        require_wanted()
        name = _name(file)
        try:
            if reason := _too_large(file, self.serving.limits):
                return Ingested(name=name, error=reason)
            with Ingestion(self.serving.core.store, self.dataset) as ingestion:
                if is_text_name(name):
                    document = Document(data=file.file.read(), name=name)
                    (done,) = ingestion.put([document], overwrite=self.overwrite)
                    return done
                return self._readable(ingestion, file)
        except SemanticAssetsError as error:
            return Ingested(name=name, error=told(error, "upload"))

    def _readable(self, ingestion: Ingestion, file: UploadFile) -> Ingested:
        """Store a file that a child process must be able to read."""
        with ingestion.room() as path:
            with path.open("wb") as target:
                shutil.copyfileobj(file.file, target, _BLOCK)
            with self.serving.parsing.turn(self.asking.caller, self.asking.has_gone):
                return ingestion.put_readable(_name(file), path, overwrite=self.overwrite)


def _parts(files: Mapping[int, UploadFile]) -> Iterator[list[int]]:
    """Yield the numbers of files that are held in memory together."""
    part, held = [], 0
    for number, file in files.items():
        part.append(number)
        held += file.size or 0
        if held >= _WRITE_BYTES:
            yield part
            part, held = [], 0
    yield part


def _with_chunks(
    serving: Serving, dataset: DatasetKey, stored: Sequence[Ingested], done: BroughtIn | None
) -> list[FileResult]:
    if done is None:
        return [_result(one) for one in stored]
    counts = chunk_counts(
        serving.core.store, dataset, {one.source_uri for one in stored if one.source_uri}
    )
    results = []
    for one in stored:
        of_file = (n for (uri, _), n in counts.items() if uri == one.source_uri)
        chunks = (
            counts.get((one.source_uri or "", one.document_id)) if one.document_id else sum(of_file)
        )
        results.append(_result(one, chunks, list(done.job_ids)))
    return results


def _result(
    one: Ingested, chunks: int | None = None, job_ids: list[str] | None = None
) -> FileResult:
    if one.error is not None or one.status is None:
        return FileResult(file=one.name, error=one.error)
    return FileResult.model_validate(
        {
            "file": one.name,
            "document_id": one.document_id,
            "status": str(one.status),
            "chunks": chunks,
            "batch_job_ids": job_ids or [],
        }
    )


def _answer(
    status: str, dataset: DatasetKey, code: HTTPStatus, results: Sequence[FileResult]
) -> Answer:
    """Return the answer; each result has only the fields of its own shape."""
    shown = [
        {"file": one.file, "error": one.error}
        if one.error is not None
        else one.model_dump(exclude={"error"})
        for one in results
    ]
    body = {"status": status, "dataset": str(dataset), "results": shown}
    return Answer(int(code), json.dumps(body, ensure_ascii=False))


def _name(file: UploadFile) -> str:
    return file.filename or ""


def _folded(file: UploadFile) -> str:
    return unicodedata.normalize("NFC", _name(file))


def _is_small_text(file: UploadFile, limits: Limits) -> bool:
    size = file.size or 0
    return is_text_name(_name(file)) and size <= min(_SMALL_BYTES, limits.file_bytes)


def _too_large(file: UploadFile, limits: Limits) -> str | None:
    if (file.size or 0) <= limits.file_bytes:
        return None
    return f"{_name(file)}: {file.size} bytes, at most {limits.file_bytes} are taken: split it"
