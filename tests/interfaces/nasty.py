"""What documents, names and settings may say to harm whoever looks at them."""

import json
import re
import unicodedata
from pathlib import Path

MARKUP = "[/etc/ferry.conf] [bold]not[/bold] root:x:0:0 :smile: [link=file:///etc]here[/link]"
CONTROL = "\x1b]52;c;cm0gLXJm\x07 \x1b[2J \x9b31m \r over \x00 \x08 \x7f"
UNSEEN = "a\u202egnp.exe\u202c z\u200bw \u2066i\u2069 s\u00ady \ufeff \u2028 \U000e0041 \u3164"
WEB = (
    '<script>alert(1)</script> ![x](http://e.example/p.png) [y](javascript:alert(1)) =cmd|"/C calc"'
)
NASTY = f"{MARKUP} {CONTROL} {UNSEEN} {WEB}"
#: As far as a name of a file may hold it.
NAME = "[etc] :smile: \x1b[2J \r \u202egnp \u200b ![i](x) <b>.txt"

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_EMOJI = re.compile("[\U0001f600-\U0001f64f\u274c]")


def harms(output: str) -> list[str]:
    """Return what a terminal would obey or not show, and what became an emoji."""
    unseen = {c for c in output if c != "\n" and unicodedata.category(c) in _UNSEEN}
    return sorted(map(repr, unseen | (set(output) & {"\u3164"}) | set(_EMOJI.findall(output))))


def write_sources(folder: Path) -> None:
    """Write a dataset of nasty texts, titles and names, and one whose settings are nasty."""
    birds, broken = folder / "acme" / "birds", folder / "acme" / "broken"
    birds.mkdir(parents=True)
    broken.mkdir()
    (birds / NAME).write_text(f"The heron stands. {NASTY.replace(chr(0), '')}")
    texts = (NASTY, NASTY.replace("\0", ""))
    records = [
        {"id": f"{n} {x}", "title": x, "text": f"Heron {n}. {x}"} for n, x in enumerate(texts)
    ]
    (birds / "records.jsonl").write_text("\n".join(map(json.dumps, records)))
    (birds / f"broken {NAME}.pdf").write_text(NASTY)
    (broken / "a.txt").write_text("One.")
    unit = json.dumps(NASTY.replace("\U000e0041", ""))
    (broken / "dataset.toml").write_text(f"[chunking]\nunit = {unit}\n")
