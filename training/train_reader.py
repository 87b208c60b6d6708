"""Train the reader of characters, from nothing or from the shipped weights.

    python -m training.train_reader --out DIR --minutes 120
    python -m training.train_reader --out DIR --export DIR

Everything random comes from `--seed` and the number of the sample. A line about losses
and the score on the synthetic validation set goes to `curve.jsonl` every four minutes.
"""

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from training.crops import Sample, sample
from training.designs import STATES as CODES
from training.lettering import ALPHABET
from training.loop import (
    BATCH,
    Batch,
    Run,
    Task,
    options,
    steady_weights,
    write_weights,
)
from training.plates import OTHER, Plate, draw_plate
from training.reader_net import GRID, SIGNS, SLOTS, STATES, ReaderNet

_PAD: Final = SIGNS - 1
_AGAIN: Final = 5
"""Looks at each drawn plate; drawing costs as much as looking."""
_ON_HAND: Final = 100
"""Plates, so that looks at one are far apart."""
_VALIDATION: Final = 1_200


def main() -> None:
    """Command line."""
    given = options(__doc__)
    if given.export:
        export(given.out, given.export)
        return
    task = Task(make=ReaderNet, draw=batches, losses=losses, check=validate)
    Run(task, given).train()


def packed(samples: list[Sample]) -> Batch:
    """Samples as arrays.

    Returns:
        `picture` N x ROWS x COLUMNS x 3; `text` N x SLOTS, the padding sign after the
        last; `state` N, the last number for none; `where` N x SLOTS x places + 1,
        uint8, 1 where a slot's attention belongs; `width` N.
    """
    count = len(samples)
    text = np.full((count, SLOTS), _PAD, np.int64)
    where = np.zeros((count, SLOTS, GRID[0] * GRID[1] + 1), np.uint8)
    state = np.full(count, STATES - 1, np.int64)
    for row, each in enumerate(samples):
        grid = where[row, :, :-1].reshape(SLOTS, *GRID)
        for slot, sign in enumerate(each.text):
            text[row, slot] = ALPHABET.index(sign)
            left, top, right, bottom = each.boxes[slot] / 4
            # The middle of the character, at least one place.
            dx, dy = (right - left) * 0.2, (bottom - top) * 0.2
            x0 = min(max(int(left + dx), 0), GRID[1] - 1)
            y0 = min(max(int(top + dy), 0), GRID[0] - 1)
            x1 = max(min(math.ceil(right - dx), GRID[1]), x0 + 1)
            y1 = max(min(math.ceil(bottom - dy), GRID[0]), y0 + 1)
            grid[slot, y0:y1, x0:x1] = 1
        where[row, len(each.text) :, -1] = 1
        if each.state != OTHER:
            state[row] = CODES.index(each.state)
    return {
        "picture": np.stack([each.picture for each in samples]),
        "text": text,
        "where": where,
        "state": state,
        "width": np.array([each.width for each in samples], np.float32),
    }


def looks(seed: list[int], *, held_out: bool = False) -> Iterator[Sample]:
    """Endless samples; the same seed, the same samples."""
    rng = np.random.default_rng(seed)
    kept: list[Plate] = []
    while True:
        kept.append(draw_plate(rng, held_out=held_out))
        if len(kept) > _ON_HAND:
            kept.pop(int(rng.integers(len(kept))))
        for _ in range(_AGAIN):
            yield sample(rng, kept[int(rng.integers(len(kept)))])


def batches(seed: list[int]) -> Iterator[Batch]:
    """Endless batches; the same seed, the same batches."""
    stream = looks(seed)
    while True:
        yield packed([next(stream) for _ in range(BATCH)])


def losses(net: ReaderNet, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The sum to follow, then reading and looking."""
    picture = batch["picture"].permute(0, 3, 1, 2).float()
    # Plain mathematics: on a processor faster than attention made for long lines.
    with (
        sdpa_kernel(SDPBackend.MATH),
        torch.autocast(picture.device.type, torch.bfloat16),
    ):
        characters, attention = net(
            picture.contiguous(memory_format=torch.channels_last)
        )
    reading = functional.cross_entropy(
        characters.float().flatten(0, 1), batch["text"].flatten()
    )
    elsewhere = batch["where"] == 0
    looking = -torch.logsumexp(attention.masked_fill(elsewhere, -60.0), dim=2).mean()
    return reading * 2 + 0.7 * looking, reading, looking


@functools.cache
def _validation() -> tuple[Batch, ...]:
    """The same for every run of one generator, so that runs can be compared."""
    stream = looks([90_001], held_out=True)
    return tuple(
        packed([next(stream) for _ in range(100)]) for _ in range(_VALIDATION // 100)
    )


@torch.no_grad()
def validate(net: ReaderNet) -> dict[str, float]:
    """Shares of the synthetic validation set.

    Returns:
        `plates` read exactly, `folded` with O as 0, `small` of those under 80 pixels,
        `characters`.
    """
    device = next(net.parameters()).device
    right, folded, signs, wide = [], [], [], []
    zero, letter = ALPHABET.index("0"), ALPHABET.index("O")
    for batch in _validation():
        picture = torch.from_numpy(batch["picture"]).to(device)
        characters, _ = net(picture.permute(0, 3, 1, 2).float())
        best = characters.argmax(dim=2).cpu().numpy()
        text = batch["text"]
        right.append((best == text).all(axis=1))
        one, other = (
            np.where(each == letter, zero, each) == zero for each in (best, text)
        )
        folded.append(((best == text) | (one & other)).all(axis=1))
        signs.append((best == text)[text != _PAD])
        wide.append(batch["width"])
    whole = np.concatenate(right)
    return {
        "plates": round(float(whole.mean()), 4),
        "folded": round(float(np.concatenate(folded).mean()), 4),
        "small": round(float(whole[np.concatenate(wide) < 80].mean()), 4),
        "characters": round(float(np.concatenate(signs).mean()), 4),
    }


def export(run: Path, folder: Path) -> None:
    """Write `reader.safetensors`; `training.export_reader` makes the ONNX of it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(steady_weights(run), folder / "reader.safetensors")


if __name__ == "__main__":
    main()
