"""The loop of a training: samples from other processes, checkpoints, a steady copy, a curve.

An interrupted run goes on where its newest checkpoint was.
"""

import argparse
import contextlib
import json
import math
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Full
from typing import Any, Final, Generic, TypeVar

import attrs
import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from training.curves import draw_curves

BATCH: Final = 64
_SAVED_S: Final = 180.0
_TOLD_S: Final = 240.0
_WARM: Final = 150
"""Steps until the rate is full."""

Batch = dict[str, npt.NDArray[Any]]
Net = TypeVar("Net", bound=nn.Module)


def options(
    about: str | None, more: Callable[[argparse.ArgumentParser], None] | None = None
) -> argparse.Namespace:
    """The command line that all trainings share, and what one adds to it."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="that draw samples")
    parser.add_argument("--threads", type=int, default=1, help="of the network")
    parser.add_argument("--rate", type=float, default=2e-3, help="of learning")
    parser.add_argument("--start-from", type=Path, help="weights to go on from")
    parser.add_argument("--export", type=Path, help="write the weights here, and end")
    if more is not None:
        more(parser)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    return given


@attrs.frozen(kw_only=True)
class Task(Generic[Net]):
    """What is particular to one network.

    Attributes:
        make: the network, untrained.
        draw: endless batches; the same seed, the same batches.
        losses: of a batch that lies on the network's device; the first is followed,
            all are told.
        check: scores of the steady network on the validation set.
        batch: how many samples `draw` puts into one.
    """

    make: Callable[[], Net]
    draw: Callable[[list[int]], Iterator[Batch]]
    losses: Callable[[Net, dict[str, torch.Tensor]], tuple[torch.Tensor, ...]]
    check: Callable[[Net], dict[str, float]]
    batch: int = BATCH


class Run(Generic[Net]):
    """A training of one network, in a folder."""

    def __init__(self, task: Task[Net], given: argparse.Namespace) -> None:
        self._task, self._given = task, given
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.net = task.make().to(self._device).to(memory_format=torch.channels_last)
        self.steady = task.make().to(self._device)
        if given.start_from:
            self.net.load_state_dict(load_file(given.start_from))
        self.steady.load_state_dict(self.net.state_dict())
        self._best = torch.optim.AdamW(
            self.net.parameters(), lr=given.rate, weight_decay=0.02
        )
        self._done, self._spent = 0, 0.0
        self._newest = given.out / "checkpoint.pt"
        if self._newest.exists():
            self._load()

    def train(self) -> None:
        """Train until the time is over."""
        queue = self._drawn()
        started = told = saved = time.monotonic()
        before = self._spent
        losses: list[list[float]] = []
        while True:
            now = time.monotonic()
            self._spent = before + now - started
            part = self._spent / (self._given.minutes * 60)
            over = part >= 1
            if over or now - saved > _SAVED_S:
                saved = now
                self._save()
            if over or now - told > _TOLD_S:
                told = now
                self._tell(losses)
                losses.clear()
            if over:
                self._draw_curves()
                return
            losses.append(self._step(queue.get(timeout=300), part))

    def _drawn(self) -> "Queue[Batch]":
        context = multiprocessing.get_context("fork")
        queue: Queue[Batch] = context.Queue(maxsize=6)
        for number in range(self._given.workers):
            seed = [self._given.seed, self._done, number]
            context.Process(
                target=_fill, args=(queue, self._task.draw, seed), daemon=True
            ).start()
        return queue

    def _step(self, batch: Batch, part: float) -> list[float]:
        steps = self._done // self._task.batch
        warm = min(1.0, (steps + 1) / _WARM)
        rate = self._given.rate * warm * (0.5 + 0.5 * math.cos(math.pi * part) + 0.01)
        for group in self._best.param_groups:
            group["lr"] = rate
        self.net.train()
        placed = {
            name: torch.from_numpy(each).to(self._device)
            for name, each in batch.items()
        }
        losses = self._task.losses(self.net, placed)
        self._best.zero_grad(set_to_none=True)
        losses[0].backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self._best.step()
        self._done += self._task.batch
        self._follow(min(0.998, (1 + steps) / (10 + steps)))
        return [each.item() for each in losses]

    @torch.no_grad()
    def _follow(self, keep: float) -> None:
        """The weights' moving average is what is shipped."""
        theirs = self.net.state_dict()
        for name, value in self.steady.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(theirs[name], 1 - keep)
            else:
                value.copy_(theirs[name])

    def _tell(self, losses: list[list[float]]) -> None:
        self.steady.eval()
        line = {
            "minutes": round(self._spent / 60, 1),
            "samples": self._done,
            "loss": np.mean(losses, axis=0).round(4).tolist() if losses else [],
            **self._task.check(self.steady),
        }
        with (self._given.out / "curve.jsonl").open("a", encoding="utf-8") as curve:
            curve.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def _draw_curves(self) -> None:
        log = self._given.out / "curve.jsonl"
        draw_curves(log, log.with_name("curves.png"))

    def _save(self) -> None:
        part = self._newest.with_suffix(".part")
        kept = {
            "net": self.net.state_dict(),
            "steady": self.steady.state_dict(),
            "best": self._best.state_dict(),
            "done": self._done,
            "spent": self._spent,
        }
        torch.save(kept, part)
        part.replace(self._newest)

    def _load(self) -> None:
        kept = torch.load(self._newest, map_location=self._device, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.steady.load_state_dict(kept["steady"])
        self._best.load_state_dict(kept["best"])
        self._done, self._spent = kept["done"], kept["spent"]


def _fill(
    queue: "Queue[Batch]", draw: Callable[[list[int]], Iterator[Batch]], seed: list[int]
) -> None:
    cv2.setNumThreads(1)
    parent = os.getppid()
    for batch in draw(seed):
        while os.getppid() == parent:
            with contextlib.suppress(Full):
                queue.put(batch, timeout=5)
                break
        else:  # whoever trained was ended
            queue.cancel_join_thread()  # nobody will take what is in it
            return


def steady_weights(run: Path) -> dict[str, torch.Tensor]:
    """The steady network of a run's newest checkpoint."""
    kept = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
    weights: dict[str, torch.Tensor] = kept["steady"]
    return weights


def write_weights(weights: dict[str, torch.Tensor], file: Path) -> None:
    """As safetensors, numbers of 16 bits: what a training goes on from."""
    half = {
        name: each.half() if each.is_floating_point() else each
        for name, each in weights.items()
    }
    save_file(half, file)
    file.chmod(0o644)
