"""The kinds of faults: where one fires, and what is said of it. Not here: the faults themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Parameters = Mapping[str, Any]


class At(Enum):
    """Where a fault fires: at calls, or at the birth of a job."""

    CREATE = "create"
    UPLOAD_START = "upload start"
    UPLOAD_CHUNK = "upload chunk"
    FILES = "any call about files"
    GET = "get"
    LIST = "list"
    DOWNLOAD = "download"
    REALTIME = "real time"
    STORAGE = "calls about objects of the Agent Platform"
    TOKEN = "asking for a token"
    SIGNED = "any call with a token"
    ANY = "any call"
    JOB = "birth of a job"
    JOB_OR_REALTIME = "birth of a job, real time"


_REALTIME = ("models.batchEmbedContents", "models.embedContent", "models.generateContent")
#: names, or patterns of names, of the calls a fault fires at
ENDPOINTS: Mapping[At, tuple[str, ...]] = {
    At.CREATE: (
        *("models.asyncBatchEmbedContent", "models.batchGenerateContent"),
        "batchPredictionJobs.create",
    ),
    At.UPLOAD_START: ("files.upload.start",),
    At.UPLOAD_CHUNK: ("files.upload.chunk",),
    At.FILES: (
        *("files.upload.start", "files.get", "files.list"),
        *("files.delete", "files.download"),
    ),
    At.GET: ("batches.get", "batchPredictionJobs.get"),
    At.LIST: ("batches.list", "batchPredictionJobs.list"),
    At.DOWNLOAD: ("files.download",),
    At.STORAGE: ("objects.get", "objects.head", "objects.list", "objects.put", "objects.delete"),
    At.TOKEN: ("token",),
    At.SIGNED: ("*",),
    At.REALTIME: _REALTIME,
    At.ANY: ("*",),
    At.JOB: (),
    At.JOB_OR_REALTIME: _REALTIME,
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One kind of fault."""

    name: str
    at: At
    meaning: str
    #: the defaults; a tuple lists the possible values, None takes anything
    parameters: Parameters


class _Required:
    """The default of a parameter that must be given."""

    def __repr__(self) -> str:
        return "(required)"


REQUIRED = _Required()

Row = tuple[At, str, str, Parameters]
