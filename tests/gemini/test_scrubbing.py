"""A secret never comes back in anybody's words, and no name is changed by taking it out."""

import time
import traceback
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from google.genai import errors as google_errors

from semantic_assets.errors import ScopePaused, TransientError
from semantic_assets.gemini.faults import Method, translated
from semantic_assets.ledger.database.engine import open_database
from semantic_assets.text.foreign import scrub_error, scrubbed

_KEY = "AIzaSyA-0123456789-0123456789-012345678"


def test_a_text_that_holds_the_key_loses_it() -> None:
    said = f"Permission denied: Consumer 'api_key:{_KEY}' has been suspended."
    assert _KEY not in scrubbed(said, _KEY)
    assert "'api_key:<key>' has been suspended" in scrubbed(said, _KEY)


def test_a_word_too_short_for_a_key_changes_no_text() -> None:
    """A key of one letter once made `files/batch-h9c6<key>q91` of the name of a result file."""
    assert scrubbed("files/batch-h9c6xq91", "x") == "files/batch-h9c6xq91"
    assert scrubbed("as it is", None) == "as it is"


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"GET https://g.example/v1/files?key={_KEY}&x=1 failed", _KEY),
        ("postgresql://ledger:hunter2@db.example:5432/a refused", "hunter2"),
        ("redis://:hunter2@queue:6379/0", "hunter2"),
        ("invalid dsn: host=db password=hunter2 dbname=a", "hunter2"),
        ('{"api_key": "hunter2hunter2"}', "hunter2hunter2"),
        ("Authorization: Bearer abc0123456789abcdef.xyz", "abc0123456789abcdef"),
        (
            "https://b.s3/x?X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F2026&X-Amz-Signature=0a1b2c3d",
            "0a1b2c3d",
        ),
        ("AccessKeyId AKIAABCDEFGHIJKLMNOP is not known", "AKIAABCDEFGHIJKLMNOP"),
        ("api-key: hunter2hunter2x", "hunter2hunter2x"),
    ],
)
def test_what_looks_like_a_secret_goes_without_being_known(said: str, secret: str) -> None:
    assert secret not in scrubbed(said)


@pytest.mark.parametrize("secret", ["pa:ss/w@rd", "short7", "a-longer-secret-of-a-server"])
def test_a_known_secret_goes_in_every_spelling(secret: str) -> None:
    said = scrubbed(f"at {secret} and {quote(secret, safe='')}.", secret)
    assert said == "at <key> and <key>."


@pytest.mark.parametrize(
    "said",
    [
        "404 NOT_FOUND: models/gemini-embedding-001 is not found for API version v1",
        "line 3: key '0f3a' was not asked for, or answered twice",
        'password authentication failed for user "ledger"',
        "Basic authentication is not enough; the token count was 5",
        "https://ai.google.dev/gemini-api/docs/rate-limits: see at 10:30 @ noon",
    ],
)
def test_honest_words_stay(said: str) -> None:
    assert scrubbed(said) == said


@pytest.mark.parametrize(
    "part", ["://", "a:b@", "key=", "password", "Bearer a", "://u:", "AIza", "= "]
)
def test_a_hostile_megabyte_takes_no_time(part: str) -> None:
    text = part * ((1 << 20) // len(part))
    began = time.process_time()
    scrubbed(text, _KEY)
    assert time.process_time() - began < 5


def test_a_trace_holds_no_key_either() -> None:
    said = {"code": 403, "status": "PERMISSION_DENIED", "message": f"api_key:{_KEY}"}
    body = {"error": {**said, "details": [{"reason": "CONSUMER_SUSPENDED"}]}}
    with pytest.raises(ScopePaused) as raised, translated(Method.FILE, secret=_KEY):
        raise google_errors.ClientError(403, body)
    assert _KEY not in "".join(traceback.format_exception(raised.value))


def test_an_error_before_the_error_loses_it_too() -> None:
    first, second = ValueError(f"sent {_KEY}"), RuntimeError(_KEY)
    second.__cause__ = first
    first.__context__ = second  # a ring must end
    scrub_error(second, _KEY)
    assert _KEY not in f"{first} {second}"


def test_postgres_that_is_away_tells_no_password() -> None:
    url = "postgresql://ledger:correct-horse-battery@127.0.0.1:1/ledger"
    with pytest.raises(TransientError) as raised:
        open_database(url, create=True)
    said = "".join(traceback.format_exception(raised.value))
    assert "correct-horse" not in said
    assert isinstance(raised.value.__cause__, sa.exc.OperationalError)
