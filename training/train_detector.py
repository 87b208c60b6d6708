"""Train the detector, from nothing or from weights, and export it.

python -m training.train_detector --data DIR --out DIR --minutes 60
python -m training.train_detector --out DIR --export DIR
"""

import argparse
import hashlib
import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader, Dataset

from training.curves import draw_curves
from training.detections import Detection, found_in, score
from training.detector_net import DetectorNet, Shipped, folded, loss_of
from training.plates import draw_plate
from training.quantise import quantise
from training.scene_kit import Kit, load_faces, make_kit
from training.scenes import Mark, Scene, make_scene, targets_of
from training.street_photos import load_photographs

_CORNERS: Final = 16.0
"""What an error of the corners by their plate's width weighs beside a missed plate."""
_WARM: Final = 0.02
_SMOOTHING: Final = 0.998
_VALIDATION: Final = 400
_EXAMPLES: Final = 150


def main() -> None:
    """Read the command line and train or export."""
    options = _options()
    cv2.setNumThreads(1)
    torch.set_num_threads(options.threads)
    if options.export is not None:
        export(options.out / "checkpoint.pt", options.export, _examples(options))
        return
    Run(options).train()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, help="folder with labels.csv and street photographs")
    add("--out", type=Path, required=True, help="folder for checkpoint and curves")
    add("--cache", type=Path, help="folder for decoded pictures (default: OUT/cache)")
    add("--minutes", type=float, default=60.0, help="how long to train in all")
    add(
        "--steps", type=int, default=0, help="how many steps in all, instead of minutes"
    )
    add("--batch", type=int, default=16)
    add("--rate", type=float, default=2e-3, help="highest learning rate")
    add("--faces", type=int, default=4000, help="how many plates to draw beforehand")
    add("--workers", type=int, default=0, help="processes that draw scenes")
    add("--threads", type=int, default=1, help="threads of the network")
    add("--seed", type=int, default=1)
    add("--every", type=float, default=3.0, help="minutes between checkpoints")
    add("--resume", action="store_true", help="continue from OUT/checkpoint.pt")
    add("--start-from", type=Path, help="safetensors file to begin with")
    add("--export", type=Path, help="write the newest weights to this folder and stop")
    add("--float", action="store_true", help="export 32 bits instead of 8")
    return parser.parse_args()


def _kit(options: argparse.Namespace, *, held_out: bool) -> Kit:
    cache = options.cache or options.out / "cache"
    photographs = load_photographs(options.data, cache)
    faces = load_faces(
        cache, lambda rng: draw_plate(rng).face, count=options.faces, seed=1
    )
    return make_kit(photographs, faces, held_out=held_out)


def _some_scenes(kit: Kit, seed: int, count: int) -> Iterator[Scene]:
    for number in range(count):
        yield make_scene(np.random.default_rng([seed, number]), kit)


def _examples(options: argparse.Namespace) -> list[NDArray[np.uint8]]:
    """Pictures to learn the ranges of eight bits from; none where 32 are wanted."""
    if options.float:
        return []
    scenes = _some_scenes(_kit(options, held_out=False), 78, _EXAMPLES)
    return [scene.picture[None] for scene in scenes]


class Scenes(Dataset[tuple[torch.Tensor, ...]]):
    """Scenes by number; the same number and seed give the same scene."""

    def __init__(self, kit: Kit, seed: int) -> None:
        self._kit = kit
        self._seed = seed

    def __getitem__(self, number: int) -> tuple[torch.Tensor, ...]:
        """Give picture, heat, offsets, weights, counted."""
        cv2.setNumThreads(1)
        scene = make_scene(np.random.default_rng([self._seed, number]), self._kit)
        targets = targets_of(scene.marks)
        fields = (targets.heat, targets.offsets, targets.weights, targets.counted)
        return (
            torch.from_numpy(scene.picture).permute(2, 0, 1),
            *(torch.from_numpy(field) for field in fields),
        )


@attrs.define(kw_only=True)
class Progress:
    """How far a training has come: steps, scenes drawn, seconds."""

    steps: int = 0
    scenes: int = 0
    seconds: float = 0.0


