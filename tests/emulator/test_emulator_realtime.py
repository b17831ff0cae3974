"""Embedding, counting and generating at once."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from google.genai import errors, types

from semantic_assets.emulator.answers.excerpts import MARK


def _embed(client, texts, model="gemini-embedding-001", **config):
    contents = [types.Content(parts=[types.Part(text=text)]) for text in texts]
    answer = client.models.embed_content(model=model, contents=contents, config=config)
    return np.array([embedding.values for embedding in answer.embeddings])


def test_each_text_has_its_vector_of_the_wanted_dimension(client):
    vectors = _embed(client, ["one text", "another"], output_dimensionality=96)
    assert vectors.shape == (2, 96)
    assert not np.allclose(vectors[0], vectors[1])


def test_default_dimension_is_3072(client):
    assert _embed(client, ["one"]).shape == (1, 3072)


def test_more_than_100_texts_are_refused(client):
    assert len(_embed(client, ["x"] * 100, output_dimensionality=2)) == 100
    with pytest.raises(errors.ClientError, match="at most 100 requests") as refused:
        _embed(client, ["x"] * 101, output_dimensionality=2)
    assert refused.value.code == 400


def test_empty_text_is_refused(client):
    with pytest.raises(errors.ClientError, match="INVALID_ARGUMENT"):
        _embed(client, ["fine", ""])


def test_embedding_2_merges_the_parts_of_one_content(client):
    merged = client.models.embed_content(model="gemini-embedding-2", contents=["a", "b"])
    assert len(merged.embeddings) == 1
    assert len(_embed(client, ["a", "b"], model="gemini-embedding-2")) == 2


def test_embed_content_answers_one_embedding(emulator, ask):
    path = "/v1/models/gemini-embedding-001:embedContent"
    answer = ask(
        emulator,
        path,
        {"content": {"parts": [{"text": "x"}]}, "embedContentConfig": {"outputDimensionality": 3}},
    )
    assert len(answer["embedding"]["values"]) == 3


def test_batch_and_realtime_give_one_vector(emulator, ask):
    request = {"content": {"parts": [{"text": "same"}]}, "output_dimensionality": 5}
    single = ask(emulator, "/v1/models/gemini-embedding-2:embedContent", request)
    named = {"model": "models/gemini-embedding-2", **request}
    many = ask(
        emulator, "/v1/models/gemini-embedding-2:batchEmbedContents", {"requests": [named] * 2}
    )
    assert many["embeddings"] == [single["embedding"]] * 2


def test_tokens_of_a_chat_model_are_counted(client):
    counted = client.models.count_tokens(model="gemini-3.5-flash", contents="abcdefghij, k")
    assert counted.total_tokens == 4


def test_tokens_of_an_embedding_model_are_counted_too(client):
    """As recorded live of gemini-embedding-001 on 2026-01-15, with the same details."""
    for model in ("gemini-embedding-001", "gemini-embedding-2"):
        counted = client.models.count_tokens(model=model, contents="abcdefghij, k")
        assert counted.total_tokens == 4


def test_a_body_over_4_mib_is_refused(client):
    with pytest.raises(errors.ClientError, match="exceeds the limit: 4194304 bytes") as refused:
        _embed(client, ["\u0436" * 350_000] * 2)
    assert refused.value.code == 400


def test_unknown_model_is_not_found(client):
    with pytest.raises(errors.ClientError, match="models/gemini-9 is not found") as refused:
        _embed(client, ["x"], model="gemini-9")
    assert (refused.value.code, refused.value.status) == (404, "NOT_FOUND")


def test_generation_takes_its_answer_from_the_text(client):
    prompt = "Summarise this.\n\nThe sea is blue today. Nothing else happened there. Really."
    answer = client.models.generate_content(model="gemini-3.5-flash", contents=prompt)
    assert answer.text == f"{MARK}The sea is blue today. {MARK}Nothing else happened there."
    assert answer.candidates[0].finish_reason == types.FinishReason.STOP
    usage = answer.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count > 20


_SCHEMA = {
    "type": "OBJECT",
    "required": ["title", "tags", "score", "year", "kind", "is_new", "author"],
    "properties": {
        "title": {"type": "STRING", "maxLength": 12},
        "tags": {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": 2, "maxItems": 3},
        "score": {"type": "NUMBER", "minimum": 0.5, "maximum": 1.5},
        "year": {"type": "INTEGER", "minimum": 1990, "maximum": 1995},
        "kind": {"type": "STRING", "enum": ["a", "b"]},
        "is_new": {"type": "BOOLEAN"},
        "author": {"type": "OBJECT", "properties": {"name": {"type": "STRING"}}},
    },
}


def _check(value):
    assert isinstance(value["title"], str)
    assert len(value["title"]) <= 12
    assert value["tags"] == ["sentence", "winding", "about"]
    assert all(isinstance(tag, str) for tag in value["tags"])
    assert 0.5 <= value["score"] <= 1.5
    assert isinstance(value["year"], int)
    assert 1990 <= value["year"] <= 1995
    assert value["kind"] in ("a", "b")
    assert isinstance(value["is_new"], bool)
    assert isinstance(value["author"]["name"], str)


def _lowered(schema):
    """The same schema in JSON Schema's spelling."""
    if isinstance(schema, dict):
        return {
            name: value.lower() if name == "type" and isinstance(value, str) else _lowered(value)
            for name, value in schema.items()
        }
    return schema


