"""The street photographs behind the scenes, decoded once into a cache."""

import csv
from pathlib import Path
from typing import Final

import attrs
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Shape (height, width, 3), RGB."""

HEIGHT: Final = 720
WIDTH: Final = 1280
_HELD_OUT: Final = 0.1


@attrs.frozen(kw_only=True, eq=False)
class Photographs:
    """Photographs of streets and the upright boxes of the plates in them.

    Attributes:
        pictures: uint8, shape (n, 720, 1280, 3), RGB; memory-mapped, read only.
        halves: the same at half the size.
        boxes: for each picture its plates: float32, shape (k, 4): x, y, width, height.
        training: indices of the pictures to train on.
        held_out: indices of the pictures of other films, for validation.
    """

    pictures: Picture
    halves: Picture
    boxes: tuple[NDArray[np.float32], ...]
    training: NDArray[np.intp]
    held_out: NDArray[np.intp]


def load_photographs(data: Path, cache: Path) -> Photographs:
    """Open the cache of a folder of photographs; make it where there is none.

    Args:
        data: folder with labels.csv (file, x, y, w, h) and the images it names.
        cache: folder for the decoded pictures, outside the repository.
    """
    boxes: dict[str, list[tuple[float, ...]]] = {}
    with (data / "labels.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            box = tuple(float(row[key]) for key in ("x", "y", "w", "h"))
            boxes.setdefault(row["file"], []).append(box)
    names = sorted(boxes)
    stored = [cache / f"street-{len(names)}-{size}.npy" for size in (WIDTH, WIDTH // 2)]
    if not stored[1].exists():
        _decode([data / name for name in names], *stored)
    training, held_out = _split(names)
    return Photographs(
        pictures=np.load(stored[0], mmap_mode="r"),
        halves=np.load(stored[1], mmap_mode="r"),
        boxes=tuple(np.array(boxes[name], np.float32) for name in names),
        training=training,
        held_out=held_out,
    )


def _decode(files: list[Path], whole: Path, half: Path) -> None:
    whole.parent.mkdir(parents=True, exist_ok=True)
    shape = (len(files), HEIGHT, WIDTH, 3)
    pictures = np.lib.format.open_memmap(whole, "w+", np.uint8, shape)
    smaller = np.empty((len(files), HEIGHT // 2, WIDTH // 2, 3), np.uint8)
    for place, file in enumerate(files):
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if picture is None or picture.shape != shape[1:]:
            message = f"{file} is no photograph of {WIDTH} x {HEIGHT}"
            raise ValueError(message)
        pictures[place] = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        size = (WIDTH // 2, HEIGHT // 2)
        smaller[place] = cv2.resize(pictures[place], size, interpolation=cv2.INTER_AREA)
    pictures.flush()
    # The second file says that both are whole.
    partial = half.with_suffix(".partial.npy")
    np.save(partial, smaller)
    partial.replace(half)


def _split(names: list[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Hold out whole films, the shortest first: neighbouring frames are alike."""
    films = [name.split(".mp4")[0] for name in names]
    held: set[str] = set()
    for film in sorted(set(films), key=lambda film: (films.count(film), film)):
        if sum(film in held for film in films) >= _HELD_OUT * len(films):
            break
        held.add(film)
    inside = np.array([film in held for film in films], bool)
    return np.flatnonzero(~inside), np.flatnonzero(inside)
