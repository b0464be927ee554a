"""Draws quality against cost, as an SVG that needs no program to be made."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from bot.comparison import Standing

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 180, 40, 56
_LINE = 14  # pixels of a line of text
_STEPS = 5  # lines across, from 0 to 100 percent

_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"\
 font-size="12">
<rect width="{width}" height="{height}" fill="#fff"/>
<text x="{left}" y="22" font-size="15">Right answers against {what} of one answer</text>
{inside}
</svg>
"""


def figure(standings: "Sequence[Standing]") -> str:
    """Return the picture: a dot for each, the better the higher, the dearer the further right.

    Where a price is unknown or everything is free, tokens stand for the cost.
    """
    costs = [each.cost or 0.0 for each in standings]
    priced = all(each.cost is not None for each in standings) and any(costs)
    spent = costs if priced else [each.tokens for each in standings]
    most = max(spent, default=0) or 1.0
    lines = [*_grid(), *_axis(most, "${:.4f}" if priced else "{:,.0f}")]
    last = 0.0
    dots = zip(standings, spent, strict=True)
    for y, x, name in sorted((_y(one.quality), _x(x / most), one.name) for one, x in dots):
        last = max(y + 4, last + _LINE)  # no label stands on another
        lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#1f5fa8"/>')
        lines.append(f'<text x="{x + 9:.1f}" y="{last:.1f}">{escape(name)}</text>')
    return _FRAME.format(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        what="the cost" if priced else "the tokens",
        inside="\n".join(lines),
    )


def _grid() -> Iterator[str]:
    for step in range(_STEPS + 1):
        y = _y(step / _STEPS)
        end = _WIDTH - _RIGHT
        yield f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{end}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{step / _STEPS:.0%}</text>'


def _axis(most: float, form: str) -> Iterator[str]:
    for share in (0.0, 0.5, 1.0):
        label = form.format(share * most)
        y = _HEIGHT - _BOTTOM + 20
        yield f'<text x="{_x(share):.1f}" y="{y}" text-anchor="middle">{label}</text>'


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
