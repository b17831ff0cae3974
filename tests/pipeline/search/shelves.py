"""The texts of the lake that the tests of search share."""

import json

from tests.trial import Trial

#: Each stands in one document alone.
IDENTIFIERS = {
    "E-1042": "The display shows E-1042 when the slewing brake of the crane stays shut.",
    "snake_case_name": "The field snake_case_name of the log holds the name of the berth.",
    "RX-77/b": "The seal RX-77/b fits the bilge pump of the pilot boat.",
    "3.11.2": "Release 3.11.2 of the tide program reads the new gauges.",
    "libfoo.so.6": "The tide program stops where libfoo.so.6 is missing.",
    "CVE-2024-12345": "The report CVE-2024-12345 names a fault in the gate controller.",
}
_THINGS = ("winch", "capstan", "fender", "hawser", "bollard", "davit", "windlass", "chock")
_DEEDS = ("greased", "inspected", "painted", "replaced", "rinsed", "tightened")
NOTICE = (
    "All persons who enter the quay wear a helmet, a vest of a bright colour and shoes that do not "
    "slip. Visitors report to the harbour office first and are led by a member of the watch. Nobody "
    "walks below a load that hangs, or steps over a line that is under strain. Whoever sees oil on "
    "the water tells the office at once. Fires are reported by the red telephone, then by voice. "
    "Children stay behind the yellow line, and dogs on a leash. The quay is closed in a storm."
)
CHINESE = "港口的起重机每年清洗一次。清洗以前要关掉电源。望远镜放在塔楼上。"
RUSSIAN = (
    "Кран в порту моют раз в год. Перед мойкой выключают питание. Подзорные трубы лежат в башне."
)


def write_shelves(made: Trial) -> None:
    for name, text in IDENTIFIERS.items():
        made.write(f"acme/parts/{name.replace('/', '_')}.md", f"# Part\n\n{text}\n")
    for thing in _THINGS:
        made.write(f"acme/manuals/{thing}.md", _manual(thing))
    for number in range(6):
        made.write(
            f"acme/notices/{number}.txt", NOTICE.replace("storm", f"storm of force {number}")
        )
    made.write("acme/manuals/zh.txt", CHINESE)
    made.write("acme/manuals/ru.txt", RUSSIAN)
    made.write("other/quay/a.md", "# Rails\n\nThe rails of the quay are swept on Mondays.\n")
    made.write("acme/manuals/dataset.toml", "[chunking]\nmax_tokens = 90\nmin_tokens = 40\n")
    records = (
        {"id": f"log-{year}", "title": f"Log of {year}", "text": _log(year), "year": year}
        for year in range(2015, 2027)
    )
    made.write("acme/logs/log.jsonl", "\n".join(map(json.dumps, records)))


def _manual(thing: str) -> str:
    """A manual of several chunks, all of them about one thing."""
    parts = [f"# The {thing}"]
    for number, deed in enumerate(_DEEDS):
        parts.append(
            f"## How the {thing} is {deed}\n\nThe {thing} is {deed} every {number + 2} weeks. Before "
            f"the {thing} is {deed} the watch turns off the power and hangs out sign {number}. "
            f"Afterwards the {thing} runs for {number + 5} minutes without a load, and the watch "
            f"writes into the log that the {thing} was {deed}."
        )
    return "\n\n".join(parts) + "\n"


def _log(year: int) -> str:
    return f"In {year} the ferry made {year - 1990} trips, and the ice lasted {year % 7} weeks."