@pytest.mark.parametrize(
    "schema",
    [{"response_schema": _SCHEMA}, {"response_json_schema": _lowered(_SCHEMA)}],
    ids=["response_schema", "response_json_schema"],
)
def test_generation_obeys_a_schema(client, schema):
    answer = client.models.generate_content(
        model="gemini-3.5-flash",
        contents="Describe this.\n\nA long and winding sentence about a river.",
        config={"response_mime_type": "application/json", **schema},
    )
    _check(json.loads(answer.text))


def test_generation_follows_references_and_ends_recursion(emulator, ask):
    schema = {
        "$defs": {"Node": {"type": "object", "required": ["next", "n"], "properties": {}}},
        "$ref": "#/$defs/Node",
    }
    schema["$defs"]["Node"]["properties"] = {
        "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
        "n": {"type": ["integer", "null"]},
    }
    answer = ask(
        emulator,
        "/v1/models/gemini-3.5-flash:generateContent",
        {
            "contents": [{"parts": [{"text": "x"}]}],
            "generation_config": {
                "response_mime_type": "application/json",
                "response_json_schema": schema,
            },
        },
    )
    value = json.loads(answer["candidates"][0]["content"]["parts"][0]["text"])
    assert isinstance(value["n"], int)
    assert isinstance(value["next"]["next"]["n"], int)


@pytest.mark.parametrize(
    ("headers", "path", "code", "status"),
    [
        ({}, "/v1/batches", 403, "PERMISSION_DENIED"),
        ({"x-goog-api-key": "k"}, "/v1/nothing", 404, "NOT_FOUND"),
        ({"x-goog-api-key": "k"}, "/v2/batches", 404, "NOT_FOUND"),
        ({"x-goog-api-key": "k"}, "/v1/batches?pageToken=!", 400, "INVALID_ARGUMENT"),
    ],
)
def test_every_refusal_wears_googles_envelope(emulator, headers, path, code, status):
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(emulator.base_url + path, headers=headers), timeout=10)
    with refused.value as reply:
        error = json.load(reply)["error"]
    assert (reply.status, error["code"], error["status"]) == (code, code, status)
    assert error["message"]


def test_broken_json_is_an_invalid_argument(emulator):
    url = f"{emulator.base_url}/v1/models/gemini-3.5-flash:generateContent"
    request = Request(url, data=b"{", headers={"x-goog-api-key": "k"})
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=10)
    with refused.value as reply:
        assert json.load(reply)["error"]["status"] == "INVALID_ARGUMENT"
