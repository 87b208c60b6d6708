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

from training.crops import sample
from training.loop import (
    BATCH,
    Batch,
    Run,
    Task,
    options,
    steady_weights,
    write_weights,
)
from training.plates import Plate, draw_plate, draw_state_plate
from training.reader_net import STATES
from training.state_net import StateNet
from training.train_reader import packed

_AGAIN: Final = 3
_ON_HAND: Final = 200
_OF_NONE: Final = 0.12
"""Of the plates, that are of no state."""
_VALIDATION: Final = 1_200


def main() -> None:
    """Command line."""
    given = options(__doc__)
    if given.export:
        export(given.out, given.export)
        return
    task = Task(make=StateNet, draw=batches, losses=losses, check=validate)
    Run(task, given).train()


def batches(
    seed: list[int], *, size: int = BATCH, held_out: bool = False
) -> Iterator[Batch]:
    """Endless batches of `picture` and `state`; the same seed, the same batches."""
    rng = np.random.default_rng(seed)
    kept: list[Plate] = []
    while True:
        samples = []
        while len(samples) < size:
            of_none = rng.random() < _OF_NONE
            draw = draw_plate if of_none else draw_state_plate
            kept.append(draw(rng, held_out=held_out))
            if len(kept) > _ON_HAND:
                kept.pop(int(rng.integers(len(kept))))
            samples += [
                sample(rng, kept[int(rng.integers(len(kept)))]) for _ in range(_AGAIN)
            ]
        batch = packed(samples[:size])
        yield {"picture": batch["picture"], "state": batch["state"]}


def losses(net: StateNet, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """One loss."""
    picture = batch["picture"].permute(0, 3, 1, 2).float()
    with torch.autocast(picture.device.type, torch.bfloat16):
        logits = net(picture.contiguous(memory_format=torch.channels_last))
    return (
        functional.cross_entropy(logits.float(), batch["state"], label_smoothing=0.03),
    )


@functools.cache
def _validation() -> tuple[Batch, ...]:
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
    """Write `states.safetensors`; `training.export_reader` makes the ONNX of it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(steady_weights(run), folder / "states.safetensors")


if __name__ == "__main__":
    main()
