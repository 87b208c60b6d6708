"""Whether confidence means what it says: the table, the point, and the picture."""

import itertools
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charteroak.bench.recognition_targets import AIMS, aims_for
from charteroak.bench.reliability import (
    BINS,
    Said,
    calibration_error,
    operating_point,
    reliability,
)
from charteroak.bench.reliability_diagram import Panel, drawn

_SAID = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60)
_COARSE = st.lists(
    st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), max_size=60
)


def test_the_table_by_hand() -> None:
    bins = reliability([(0.95, True), (0.91, True), (1.0, False), (0.05, False)])

    assert [each.count for each in bins] == [1, *[0] * 8, 3]
    assert bins[9].confidence == pytest.approx(0.9533, abs=1e-4)
    assert bins[9].right == pytest.approx(2 / 3)
    assert calibration_error(bins) == pytest.approx((0.05 + (2.86 - 2)) / 4)


@given(_SAID)
def test_every_read_is_in_one_bin_and_the_error_is_a_share(said: list[Said]) -> None:
    bins = reliability(said)

    assert len(bins) == BINS
    assert sum(each.count for each in bins) == len(said)
    for each in bins:
        if each.confidence is not None:
            assert each.low - 1e-9 <= each.confidence <= each.high + 1e-9
    assert 0 <= calibration_error(bins) <= 1


@given(_COARSE)
def test_the_operating_point_is_the_lowest_that_will_do(said: list[Said]) -> None:
    """The slow definition: try every confidence."""
    possible = []
    for line in {sure for sure, _ in said}:
        above = [right for sure, right in said if sure >= line]
        if sum(above) >= 0.99 * len(above):
            possible.append((line, len(above), sum(above)))

    found = operating_point(said)

    if found is None:
        assert not possible
    else:
        assert (found.confidence, found.reads, found.right) == min(possible)


def test_one_wrong_read_in_a_hundred_is_allowed() -> None:
    said = [(0.9 + n / 10_000, n != 50) for n in range(100)]

    found = operating_point(said)

    assert found is not None
    assert (found.reads, found.right) == (100, 99)
    assert operating_point([(0.9, False)]) is None


@settings(deadline=None, max_examples=20)
@given(_SAID, st.integers(1, 7))
def test_the_picture_is_well_formed_whatever_it_shows(
    said: list[Said], count: int
) -> None:
    panels = [Panel(f"<{n}> & 'co'", reliability(said)) for n in range(count)]

    picture = ET.fromstring(drawn(panels))  # noqa: S314 - our own

    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    assert (width / 284, height / 352) == (min(count, 3), -(-count // 3))
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("how sure") == count


def test_the_bars_are_as_high_as_the_share_right() -> None:
    said = [*[(0.95, True)] * 3, (0.95, False), *[(0.5, False)] * 2]

    picture = ET.fromstring(  # noqa: S314 - our own
        drawn([Panel("one", reliability(said))])
    )

    bars = [
        float(each.attrib["height"])
        for each in picture.iter("{http://www.w3.org/2000/svg}rect")
        if len(each)
    ]
    assert bars == [1.0, 0.75 * 220]


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""

    def light(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        lit = [
            x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts
        ]
        return 0.2126 * lit[0] + 0.7152 * lit[1] + 0.0722 * lit[2]

    more, less = sorted((light(one), light(other)), reverse=True)
    return (more + 0.05) / (less + 0.05)


def test_the_picture_is_legible_in_light_and_dark() -> None:
    svg = drawn([Panel("one", reliability([(0.95, True)]))])

    colours = {svg[at : at + 7] for at in range(len(svg)) if svg[at : at + 1] == "#"}
    assert len(colours) == 3
    for colour, paper in itertools.product(colours, ("#ffffff", "#131416")):
        assert contrast(colour, paper) >= 3


def test_aims_belong_to_the_sets_whose_peers_were_measured() -> None:
    assert aims_for("nyc-bursts-other-half") == AIMS["nyc-bursts"]
    assert aims_for("photos") == {}
    for aims in AIMS.values():
        assert {"calibration_error", "cpu_ms_per_photo"} < set(aims)
