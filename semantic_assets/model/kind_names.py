"""The short name of a document's format, as people write it in a filter: `pdf`, `md`, `docx`."""

#: MIME types that do not end in a usual name. The others lose what stands before their last word.
_NAMES = {
    "text/plain": "txt",
    "text/markdown": "md",
    "text/asciidoc": "adoc",
    "text/javascript": "js",
    "text/tab-separated-values": "tsv",
    "text/x-typescript": "ts",
    "text/x-python": "py",
    "text/x-c++": "cpp",
    "text/x-objective-c": "m",
    "text/x-csharp": "cs",
    "text/x-fsharp": "fs",
    "text/x-ruby": "rb",
    "text/x-rust": "rs",
    "text/x-kotlin": "kt",
    "text/x-shellscript": "sh",
    "text/x-powershell": "ps1",
    "text/x-julia": "jl",
    "text/x-perl": "pl",
    "text/x-haskell": "hs",
    "text/x-ocaml": "ml",
    "text/x-elixir": "ex",
    "text/x-erlang": "erl",
    "text/x-clojure": "clj",
    "text/x-bibtex": "bib",
    "text/x-gettext": "po",
    "application/x-subrip": "srt",
    "text/x-ssa": "ass",
    "application/x-ndjson": "jsonl",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-excel.sheet.binary.macroenabled.12": "xlsb",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.ms-outlook": "msg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "message/rfc822": "eml",
    "image/jpeg": "jpg",
}


def kind_name(mime: str) -> str:
    """Return the short name of a MIME type: `application/pdf` is `pdf`, `text/x-go` is `go`."""
    if mime in _NAMES:
        return _NAMES[mime]
    word = mime.rpartition("/")[2].partition("+")[0]
    return word.removeprefix("x-").rpartition(".")[2]
