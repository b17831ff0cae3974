"""Every command, typed once over a small lake on the emulator, in an order that makes sense."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from semantic_assets.cli import main
from semantic_assets.emulator.server import serve_in_thread

#: (what is typed, exit code, what the answer names). JOB stands for the first job, OUT for a folder.
SCRIPT: tuple[tuple[str, int, str], ...] = (
    ("init", 0, "ledger"),
    ("probe --yes", 0, "holds"),
    ("probe --generate --yes", 0, "response_json_schema"),
    ("estimate", 0, "files not read yet"),
    ("estimate --exact", 0, "files not read yet"),
    ("add OUT/in.txt --to acme/gates", 0, "next: `semantic-assets refresh -d acme/gates`"),
    ("ingest OUT/in.txt -d acme/locks", 0, "1 uploaded"),
    ("send --yes", 0, "texts sent in 1 jobs"),
    ("collect --watch --interval 0", 0, "vectors_landed"),
    ("refresh --no-wait --yes", 0, "nothing new"),
    ("refresh --yes", 0, "nothing new"),
    ("search heron -k 1", 0, "passage"),
    ("search heron --mode words -d acme --group document --per-document 1", 0, "passage"),
    ("search heron --where kind=txt --offset 0 --no-floor --json", 0, "sentence"),
    ("status", 0, "the bill"),
    ("status JOB", 0, "COMPLETED"),
    ("jobs", 0, "COMPLETED"),
    ("ls", 0, "acme.birds.00000"),
    ("ls --pending --projects", 0, "acme"),
    ("sql 'SELECT count(*) AS n FROM chunks'", 0, "n"),
    ("window", 0, "enqueued tokens"),
    ("results JOB -o OUT/v.parquet", 0, "vectors in"),
    ("cancel JOB --yes", 1, "nothing to cancel"),
    ("resolve JOB --abandon", 1, "unconfirmed"),
    ("failures", 0, "nothing found"),
    ("retry --errors-only", 0, "0 texts are pending again"),
    ("verify", 0, "unit_norm"),
    ("quality", 0, "nothing found"),
    ("recover", 0, "0 jobs to be confirmed"),
    ("cleanup --dry-run", 0, "remote_jobs"),
    ("cleanup --results --dry-run", 0, ""),
    ("index list", 0, "serving"),
    ("index build acme/birds", 0, "is current"),
    ("ingest OUT/more.txt -d acme/birds", 0, "1 uploaded"),
    ("refresh --yes --mode sync", 0, "embedded at once"),
    ("index rollback acme/birds", 0, "serves"),
    ("index switch acme/birds 2", 0, "serves"),
    ("index export acme/birds OUT/birds.bin", 0, "vectors"),
    ("export acme/birds OUT/birds", 0, "2 rows of acme/birds in"),
    ("export acme/birds OUT/birds", 0, "0 shards written, 1 as they were"),
    ("import-vectors OUT/paid.parquet", 2, "do not agree"),
    ("reindex --model gemini-embedding-2 -d acme/locks --yes", 0, "gemini-embedding-2"),
    ("generate list", 0, "summary-en"),
    ("generate submit OUT/in.jsonl -t summary-en -n week --dry-run", 0, "usd_high"),
    ("generate submit OUT/in.jsonl -t summary-en -n week --yes", 4, "documents are out"),
    ("generate status week --wait", 0, "ready"),
    ("generate results week", 0, "heron"),
    ("generate results week OUT/week.parquet", 0, "2 rows in"),
    ("generate results week OUT/week.csv", 2, "name it .jsonl or .parquet"),
    ("generate retry week", 0, "0 requests are pending again"),
    ("generate regenerate -d generate/week -t summary-en --yes", 0, "is_changed"),
    ("status week", 0, "summary-en"),
    ("results week OUT/week.jsonl", 0, "2 rows in"),
    # The same articles were answered before: nothing is sent.
    ("submit-contents OUT/in.jsonl --name more --yes", 0, "summary-en"),
    ("generate submit --dataset acme/birds -t entities-en --realtime --yes", 0, "entities-en"),
    ("generate stop acme/birds -t entities-en", 0, "stopped"),
    ("rm acme/locks --yes", 0, "acme/locks"),
    ("keys create --project acme --role read", 0, "sak_"),
    ("keys list", 0, "read"),
    ("keys revoke none", 1, "keys list"),
    ("spend add 1.25 --note 'a notebook'", 0, "a notebook"),
    ("spend list", 0, "1.25"),
    ("spend remove none", 1, "spend list"),
    ("doctor", 0, "ledger"),
    ("completion bash", 0, "bash_source"),
    ("capacity --articles 12000", 0, "12,000 articles"),
    ("compact", 0, "0 tables are one file each"),
    ("migrate --to-root OUT/moved --dry-run", 0, "would be moved"),
    ("migrate --to-root OUT/moved", 0, "moved, and read back"),
    ("status", 2, "was moved to"),
    ("--log-level warning status --root OUT/moved", 0, "the bill"),
)
#: These serve until they are stopped: test_cli_queue.py, tests/mcp and tests/rest/test_map.py start them.
ELSEWHERE = {"serve", "emulator", "mcp", "map"}


def _leaves(command: click.Command, name: str = "") -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield name
        return
    for child, found in command.commands.items():
        if found.hidden:  # an old name: another test types it
            continue
        yield from _leaves(found, f"{name} {child}".strip())


def test_every_command_is_in_the_script() -> None:
    typed = [line for line, _, _ in SCRIPT]
    missing = [
        name
        for name in _leaves(main)
        if name not in ELSEWHERE and not any(f"{line} ".startswith(f"{name} ") for line in typed)
    ]
    assert missing == []


@pytest.mark.dear
def test_every_command_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    birds = tmp_path / "sources" / "acme" / "birds"
    birds.mkdir(parents=True)
    (birds / "heron.txt").write_text("The heron stands in the reeds.")
    (tmp_path / "in.txt").write_text("The lock is shut in frost.")
    (tmp_path / "more.txt").write_text("The crane flies south.")
    (tmp_path / "in.jsonl").write_text(
        '{"id": "1", "text": "The heron stands in the reeds. It waits."}\n'
        '{"id": "2", "text": "The crane flies south. It is loud."}\n'
    )
    vectors = pa.table({"text": ["Never seen."], "vector": [[1.0] + [0.0] * 127]})
    pq.write_table(vectors, tmp_path / "paid.parquet")
    server = serve_in_thread(tmp_path / "emulator", tier=1, latency_seconds=0.2)
    for name, value in {
        "ROOT": tmp_path / "lake",
        "SOURCES": tmp_path / "sources",
        "EMULATOR_URL": server.base_url,
        "DIMENSIONS": 128,
    }.items():
        monkeypatch.setenv(f"SEMANTIC_ASSETS_{name}", str(value))
    job = ""
    for line, code, named in SCRIPT:
        if "JOB" in line and not job:
            rows = CliRunner().invoke(main, ["jobs", "--json"]).stdout
            job = next(r["job_id"] for r in json.loads(rows) if r["stage"] == "COMPLETED")
        typed = line.replace("JOB", job).replace("OUT", str(tmp_path))
        result = CliRunner().invoke(main, typed)
        assert result.exit_code == code, (line, result.output, result.exception)
        assert named in result.output, (line, result.output)
    server.stop()
