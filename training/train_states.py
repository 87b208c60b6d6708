"""Train the network that names the state, from nothing or from the shipped weights.

python -m training.train_states --out DIR --minutes 60
python -m training.train_states --out DIR --export DIR
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch.nn import functional

from training.crops import Sample, sample
from training.designs import STATES as CODES
from training.loop import (
    Batch,
    Run,
    Task,
    options,
    steady_weights,
    write_weights,
)
from training.plates import OTHER, Plate
from training.reader_net import STATES
from training.state_net import COLUMNS, GRID, ROWS, StateNet
from training.state_plates import draw_state_plate, some_width, weather

_BATCH: Final = 32
"""Few: drawing is what costs, so each plate should teach as much as it can."""
_AGAIN: Final = 3
"""Looks at each drawn plate; drawing costs as much as looking."""
_ON_HAND: Final = 200
_VALIDATION: Final = 1_200
_UNSEEN: Final = -100
"""Where no letter stands, or none that could be read."""


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


def looks(seed: list[int], *, held_out: bool = False) -> Iterator[Sample]:
    """Endless samples; the same seed, the same samples."""
    rng = np.random.default_rng(seed)
    kept: list[Plate] = []
    while True:
        kept.append(draw_state_plate(rng, held_out=held_out))
        if len(kept) > _ON_HAND:
            kept.pop(int(rng.integers(len(kept))))
        for _ in range(_AGAIN):
            plate = kept[int(rng.integers(len(kept)))]
            yield sample(
                rng, plate, size=(COLUMNS, ROWS), widths=some_width, weather=weather
            )


def batches(
    seed: list[int], *, size: int = _BATCH, held_out: bool = False
) -> Iterator[Batch]:
    """Endless batches of `picture`, `state` and `letters`."""
    stream = looks(seed, held_out=held_out)
    while True:
        yield packed([next(stream) for _ in range(size)])


def packed(samples: list[Sample]) -> Batch:
    """Samples as arrays.

    Returns:
        `picture` N x ROWS x COLUMNS x 3; `state` N, the last number for none; `letters`
        N x GRID, the number of the letter whose box holds the middle of the place.
    """
    state = np.full(len(samples), STATES - 1, np.int64)
    letters = np.full((len(samples), *GRID), _UNSEEN, np.int64)
    for row, each in enumerate(samples):
        if each.state != OTHER:
            state[row] = CODES.index(each.state)
        for sign, box in zip(each.text, each.boxes, strict=True):
            left, top, right, bottom = box / (4, 8, 4, 8) - 0.5
            x0, x1 = max(int(np.ceil(left)), 0), int(np.floor(right)) + 1
            y0, y1 = max(int(np.ceil(top)), 0), int(np.floor(bottom)) + 1
            if each.width > 80:
                letters[row, y0 : max(y1, 0), x0 : max(x1, 0)] = ord(sign) - ord("A")
    return {
        "picture": np.stack([each.picture for each in samples]),
        "state": state,
        "letters": letters,
    }


def losses(net: StateNet, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The sum to follow, then states and letters."""
    picture = batch["picture"].permute(0, 3, 1, 2).float()
    with torch.autocast(picture.device.type, torch.bfloat16):
        states, letters = net.taught(
            picture.contiguous(memory_format=torch.channels_last)
        )
    naming = functional.cross_entropy(
        states.float(), batch["state"], label_smoothing=0.02
    )
    reading = functional.cross_entropy(
        letters.float(), batch["letters"], ignore_index=_UNSEEN
    )
    return naming + reading, naming, reading


@functools.cache
def _validation() -> tuple[Batch, ...]:
    """The same for every run of one generator, so that runs can be compared."""
    stream = batches([90_002], size=100, held_out=True)
    return tuple(next(stream) for _ in range(_VALIDATION // 100))


@torch.no_grad()
def validate(net: StateNet) -> dict[str, float]:
    """Shares of the synthetic validation set.

    Returns:
        `states` named right among plates of one; `sure` of all named with 0.9 or more,
        and `sure_right` of these.
    """
    chances, truths = [], []
    for batch in _validation():
        picture = torch.from_numpy(batch["picture"]).permute(0, 3, 1, 2).float()
        device = next(net.parameters()).device
        chances.append(net(picture.to(device)).softmax(dim=1).cpu().numpy())
        truths.append(batch["state"])
    chance, truth = np.concatenate(chances), np.concatenate(truths)
    best, of_one = chance.argmax(axis=1), truth < STATES - 1
    sure = (chance.max(axis=1) >= 0.9) & (best < STATES - 1)
    return {
        "states": round(float((best == truth)[of_one].mean()), 4),
        "sure": round(float(sure.mean()), 4),
        "sure_right": round(float((best == truth)[sure].mean()), 4)
        if sure.any()
        else 0.0,
    }


def export(run: Path, folder: Path) -> None:
    """Write `states.safetensors`; `training.export_states` makes the ONNX of it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(steady_weights(run), folder / "states.safetensors")


if __name__ == "__main__":
    main()
