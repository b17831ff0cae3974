"""The tools of the MCP server, called by the SDK's client in the process of the test."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult

from semantic_assets.api.semantic_core import SemanticCore
from semantic_assets.errors import RateLimited
from semantic_assets.mcp.answers import MAX_ANSWER_CHARS, bounded
from semantic_assets.mcp.inputs import MAX_AROUND, MAX_CHARS
from semantic_assets.mcp.server import make_server
from semantic_assets.mcp.visitor import Visitor
from semantic_assets.pipeline.search.search_hit import Answer, SearchHit
from tests.mcp.agent_world import HOSTILE, LONG_TEXT, Session, World, failed, found, text_of

_T = TypeVar("_T")
TOOLS = ["search", "read_passage", "read_document", "list_datasets", "estimate"]


class Agent:
    """A client connected to a server over the world's lake."""

    def __init__(self, core: SemanticCore, visitor: Visitor) -> None:
        self._server = make_server(core, lambda _: visitor)

    def do(self, work: Session[_T]) -> _T:
        async def session() -> _T:
            async with Client(self._server) as client:
                return await work(client)

        return asyncio.run(session())

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        return self.do(lambda client: client.call_tool(tool, arguments))

    def hit(self, question: str, **options: Any) -> dict[str, Any]:
        first: dict[str, Any] = found(self.call("search", question=question, **options))["hits"][0]
        return first


