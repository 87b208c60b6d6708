"""A picture of reliability: how often reads were right, against how sure they were."""

from collections.abc import Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import attrs

from charteroak.bench.reliability import Bin, calibration_error

_SIDE: Final = 220
_LEFT, _TOP, _RIGHT, _BELOW = 46, 38, 18, 64
_COUNTS: Final = 30
"""Height of the row that says how many reads each bin holds."""
_MOST_SIDE_BY_SIDE: Final = 3
_INK: Final = "#757a82"
"""Reads on white paper and on a black screen alike, as the two others do."""
_BAR, _LINE = "#3a86d4", "#c77d0a"


@attrs.frozen
class Panel:
    """One diagram.

    Attributes:
        title: above it.
        bins: from 0 to 1.
    """

    title: str
    bins: Sequence[Bin]


def drawn(panels: Sequence[Panel]) -> str:
    """An SVG of panels side by side, at least one.

    A bar is as high as the share of its reads that were right; the mark on it is how
    sure they were. On the diagonal both are the same. Below, how many reads there are.
    """
    columns = min(len(panels), _MOST_SIDE_BY_SIDE)
    rows = -(-len(panels) // columns)
    wide, high = _LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BELOW + _COUNTS
    groups = []
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        place = f"translate({column * wide} {row * high})"
        groups.append(_tag("g", *_panel(panel), transform=place))
    picture = _tag(
        "svg",
        _tag("title", escape(_said(panels))),
        *groups,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        viewBox=f"0 0 {columns * wide} {rows * high}",
        width=columns * wide,
        height=rows * high,
        font_family="system-ui, sans-serif",
        font_size=11,
        fill=_INK,
    )
    return f"{picture}\n"


def _tag(name: str, *inside: str, **attributes: str | float) -> str:
    said = "".join(
        f" {key.replace('_', '-')}={quoteattr(str(value))}"
        for key, value in attributes.items()
    )
    return f"<{name}{said}>{''.join(inside)}</{name}>"


def _said(panels: Sequence[Panel]) -> str:
    errors = (
        f"{panel.title}: calibration error {calibration_error(panel.bins):.3f}"
        for panel in panels
    )
    return "How often reads are right, by how sure they are. " + "; ".join(errors)


def _panel(panel: Panel) -> list[str]:
    error = calibration_error(panel.bins)
    count = sum(each.count for each in panel.bins)
    middle = _LEFT + _SIDE / 2
    diagonal = f"M{_x(0)} {_y(0)} L{_x(1)} {_y(1)}"
    aside = f"translate(11 {_TOP + _SIDE / 2}) rotate(-90)"
    return [
        _text(middle, 14, panel.title, size=13, weight=600),
        _text(middle, 28, f"{count:,} reads, calibration error {error:.3f}"),
        *_axes(),
        *(part for each in panel.bins for part in _bar(each)),
        _tag("path", d=diagonal, stroke=_INK, stroke_dasharray="4 4", fill="none"),
        *_counts(panel.bins),
        _text(middle, _TOP + _SIDE + _COUNTS + 56, "how sure"),
        _tag("g", _text(0, 0, "share right"), transform=aside),
    ]


def _axes() -> list[str]:
    parts = []
    for tenth in range(0, 11, 2):
        share = tenth / 10
        line = f"M{_x(0)} {_y(share)} H{_x(1)}"
        parts += [
            _tag("path", d=line, stroke=_INK, stroke_opacity=0.25),
            _text(_x(0) - 6, _y(share) + 4, f"{share:.1f}", anchor="end"),
            _text(_x(share), _y(0) + 14, f"{share:.1f}"),
        ]
    return parts


def _bar(each: Bin) -> list[str]:
    if each.right is None or each.confidence is None:
        return []
    said = (
        f"{each.low:.1f} to {each.high:.1f}: {each.count} reads, "
        f"{each.right:.0%} right, {each.confidence:.0%} sure"
    )
    left, wide = _across(each)
    mark = f"M{left} {_y(each.confidence)} h{wide}"
    return [
        _tag(
            "rect",
            _tag("title", said),
            x=left,
            y=_y(each.right),
            width=wide,
            height=round(max(_SIDE * each.right, 1), 1),
            fill=_BAR,
            fill_opacity=0.7,
        ),
        _tag("path", d=mark, stroke=_LINE, stroke_width=3),
    ]


def _counts(bins: Sequence[Bin]) -> list[str]:
    """How many reads stand behind each bar: few of them say little."""
    base = _TOP + _SIDE + _COUNTS + 22
    most = max(each.count for each in bins) or 1
    parts = []
    for each in bins:
        if not each.count:
            continue
        high = round(max(_COUNTS * 0.55 * each.count / most, 1), 1)
        left, wide = _across(each)
        parts += [
            _tag(
                "rect",
                x=left,
                y=base - high,
                width=wide,
                height=high,
                fill=_INK,
                fill_opacity=0.5,
            ),
            _text(left + wide / 2, base + 11, f"{each.count}", size=9),
        ]
    return parts


def _across(each: Bin) -> tuple[float, float]:
    """Left edge and width of a bin's bar."""
    return _x(each.low) + 1, round(_SIDE * (each.high - each.low) - 2, 1)


def _x(share: float) -> float:
    return round(_LEFT + _SIDE * share, 1)


def _y(share: float) -> float:
    return round(_TOP + _SIDE * (1 - share), 1)


def _text(  # noqa: PLR0913 - how a text is set
    x: float,
    y: float,
    text: str,
    *,
    size: int = 11,
    anchor: str = "middle",
    weight: int = 400,
) -> str:
    return _tag(
        "text",
        escape(text),
        x=round(x, 1),
        y=round(y, 1),
        font_size=size,
        font_weight=weight,
        text_anchor=anchor,
    )
