"""Train the reader, from nothing or from the shipped weights.

    python -m training.train_reader --out DIR --minutes 120
    python -m training.train_reader --out DIR --export DIR

An interrupted run goes on where its newest checkpoint was. Everything random comes from
`--seed` and the number of the sample. The curve is a JSON line every few minutes.
"""

import argparse
import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from training.crops import COLUMNS, ROWS, Sample, sample
from training.designs import STATES as CODES
from training.lettering import ALPHABET
from training.plates import OTHER, Plate, draw_plate
from training.reader_net import GRID, SIGNS, SLOTS, STATES, Exported, ReaderNet

_PAD: Final = SIGNS - 1
_BATCH: Final = 64
_AGAIN: Final = 5
"""Looks at each drawn plate; drawing costs as much as looking."""
_VALIDATION: Final = 1_200

Batch = dict[str, npt.NDArray[Any]]


def main() -> None:
    """Command line."""
    args = _arguments()
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    if args.export:
        export(args.out, args.export)
        return
    train(args)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="run folder")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--start-from", type=Path, help="weights to go on from")
    parser.add_argument("--export", type=Path, help="write ONNX and safetensors here")
    return parser.parse_args()


def packed(samples: list[Sample]) -> Batch:
    """Samples as arrays.

    Returns:
        `picture` N x ROWS x COLUMNS x 3; `text` N x SLOTS, `_PAD` after the last;
        `state` N, -1 where there is none to learn; `where` N x SLOTS x places + 1,
        uint8, 1 where a slot's attention belongs; `width` N.
    """
    count = len(samples)
    text = np.full((count, SLOTS), _PAD, np.int64)
    where = np.zeros((count, SLOTS, GRID[0] * GRID[1] + 1), np.uint8)
    state = np.full(count, -1, np.int64)
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
        else:
            state[row] = STATES - 1
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
        # A hundred plates on hand, so that looks at one are far apart.
        kept.append(draw_plate(rng, held_out=held_out))
        if len(kept) > 100:
            kept.pop(int(rng.integers(len(kept))))
        for _ in range(_AGAIN):
            yield sample(rng, kept[int(rng.integers(len(kept)))])


def _fill(queue: "Queue[Batch]", seed: list[int]) -> None:
    cv2.setNumThreads(1)
    stream = looks(seed)
    parent = os.getppid()
    while os.getppid() == parent:
        queue.put(packed([next(stream) for _ in range(_BATCH)]))


def train(args: argparse.Namespace) -> None:
    """Train until the time is over; a checkpoint every three minutes."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = ReaderNet().to(device).to(memory_format=torch.channels_last)
    if args.start_from:
        net.load_state_dict(load_file(args.start_from))
    steady = ReaderNet().to(device)
    steady.load_state_dict(net.state_dict())
    best = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=0.02)
    done, spent = 0, 0.0
    newest = args.out / "checkpoint.pt"
    if newest.exists():
        kept = torch.load(newest, map_location=device, weights_only=True)
        net.load_state_dict(kept["net"])
        steady.load_state_dict(kept["steady"])
        best.load_state_dict(kept["best"])
        done, spent = kept["done"], kept["spent"]
    context = multiprocessing.get_context("fork")
    queue: Queue[Batch] = context.Queue(maxsize=6)
    for number in range(args.workers):
        context.Process(
            target=_fill, args=(queue, [args.seed, done, number]), daemon=True
        ).start()
    check = _validation(args.seed)
    started = time.monotonic()
    told = saved = started
    losses: list[tuple[float, ...]] = []
    while True:
        now = time.monotonic()
        elapsed = spent + now - started
        part = elapsed / (args.minutes * 60)
        if part >= 1 or now - saved > 180:
            saved = now
            state = {
                "net": net.state_dict(),
                "steady": steady.state_dict(),
                "best": best.state_dict(),
                "done": done,
                "spent": elapsed,
            }
            torch.save(state, newest.with_suffix(".part"))
            newest.with_suffix(".part").replace(newest)
        if part >= 1 or now - told > 240:
            told = now
            mean = np.mean(losses, axis=0).round(4).tolist() if losses else []
            losses.clear()
            line = {
                "minutes": round(elapsed / 60, 1),
                "samples": done,
                "loss": mean,
                **validate(steady, check),
            }
            with (args.out / "curve.jsonl").open("a") as curve:
                curve.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
        if part >= 1:
            return
        warm = min(1.0, (done + _BATCH) / 10_000)
        if args.start_from:
            warm = min(1.0, (done + _BATCH) / 3_000)
        for group in best.param_groups:
            group["lr"] = (
                args.rate * warm * (0.5 + 0.5 * math.cos(math.pi * part) + 0.01)
            )
        losses.append(_step(net, best, queue.get(timeout=300), device))
        done += _BATCH
        steps = done // _BATCH
        _follow(steady, net, min(0.998, (1 + steps) / (10 + steps)))


def _step(
    net: ReaderNet,
    best: torch.optim.Optimizer,
    batch: Batch,
    device: torch.device,
) -> tuple[float, ...]:
    net.train()
    picture = torch.from_numpy(batch["picture"]).to(device).permute(0, 3, 1, 2).float()
    text = torch.from_numpy(batch["text"]).to(device)
    state = torch.from_numpy(batch["state"]).to(device)
    where = torch.from_numpy(batch["where"]).to(device).float()
    # Plain mathematics: on a processor faster than attention made for long lines.
    with sdpa_kernel(SDPBackend.MATH), torch.autocast(device.type, torch.bfloat16):
        characters, states, attention = net(
            picture.contiguous(memory_format=torch.channels_last)
        )
    reading = functional.cross_entropy(characters.float().flatten(0, 1), text.flatten())
    naming = functional.cross_entropy(states.float(), state, ignore_index=-1)
    inside = torch.logsumexp(attention.masked_fill(where == 0, -60.0), dim=2)
    looking = -inside.mean()
    loss = reading * 2 + 0.3 * naming + 0.7 * looking
    best.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
    best.step()
    return reading.item(), naming.item(), looking.item()


@torch.no_grad()
def _follow(steady: ReaderNet, net: ReaderNet, keep: float) -> None:
    """The weights' moving average is what is shipped."""
    ours, theirs = steady.state_dict(), net.state_dict()
    for name, value in ours.items():
        if value.dtype.is_floating_point:
            value.lerp_(theirs[name], 1 - keep)
        else:
            value.copy_(theirs[name])