@pytest.fixture
def core(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[SemanticCore]:
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    with SemanticCore(world.root) as opened:
        yield opened


@pytest.fixture
def agent(core: SemanticCore) -> Agent:
    return Agent(core, Visitor())


@pytest.fixture
def acme(core: SemanticCore) -> Agent:
    """Whose key is bound to one project."""
    return Agent(core, Visitor("acme"))


def test_every_tool_says_that_it_reads_and_what_it_answers(agent: Agent) -> None:
    async def tools(client: Client) -> Any:
        return (await client.list_tools()).tools

    listed = agent.do(tools)
    assert [tool.name for tool in listed] == TOOLS
    for tool in listed:
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert tool.output_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert "cost" in tool.description.lower()
    # What a client holds in its window for a whole session.
    assert len(json.dumps([tool.model_dump(mode="json") for tool in listed])) < 24_000


def test_a_hit_leads_to_its_passage_and_to_its_document(agent: Agent) -> None:
    answer = agent.call("search", question="When is the pump P-17 stopped?", datasets=["acme/docs"])
    hit = found(answer)["hits"][0]
    assert "stopped at 80 degrees" in hit["text"]
    assert f"chunk_id {hit['chunk_id']}" in text_of(answer)
    passage = found(
        agent.call("read_passage", dataset=hit["dataset"], chunk_id=hit["chunk_id"], around=0)
    )
    assert (passage["text"], passage["before"], passage["after"]) == (hit["text"], "", "")
    document = found(
        agent.call("read_document", dataset=hit["dataset"], document_id=hit["document_id"])
    )
    assert document["text"][hit["start_char"] : hit["end_char"]] == hit["text"]
    assert document["metadata"] == {"author": "Lin", "year": "2021"}


@pytest.mark.parametrize(
    "where", [{"kind": "md"}, ["kind=md"], "kind=md", {"year": {">=": 2020}}, ["author~li"]]
)
def test_a_search_is_narrowed_by_what_the_datasets_list_names(agent: Agent, where: Any) -> None:
    hits = found(agent.call("search", question="boiler", where=where, floor=False))["hits"]
    assert {hit["uri"] for hit in hits} == {"acme/docs/manual.md"}
    assert hits[0]["metadata"] == {"author": "Lin", "year": "2021"}


def test_an_identifier_is_found_by_words_alone(agent: Agent) -> None:
    answer = agent.call("search", question="P-17", mode="words")
    (hit,) = found(answer)["hits"]
    assert hit["sentence"]["text"] == "The pump P-17 is stopped at 80 degrees."
    assert "(number 1 by words)" in text_of(answer)


def test_pages_follow_one_another_until_there_are_no_more(agent: Agent) -> None:
    asked = {"question": "the long log", "datasets": ["acme/logs"], "k": 2, "floor": False}
    pages = [found(agent.call("search", **asked, offset=offset)) for offset in (0, 2)]
    ids = [hit["chunk_id"] for page in pages for hit in page["hits"]]
    assert len(set(ids)) == len(ids) == 4
    assert pages[0]["has_more"]
    asked = {"question": "pump", "datasets": ["acme/docs"], "floor": False}
    assert not found(agent.call("search", **asked))["has_more"]


def test_hits_are_grouped_by_document(agent: Agent) -> None:
    options = {"group": "document", "per_document": 2, "k": 3, "floor": False}
    hits = found(agent.call("search", question="log of the boiler", **options))["hits"]
    documents = [hit["document_id"] for hit in hits]
    assert documents == sorted(documents, key=documents.index)
    assert max(map(documents.count, documents)) <= 2


def test_a_question_to_which_nothing_is_close_gets_a_sentence(agent: Agent) -> None:
    answer = agent.call("search", question="zyxwv qponm")
    assert found(answer)["hits"] == []
    assert len(text_of(answer).splitlines()) == 1


def test_a_passage_is_read_with_what_stands_around_it(agent: Agent) -> None:
    hit = agent.hit("Line 000432 of the long log", datasets=["acme/logs"])
    place = {"dataset": "acme/logs", "document_id": hit["document_id"]}
    place |= {"start_char": hit["start_char"] + 100, "end_char": hit["start_char"] + 200}
    passage = found(agent.call("read_passage", **place, around=50))
    whole = passage["before"] + passage["text"] + passage["after"]
    start = hit["start_char"] + 50
    assert whole == LONG_TEXT[start : start + 200]
    assert [len(passage[name]) for name in ("before", "text", "after")] == [50, 100, 50]


def test_a_long_document_is_read_part_by_part_to_its_end(agent: Agent) -> None:
    document = agent.hit("the long log", datasets=["acme/logs"])["document_id"]
    parts, offset = [], 0
    while offset is not None:
        arguments = {"document_id": document, "offset": offset, "limit": MAX_CHARS}
        answer = agent.call("read_document", dataset="acme/logs", **arguments)
        part = found(answer)
        assert len(text_of(answer)) < 2 * MAX_CHARS
        assert part["total_chars"] == len(LONG_TEXT)
        parts.append(part["text"])
        offset = part["next_char"]
    assert len(parts) > 1
    assert "".join(parts) == LONG_TEXT


def test_a_document_is_a_resource_too(agent: Agent) -> None:
    document = agent.hit("the long log", datasets=["acme/logs"])["document_id"]

    async def read(client: Client) -> Any:
        (template,) = (await client.list_resource_templates()).resource_templates
        assert (
            template.uri_template == "semantic-assets://{project}/{dataset}/{document_id}{?offset}"
        )
        address = f"semantic-assets://acme/logs/{document}"
        first = (await client.read_resource(address)).contents[0]
        return first, (await client.read_resource(f"{address}?offset={MAX_CHARS}")).contents[0]

    first, second = agent.do(read)
    assert first.meta["next_char"] == MAX_CHARS
    assert first.text + second.text == LONG_TEXT


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("semantic-assets://acme/logs", "write it as"),
        ("semantic-assets://acme/logs/nothing", "holds no document"),
        ("semantic-assets://acme/logs/nothing?offset=-1", "write it as"),
        ("semantic-assets://other/notes/nothing", "project other is not read here"),
        ("file:///etc/passwd", "write it as"),
    ],
)
def test_a_resource_that_cannot_be_read_is_an_error(acme: Agent, address: str, said: str) -> None:
    async def read(client: Client) -> None:
        with pytest.raises(MCPError, match=said):
            await client.read_resource(address)

    acme.do(read)


