"""What a file's name says: source code, files known by whole names, and files not read."""

import io

import pytest

from semantic_assets.parsing.code.endings import kind_of
from semantic_assets.parsing.formats import (
    SUPPORTED_SUFFIXES,
    is_supported,
    mime_of,
    stem_of,
    suffix_of,
    text_kind_of,
)
from semantic_assets.parsing.readers import read_records
from semantic_assets.parsing.records import Columns
from semantic_assets.text.kinds import TextKind


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.py", "text/x-python"),
        ("A.JSX", "text/javascript"),
        ("a.d.ts", "text/x-typescript"),
        ("a.R", "text/x-r"),
        ("a.yml", "application/yaml"),
        ("a.toml", "application/toml"),
        ("a.properties", "text/x-ini"),
        ("a.go.gz", "text/x-go"),
        ("Makefile", "text/x-makefile"),
        ("sub/DOCKERFILE", "text/x-dockerfile"),
        ("Dockerfile.dev", "text/x-dockerfile"),
        ("CMakeLists.txt", "text/x-cmake"),
        ("Gemfile", "text/x-ruby"),
    ],
)
def test_code_is_known_by_its_name(name, mime):
    assert mime_of(name) == mime
    assert text_kind_of(mime) is TextKind.CODE


@pytest.mark.parametrize(
    "name", ["LICENSE", "License-MIT", "README.Debian", "x/CHANGELOG", "news.gz"]
)
def test_plain_text_is_known_by_its_whole_name(name):
    assert (mime_of(name), text_kind_of(mime_of(name))) == ("text/plain", TextKind.PLAIN)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("x/Makefile", "Makefile"),
        ("LICENSE-MIT", "LICENSE-MIT"),
        ("CMakeLists.txt", "CMakeLists.txt"),
        ("README.md", "README"),
        ("a.tar.gz", "a"),
        (".py", ".py"),
    ],
)
def test_whole_name_is_its_own_stem(name, stem):
    assert stem_of(name) == stem


@pytest.mark.parametrize(
    "name", [".env", ".gitignore", "prod.env", "licenses", "makefiles", "noend"]
)
def test_other_names_are_not_read(name):
    assert not is_supported(name)


@pytest.mark.parametrize("name", ["a.log", "a.diff", "a.patch"])
def test_logs_and_differences_are_plain(name):
    assert text_kind_of(mime_of(name)) is TextKind.PLAIN


def test_code_is_kept_as_it_is(read):
    [record] = read("a.py", "# kiln\n\ndef heat():\n\treturn 1\n")
    assert (record.text, record.title) == ("# kiln\n\ndef heat():\n\treturn 1", "a")
    assert (record.mime, record.is_title_shown_only) == ("text/x-python", True)


def test_longest_suffix_is_taken():
    assert suffix_of("a.tar.gz") == ".tar.gz"
    assert suffix_of("a.b.zip") == ".zip"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("setup.exe", "programs that end in .exe: exclude it"),
        ("lib.so", "programs that end in .so"),
        ("a.7z", "archives that end in .7z: unpack it"),
        ("a.rar", "archives that end in .rar: unpack it"),
        ("a.iso", "images of disks"),
        ("a.sqlite", "databases that end in .sqlite: export its tables as CSV"),
        ("a.pages", "Apple iWork documents that end in .pages: export it as PDF"),
        ("a.dwg", "drawings that end in .dwg: export it as PDF"),
        ("a.psd", "pictures that end in .psd: save it as PNG or JPEG"),
        ("a.ttf", "fonts"),
        ("a.pyc", "programs"),
        (".env", "may be secrets"),
        ("prod.env", "may be secrets"),
        ("id.pem", "may be secrets"),
        ("a.xyz", "files that end in .xyz: save it in another format"),
        ("noend", "files whose names have no ending"),
    ],
)
def test_reason_names_what_the_file_is_and_the_remedy(name, said):
    [record] = read_records(name, io.BytesIO(b"x"), columns=Columns())
    assert record.parse_error.startswith("no reader takes ")
    assert said in record.parse_error


def test_no_ending_that_is_read_has_a_reason_not_to_be():
    said = [name for name in SUPPORTED_SUFFIXES if kind_of(name)[0] != f"files that end in {name}"]
    assert said == []