class Run:
    """One training, with everything that a checkpoint keeps."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(options.seed)
        self.net = DetectorNet().to(self.device, memory_format=torch.channels_last)
        self.smooth = DetectorNet().to(self.device)
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=options.rate, weight_decay=0.02
        )
        self.progress = Progress()
        options.out.mkdir(parents=True, exist_ok=True)
        self.kit, self.validation = self._data()
        if options.resume:
            self._load()
        elif options.start_from is not None:
            self.net.load_state_dict(load_file(options.start_from))
        if not options.resume:
            self.smooth.load_state_dict(self.net.state_dict())

    def _data(self) -> tuple[Kit, list[tuple[torch.Tensor, tuple[Mark, ...]]]]:
        validation = []
        for scene in _some_scenes(_kit(self.options, held_out=True), 77, _VALIDATION):
            picture = torch.from_numpy(scene.picture).permute(2, 0, 1)
            validation.append((picture, scene.marks))
        return _kit(self.options, held_out=False), validation

    def _batches(self) -> Iterator[list[torch.Tensor]]:
        """Go on with the scenes where the training stands."""
        options = self.options
        loader: DataLoader[tuple[torch.Tensor, ...]] = DataLoader(
            Scenes(self.kit, options.seed),
            batch_size=options.batch,
            sampler=range(self.progress.scenes, 1 << 31),
            num_workers=options.workers,
            prefetch_factor=4 if options.workers else None,
        )
        yield from loader

    def train(self) -> None:
        """Train until the minutes or steps are over; keep checkpoint and curves."""
        options, progress = self.options, self.progress
        begun = time.monotonic() - progress.seconds
        noted, saved, sums, count = progress.seconds, progress.seconds, [0.0, 0.0], 0
        for batch in self._batches():
            done = self._done()
            if done >= 1:
                break
            centre, corners = self._step(batch, done)
            sums, count = [sums[0] + centre, sums[1] + corners], count + 1
            progress.steps += 1
            progress.scenes += options.batch
            progress.seconds = time.monotonic() - begun
            if progress.seconds - noted > 60:
                self._note(centre=sums[0] / count, corners=sums[1] / count)
                noted, sums, count = progress.seconds, [0.0, 0.0], 0
            if progress.seconds - saved > options.every * 60:
                self._save()
                self._validate()
                saved = progress.seconds
        self._save()
        self._validate()
        draw_curves(options.out / "log.jsonl", options.out / "curves.png")

    def _done(self) -> float:
        """Share of the training that is over."""
        if self.options.steps:
            return self.progress.steps / self.options.steps
        return self.progress.seconds / (self.options.minutes * 60)

    def _step(self, batch: list[torch.Tensor], done: float) -> tuple[float, float]:
        falling = 0.5 * (1 + math.cos(math.pi * done))
        rate = self.options.rate * min(done / _WARM + 0.02, 1.0) * max(falling, 0.01)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        picture, *targets = (part.to(self.device, non_blocking=True) for part in batch)
        self.net.train()
        picture = picture.contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            answer = self.net(picture)
        centre, corners = loss_of(answer, *targets)
        self.optimizer.zero_grad()
        (centre + _CORNERS * corners).backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self._smooth_weights()
        return float(centre.detach()), float(corners.detach())

    @torch.no_grad()
    def _smooth_weights(self) -> None:
        share = min(_SMOOTHING, (1 + self.progress.steps) / (10 + self.progress.steps))
        fresh = self.net.state_dict()
        for name, value in self.smooth.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(fresh[name].to(value.dtype), 1 - share)
            else:
                value.copy_(fresh[name])

    def found(self) -> Iterator[tuple[list[Detection], tuple[Mark, ...]]]:
        """Look for the plates of the validation scenes with the smoothed weights."""
        shipped = folded(self.smooth).to(self.device)
        for picture, marks in self.validation:
            with torch.no_grad():
                answer = shipped(picture[None].to(self.device))[0]
            answer = torch.cat([torch.sigmoid(answer[:1]), answer[1:] * 64.0])
            yield found_in(answer.cpu().numpy()), marks

    def _validate(self) -> None:
        result = attrs.asdict(score(self.found()))
        self._note(**{key: round(value, 4) for key, value in result.items()})

    def _note(self, **values: float) -> None:
        entry = {
            "minutes": round(self.progress.seconds / 60, 2),
            "steps": self.progress.steps,
            "scenes": self.progress.scenes,
            **values,
        }
        with (self.options.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(entry) + "\n")

    def _save(self) -> None:
        stored = self.options.out / "checkpoint.pt"
        partial = stored.with_suffix(".partial")
        content = {
            "net": self.net.state_dict(),
            "smooth": self.smooth.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": attrs.asdict(self.progress),
        }
        torch.save(content, partial)
        partial.replace(stored)

    def _load(self) -> None:
        content = _checkpoint(self.options.out / "checkpoint.pt")
        self.net.load_state_dict(content["net"])
        self.smooth.load_state_dict(content["smooth"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.progress = Progress(**content["progress"])


def _checkpoint(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
    return content


def export(
    checkpoint: Path, folder: Path, examples: Sequence[NDArray[np.uint8]] = ()
) -> None:
    """Write detector.onnx and detector.safetensors from a checkpoint.

    Args:
        checkpoint: of a training; its smoothed weights are taken.
        folder: where the two files go; their SHA-256 are printed.
        examples: pictures, uint8, shape (1, h, w, 3), from which the ranges for eight
            bits are learned; without any the file keeps 32 bits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    net = DetectorNet()
    net.load_state_dict(_checkpoint(checkpoint)["smooth"])
    save_file(net.state_dict(), folder / "detector.safetensors")
    (folder / "detector.safetensors").chmod(0o644)
    torch.onnx.export(
        Shipped(net).eval(),
        (torch.zeros(1, 128, 192, 3, dtype=torch.uint8),),
        str(folder / "detector.onnx"),
        input_names=["picture"],
        output_names=["plates"],
        dynamic_axes={
            "picture": {1: "height", 2: "width"},
            "plates": {2: "rows", 3: "columns"},
        },
        opset_version=17,
        dynamo=False,
    )
    if examples:
        quantise(folder / "detector.onnx", "picture", examples)
    for name in ("detector.onnx", "detector.safetensors"):
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        print(f"{digest}  {name}")


if __name__ == "__main__":
    main()