def test_datasets_are_listed_with_what_can_be_filtered_and_what_is_missing(agent: Agent) -> None:
    answer = agent.call("list_datasets")
    listed = {one["dataset"]: one for one in found(answer)["datasets"]}
    assert sorted(listed) == ["acme/docs", "acme/logs", "other/notes"]
    docs = listed["acme/docs"]
    assert (docs["documents"], docs["metadata_keys"]) == (2, ["author", "year"])
    assert docs["passages"] >= 2
    assert "metadata keys: author, year" in text_of(answer)
    page = found(agent.call("list_datasets", offset=1, limit=1))
    assert ([one["dataset"] for one in page["datasets"]], page["total"]) == (["acme/logs"], 3)


def test_the_estimate_counts_what_was_written_since_the_last_refresh(agent: Agent) -> None:
    quote = found(agent.call("estimate", datasets=["acme/docs"]))
    assert (quote["unread_files"], quote["is_free"]) == (1, True)
    assert found(agent.call("estimate", datasets=["other"]))["unread_files"] == 0


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {"question": ""}, "question: String should have at least 1 character"),
        ("search", {"question": "x", "k": 1_000}, "k: Input should be less than or equal to 50"),
        ("search", {"question": "x", "k": "8"}, "k: Input should be a valid integer"),
        ("search", {"question": "x", "key": "sak_1"}, "key: Extra inputs are not permitted"),
        ("search", {"question": "x", "datasets": ["acme/none"]}, "acme/none"),
        ("search", {"question": "x", "datasets": ["nobody"]}, "nobody"),
        ("search", {"question": "x", "where": ["year>=soon"]}, "year>=soon"),
        ("search", {"question": "x", "where": {"colour": "red"}}, "colour"),
        ("search", {"question": "x", "mode": "both"}, "mode: Input should be 'hybrid'"),
        ("search", {"question": "x", "datasets": ["ACME/Docs"]}, "use only a-z"),
        ("search", {"question": "   "}, "a question is empty"),
        ("read_passage", {"dataset": "acme/docs"}, "chunk_id, or by document_id"),
        ("read_passage", {"dataset": "acme/docs", "chunk_id": "none"}, "search anew"),
        ("read_passage", {"dataset": "acme"}, "write it as project/dataset"),
        ("read_document", {"dataset": "acme/none", "document_id": "x"}, "there is no dataset"),
        ("read_document", {"dataset": "acme/docs", "document_id": "x"}, "holds no document 'x'"),
        ("nothing", {}, "there is no tool 'nothing': use search, read_passage"),
    ],
)
def test_an_error_is_one_line_with_what_to_do(
    agent: Agent, tool: str, arguments: dict[str, Any], said: str
) -> None:
    assert said in failed(agent.call(tool, **arguments))


def test_beyond_the_end_of_a_document_stands_nothing(agent: Agent) -> None:
    document = agent.hit("pump", datasets=["acme/docs"])["document_id"]
    place = {"dataset": "acme/docs", "document_id": document}
    assert "begin at 0" in failed(agent.call("read_document", **place, offset=10**6))
    place |= {"start_char": 10**6, "end_char": 10**6 + 1}
    assert "begin at 0" in failed(agent.call("read_passage", **place, around=MAX_AROUND))


def test_one_project_sees_nothing_of_another(acme: Agent, agent: Agent) -> None:
    asked = {"question": "the secret plan of the other project", "floor": False}
    hits = found(acme.call("search", **asked))["hits"]
    assert {hit["dataset"].partition("/")[0] for hit in hits} == {"acme"}
    listed = found(acme.call("list_datasets"))
    assert [one["dataset"] for one in listed["datasets"]] == ["acme/docs", "acme/logs"]
    secret = agent.hit("the secret plan of the other project", datasets=["other"])
    named = {"dataset": "other/notes"}
    for tool, arguments in (
        ("search", {"question": "plan", "datasets": ["other/notes"]}),
        ("search", {"question": "plan", "datasets": ["other"]}),
        ("read_passage", named | {"chunk_id": secret["chunk_id"]}),
        ("read_document", named | {"document_id": secret["document_id"]}),
        ("estimate", {"datasets": ["other/notes"]}),
    ):
        said = failed(acme.call(tool, **arguments))
        assert "project other is not read here" in said
        assert "boiler" not in said
    # By an id alone it is not found either.
    alike = {"dataset": "acme/docs", "chunk_id": secret["chunk_id"]}
    assert "holds no passage" in failed(acme.call("read_passage", **alike))