def _validation(seed: int) -> list[Batch]:
    del seed  # the same set for every run, or runs could not be compared
    stream = looks([90_001], held_out=True)
    return [
        packed([next(stream) for _ in range(100)]) for _ in range(_VALIDATION // 100)
    ]


@torch.no_grad()
def validate(net: ReaderNet, check: list[Batch]) -> dict[str, float]:
    """Shares of the synthetic validation set.

    Returns:
        `plates` read exactly, `folded` with O as 0, `small` of those under 80 pixels,
        `characters`, `states` among plates that have one.
    """
    net.eval()
    device = next(net.parameters()).device
    right, folded, signs, named, wide = [], [], [], [], []
    for batch in check:
        picture = torch.from_numpy(batch["picture"]).to(device)
        characters, states, _ = net(picture.permute(0, 3, 1, 2).float())
        best = characters.argmax(dim=2).cpu().numpy()
        text = batch["text"]
        right.append((best == text).all(axis=1))
        zero, letter = ALPHABET.index("0"), ALPHABET.index("O")
        folded.append(
            (
                np.where(best == letter, zero, best)
                == np.where(text == letter, zero, text)
            ).all(axis=1)
        )
        signs.append((best == text)[text != _PAD])
        known = (batch["state"] >= 0) & (batch["state"] < STATES - 1)
        named.append((states.argmax(dim=1).cpu().numpy() == batch["state"])[known])
        wide.append(batch["width"])
    whole = np.concatenate(right)
    return {
        "plates": round(float(whole.mean()), 4),
        "folded": round(float(np.concatenate(folded).mean()), 4),
        "small": round(float(whole[np.concatenate(wide) < 80].mean()), 4),
        "characters": round(float(np.concatenate(signs).mean()), 4),
        "states": round(float(np.concatenate(named).mean()), 4),
    }


def export(run: Path, folder: Path) -> None:
    """Write `reader.onnx` and `reader.safetensors` from the newest checkpoint."""
    net = ReaderNet()
    net.load_state_dict(
        torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)[
            "steady"
        ]
    )
    folder.mkdir(parents=True, exist_ok=True)
    half = {
        name: each.half() if each.is_floating_point() else each
        for name, each in net.state_dict().items()
    }
    save_file(half, folder / "reader.safetensors")
    net.eval()
    torch.onnx.export(
        Exported(net).eval(),
        (torch.zeros(2, ROWS, COLUMNS, 3, dtype=torch.uint8),),
        str(folder / "reader.onnx"),
        input_names=["plates"],
        output_names=["characters", "states"],
        dynamic_axes={each: {0: "N"} for each in ("plates", "characters", "states")},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    sys.exit(main())
