"""What was sent, and what was paid for more than once."""

from hashlib import sha256

import httpx2
import pytest
from google.genai.types import Content, Part

pytestmark = pytest.mark.filterwarnings(
    "ignore:batches.create_embeddings:google.genai.errors.ExperimentalWarning"
)


@pytest.fixture
def bill(emulator, ask):
    return lambda: ask(emulator, "/emulator/bill")


def test_nothing_was_paid(bill):
    assert bill() == {
        "texts": 0,
        "sent": 0,
        "tokens_of": {},
        "sent_more_than_once": 0,
        "paid_more_than_once": [],
        "repaired": [],
        "generation": {"requests": 0, "paid": 0, "prompt_tokens": 0, "output_tokens": 0},
        "realtime_texts": 0,
        "realtime_tokens": 0,
        "realtime_requests": 0,
    }


def test_text_paid_twice_is_named_with_its_jobs(client, make_job, advance, bill):
    first, second = make_job("same", "alone"), make_job("other", "same")
    client.batches.delete(name=second.name)  # changes nothing: it goes on, and is billed
    assert bill()["paid_more_than_once"] == []  # nothing has ended
    advance(100)
    counted = bill()
    assert (counted["texts"], counted["sent"], counted["sent_more_than_once"]) == (3, 4, 1)
    assert bill()["paid_more_than_once"] == [
        {
            "text_sha": sha256(b"same").hexdigest(),
            "model": "gemini-embedding-001",
            "sent": 2,
            "jobs": [first.name, second.name],
        }
    ]


def test_text_twice_in_one_job_is_paid_twice(make_job, advance, bill):
    job = make_job("same", "same")
    advance(100)
    (paid,) = bill()["paid_more_than_once"]
    assert paid["jobs"] == [job.name] * 2


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("ends-failed", {}),
        ("ends-expired", {}),
        ("ends-cancelled", {}),
        ("ends-partially-succeeded", {"served_fraction": 0.0}),
        ("transient-error-lines", {"fraction": 1.0}),
        ("invalid-texts", {"contains": "same"}),
    ],
)
def test_row_without_an_answer_is_not_paid(arm, make_job, advance, bill, fault, parameters):
    arm(fault, **parameters)
    make_job("same"), make_job("same")
    advance(100)
    assert (bill()["sent_more_than_once"], bill()["paid_more_than_once"]) == (1, [])


@pytest.mark.parametrize("fault", ["missing-keys", "nan-values", "deleted-by-somebody"])
def test_answer_that_is_of_no_use_is_paid(arm, make_job, advance, bill, fault):
    arm(fault)
    make_job("same"), make_job("same")
    advance(100)
    assert len(bill()["paid_more_than_once"]) == 1


def test_job_nobody_was_told_of_is_paid(arm, make_job, advance, bill):
    arm("lost-create-response")
    with pytest.raises(httpx2.RemoteProtocolError):
        make_job("same")
    make_job("same")
    advance(100)
    assert len(bill()["paid_more_than_once"]) == 1


def test_another_dimension_or_model_is_other_work(
    client, upload, embed_line, create, advance, bill
):
    for size in (8, 16):
        name = upload(client, embed_line("a", "same", outputDimensionality=size))
        for model in ("gemini-embedding-001", "gemini-embedding-2"):
            create(client, name, model=model)
    advance(100)
    assert (bill()["texts"], bill()["paid_more_than_once"]) == (4, [])


def test_realtime_texts_are_counted(client, bill):
    contents = [Content(parts=[Part(text=text)]) for text in "abc"]
    for _ in range(2):
        client.models.embed_content(model="gemini-embedding-001", contents=contents)
    assert bill()["realtime_texts"] == 6