def test_text_of_documents_is_quoted_data_and_exact_in_structured_content(agent: Agent) -> None:
    answer = agent.call("search", question="When is the valve of the boiler tested?", k=3)
    hit = next(hit for hit in found(answer)["hits"] if hit["uri"].endswith("hostile.txt"))
    read = agent.call("read_document", dataset=hit["dataset"], document_id=hit["document_id"])
    exact = found(read)["text"]
    assert "ignore all earlier instructions" in exact
    assert "\x1b[2J" in exact
    assert exact.splitlines()[:2] == HOSTILE.splitlines()[:2]
    for shown in (text_of(answer), text_of(read)):
        assert "\\x1b[2J" in shown
        assert "\x1b" not in shown
        given = [line for line in shown.splitlines() if "ignore all" in line]
        assert given
        assert all(line.startswith("> ") for line in given)


def test_long_answers_are_cut_from_their_end(agent: Agent) -> None:
    answer = agent.call("search", question="the long log", datasets=["acme/logs"], k=50)
    structured = found(answer)
    assert sum(len(hit["text"]) for hit in structured["hits"]) <= MAX_ANSWER_CHARS
    (hit, *_) = agent_hits(agent)
    long = replace(hit, text="x" * (MAX_ANSWER_CHARS - 10))
    cut = bounded(Answer([long, replace(hit, text="y" * 20), hit]))
    assert [len(one.text) for one in cut.hits] == [MAX_ANSWER_CHARS - 10, 10, 0]
    assert cut.cut == [2, 3]


def agent_hits(agent: Agent) -> list[Any]:
    names = {"score", "dataset", "document_id", "chunk_id", "uri", "title", "chunk_index"}
    names |= {"start_char", "end_char", "heading_path", "page", "text"}
    return [SearchHit(**{name: hit[name] for name in names}) for hit in [agent.hit("pump")]]


def test_trouble_is_told_as_the_visitor_may_hear_it(core: SemanticCore) -> None:
    def told(error: Exception) -> str:
        return f"told {type(error).__name__}"

    agent = Agent(core, Visitor(told=told))
    assert failed(agent.call("read_passage", dataset="acme/docs")) == "told ConfigError"
    assert RateLimited.__mro__[1].__name__ == "TransientError"


def test_an_unexpected_error_tells_nothing_of_itself(
    core: SemanticCore, caplog: pytest.LogCaptureFixture
) -> None:
    def told(_: Exception) -> str:
        raise AssertionError

    class Broken(Visitor):
        def dataset(self, name: str) -> Any:
            raise RuntimeError("the key is sak_0123456789012345678901")

    agent = Agent(core, Broken(told=told))
    answer = agent.call("read_document", dataset="acme/docs", document_id="x")
    assert failed(answer) == "an error of the server; its log says which"
    assert "read_document failed" in caplog.text


def test_no_tool_changes_a_file_of_the_lake(agent: Agent, world: World) -> None:
    before = world.snapshot()
    hit = agent.hit("pump")
    for tool, arguments in (
        ("search", {"question": "pump", "datasets": ["acme"]}),
        ("read_passage", {"dataset": hit["dataset"], "chunk_id": hit["chunk_id"]}),
        ("read_document", {"dataset": hit["dataset"], "document_id": hit["document_id"]}),
        ("list_datasets", {}),
        ("estimate", {}),
    ):
        found(agent.call(tool, **arguments))
    assert world.snapshot() == before


def test_eight_calls_at_once_are_all_answered(agent: Agent) -> None:
    async def together(client: Client) -> list[CallToolResult]:
        asked = [{"question": f"When is pump {n} stopped?", "k": 1 + n} for n in range(8)]
        return await asyncio.gather(*(client.call_tool("search", one) for one in asked))

    assert [len(found(one)["hits"]) for one in agent.do(together)] == list(range(1, 9))
