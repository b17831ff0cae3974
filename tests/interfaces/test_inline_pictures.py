"""Pictures that the UI shows without a click, whatever is in them: the browser counts UTF-16 units."""

import xml.etree.ElementTree as ET
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semantic_assets.ledger.evaluations import Evaluation
from semantic_assets.model.keys import ShardKey
from semantic_assets.orchestration.reporting.inline_pictures import small_map, trend
from semantic_assets.orchestration.reporting.numbers import megabytes, rounded, share
from semantic_assets.pipeline.embeddings.vector_map import MAX_GROUPS, OTHERS, VectorMap

#: From this length on the UI of Dagster asks for a click.
_CLICK = 1_000


def _svg(text: str) -> ET.Element:
    address = text[text.index("(") + 1 : text.index(")")]
    assert not set(address) & set(' <>#\n"')
    return ET.fromstring(unquote(address.removeprefix("data:image/svg+xml,")))


def _map(points: int, names: list[str], seed: int = 0) -> VectorMap:
    drawn = np.random.default_rng(seed).standard_normal((points, 2)).astype(np.float32)
    return VectorMap(
        shard=ShardKey.parse("acme.manuals.00000"),
        points=drawn,
        group_of=np.arange(points) % len(names),
        groups=tuple(names),
        rows=12_000,
        variance_share=0.25,
    )


@given(
    points=st.integers(3, 2_000),
    names=st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=MAX_GROUPS, unique=True),
    seed=st.integers(0, 9),
)
def test_any_map_is_short_enough_and_can_be_drawn(points: int, names: list[str], seed: int) -> None:
    text = str(small_map(_map(points, names, seed)).value)
    assert len(text.encode("utf-16-le", "surrogatepass")) // 2 < _CLICK
    paths = _svg(text).findall("{*}path")
    assert len(paths) == min(points, len(names))
    assert sum(path.attrib["d"].count("h0") for path in paths) >= min(points, len(names))


def test_a_map_has_as_many_points_as_fit_and_names_its_colours() -> None:
    text = str(small_map(_map(2_000, ["manuals", "notices", OTHERS])).value)
    assert len(text) > _CLICK - 60
    assert sum(path.attrib["d"].count("h0") for path in _svg(text).findall("{*}path")) > 50
    assert "**blue** manuals" in text
    assert "**gray** others" in text
    assert "2,000 of 12,000 chunks" in text


@pytest.mark.parametrize("versions", [1, 2, 10])
def test_a_trend_has_a_dot_for_each_version(versions: int) -> None:
    before = [
        Evaluation(
            dataset="acme/manuals",
            space_id="space",
            version=100_000 + versions - number,
            judgements="j",
            queries=10,
            ndcg_at_10=1.0 / (number + 1),
            recall_at_10=1.0,
            mrr=1.0,
            evaluated_at=0.0,
        )
        for number in range(versions)
    ]
    text = str(trend(before).value)
    assert len(text) < _CLICK
    line, dots = (path.attrib["d"] for path in _svg(text).findall("{*}path")[1:])
    assert (line.count(","), dots.count("h0")) == (versions, versions)
    assert _svg(text).findall("{*}text")[-1].text == "1.000"  # of the newest


def test_numbers_have_few_digits_and_a_share_is_one_only_of_the_whole() -> None:
    assert (megabytes(123_456), rounded(0.000123456)) == (0.1235, 0.0001235)
    assert (share(119_999, 120_000), share(3, 3), share(0, 0)) == (0.9999, 1.0, 0.0)
