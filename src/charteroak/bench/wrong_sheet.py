"""Contact sheets of what an engine read wrong, for a person to look at."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from charteroak.bench.scoring import Judged
from charteroak.edge.camera import Frame, read_frame

_COLUMNS: Final = 4
_ROWS: Final = 10
_TILE: Final = (300, 150)
_WORDS: Final = 46
"""Pixels below each picture for what is true and what was read."""
_AROUND: Final = 0.35
"""Of the plate's width, kept around it."""
_PAPER, _INK, _RED, _GREY = "#ffffff", "#1c2733", "#b3261e", "#5b6773"


def draw_wrong(engine: str, pictures: Iterable[Judged], folder: Path) -> list[Path]:
    """Draw every picture whose plate was missed or read wrong.

    The files are named after the engine and numbered: a plate stands in the pictures
    alone.

    Returns:
        The files written, in order; none if nothing was wrong.
    """
    wrong = [each for each in pictures if not each.right]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, page in enumerate(_pages(wrong), 1):
        path = folder / f"{engine}-wrong-{number}.png"
        page.save(path, optimize=True)
        written.append(path)
    return written


def _pages(wrong: Sequence[Judged]) -> Iterable[Image.Image]:
    width, height = _TILE[0], _TILE[1] + _WORDS
    for start in range(0, len(wrong), _COLUMNS * _ROWS):
        tiles = wrong[start : start + _COLUMNS * _ROWS]
        rows = -(-len(tiles) // _COLUMNS)
        columns = min(len(tiles), _COLUMNS)
        page = Image.new("RGB", (columns * width, rows * height), _PAPER)
        for place, tile in enumerate(tiles):
            row, column = divmod(place, _COLUMNS)
            page.paste(_tile(tile), (column * width, row * height))
        yield page


def _tile(judged: Judged) -> Image.Image:
    width, height = _TILE
    tile = Image.new("RGB", (width, height + _WORDS), _PAPER)
    frame = read_frame(judged.label.path)
    if isinstance(frame, Frame):
        cut = _cut(Image.fromarray(frame.image), judged)
        scale = min((width - 12) / cut.width, (height - 8) / cut.height)
        size = (max(round(cut.width * scale), 1), max(round(cut.height * scale), 1))
        cut = cut.resize(size, Image.Resampling.BICUBIC)
        tile.paste(cut, ((width - cut.width) // 2, (height - cut.height) // 2))
    draw = ImageDraw.Draw(tile)
    read = judged.read
    font = ImageFont.load_default(17)
    draw.text((8, height), judged.label.text, _INK, font)
    got = f"{read.plate}  {read.confidence:.0%}" if read else "not found"
    draw.text((width // 2, height), got, _RED, font)
    name = judged.label.path.name
    draw.text((8, height + 23), name, _GREY, ImageFont.load_default(11))
    return tile


def _cut(picture: Image.Image, judged: Judged) -> Image.Image:
    """The plate with some of its car: what was labelled, else what was read."""
    box = judged.label.box or (judged.read.box if judged.read else None)
    if box is None:
        return picture
    left, top, width, height = box
    around = round(width * _AROUND)
    area = (
        max(left - around, 0),
        max(top - around, 0),
        min(left + width + around, picture.width),
        min(top + height + around, picture.height),
    )
    if area[0] >= area[2] or area[1] >= area[3]:
        return picture
    return picture.crop(area)
