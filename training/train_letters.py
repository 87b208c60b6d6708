"""Teach the network that names states letters first, on lines of text without plates.

    python -m training.train_letters --out DIR --minutes 15
    python -m training.train_letters --out DIR --export DIR

A patch with three lines costs a tenth of a plate to draw and to see, and has more
letters. What comes out, `letters.safetensors`, is what `training.train_states` starts
from.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from torch.nn import functional

from training.lettering import some_words
from training.loop import (
    Batch,
    Run,
    Task,
    options,
    steady_weights,
    write_weights,
)
from training.names import HELD_OUT, TAUGHT, line, narrowed, some_style
from training.state_net import StateNet
from training.state_plates import NAMES, SLOGANS
from training.wear import Picture

ROWS: Final = 64
COLUMNS: Final = 144
_BATCH: Final = 32
_UNSEEN: Final = -100
_LINES: Final = 3
_VALIDATION: Final = 10
_TEXTS: Final = (*NAMES.values(), *SLOGANS)


def main() -> None:
    """Command line."""
    given = options(__doc__)
    if given.export:
        export(given.out, given.export)
        return
    task = Task(
        make=StateNet, draw=batches, losses=losses, check=validate, batch=_BATCH
    )
    Run(task, given).train()


def patch(
    rng: np.random.Generator, typefaces: tuple[str, ...]
) -> tuple[Picture, np.ndarray[tuple[int, int], np.dtype[np.int64]]]:
    """Lines of text on any ground, and the letter at each place of the grid."""
    light = rng.random() < 0.65
    top, bottom, ink = (
        rng.uniform(*((110, 250) if light == paper else (0, 110)), 3)
        for paper in (True, True, False)
    )
    down = np.linspace(0, 1, ROWS)[:, None, None]
    ground = np.broadcast_to(top * (1 - down) + bottom * down, (ROWS, COLUMNS, 3))
    mask = np.zeros((ROWS, COLUMNS), np.float32)
    letters = np.full((ROWS // 8, COLUMNS // 4), _UNSEEN, np.int64)
    y = float(rng.uniform(-6, 8))
    for _ in range(_LINES):
        style = some_style(rng, str(rng.choice(typefaces)), calm=rng.random() < 0.5)
        text = str(rng.choice(_TEXTS)) if rng.random() < 0.7 else some_words(rng)
        text = text.upper() if rng.random() < 0.5 else text
        given = narrowed(line(text, style, rng.uniform(8, 20)), COLUMNS * 0.95)
        rows, columns = given.mask.shape
        first = min((each[2] for each in given.letters), default=0.0)
        x0, y0 = int(rng.uniform(0, COLUMNS - columns)), max(int(y - first), 0)
        spot = mask[y0 : y0 + rows, x0 : x0 + columns]
        np.maximum(spot, given.mask[: len(spot)] / np.float32(255), out=spot)
        for sign, *box in given.letters:
            left, upper, right, lower = np.add(box, (x0, y0, x0, y0))
            across = slice(int(np.ceil(left / 4 - 0.5)), int(right / 4 + 0.5))
            down_to = slice(int(np.ceil(upper / 8 - 0.5)), int(lower / 8 + 0.5))
            letters[down_to, across] = ord(sign) - ord("A")
        foot = max((each[4] for each in given.letters), default=float(rows))
        y = y0 + foot + float(rng.uniform(2, 10))
    weight = mask[:, :, None]
    return _seen(rng, ground * (1 - weight) + ink * weight), letters


def _seen(rng: np.random.Generator, sharp: Picture) -> Picture:
    seen = sharp.astype(np.float32)
    coarse = float(rng.uniform(0.7, 1.0)) if rng.random() < 0.5 else 1.0
    if coarse < 1:
        size = round(COLUMNS * coarse), round(ROWS * coarse)
        small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
        seen = cv2.resize(small, (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.6:
        seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 1.0)))
    grain = rng.normal(0, rng.uniform(0, 9), (ROWS, COLUMNS, 1))
    return np.asarray(np.clip(seen + grain, 0, 255), np.uint8)


def batches(seed: list[int], *, typefaces: tuple[str, ...] = TAUGHT) -> Iterator[Batch]:
    """Endless batches of `picture` and `letters`; the same seed, the same batches."""
    rng = np.random.default_rng(seed)
    while True:
        patches = [patch(rng, typefaces) for _ in range(_BATCH)]
        yield {
            "picture": np.stack([picture for picture, _ in patches]),
            "letters": np.stack([letters for _, letters in patches]),
        }


def losses(net: StateNet, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """One loss."""
    picture = batch["picture"].permute(0, 3, 1, 2).float()
    with torch.autocast(picture.device.type, torch.bfloat16):
        letters = net.read(picture.contiguous(memory_format=torch.channels_last))
    return (
        functional.cross_entropy(
            letters.float(), batch["letters"], ignore_index=_UNSEEN
        ),
    )


@functools.cache
def _validation() -> tuple[Batch, ...]:
    stream = batches([90_005], typefaces=HELD_OUT)
    return tuple(next(stream) for _ in range(_VALIDATION))


@torch.no_grad()
def validate(net: StateNet) -> dict[str, float]:
    """Share of places with a letter, in typefaces held out, that are told right."""
    device = next(net.parameters()).device
    right = []
    for batch in _validation():
        picture = torch.from_numpy(batch["picture"]).permute(0, 3, 1, 2).float()
        best = net.read(picture.to(device)).argmax(dim=1).cpu().numpy()
        there = batch["letters"] != _UNSEEN
        right.append((best == batch["letters"])[there])
    return {"letters": round(float(np.concatenate(right).mean()), 4)}


def export(run: Path, folder: Path) -> None:
    """Write `letters.safetensors`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(steady_weights(run), folder / "letters.safetensors")


if __name__ == "__main__":
    main()
