"""Train the detector, from nothing or from the shipped weights.

python -m training.train_detector --data DIR --out DIR --minutes 120
python -m training.train_detector --data DIR --out DIR --export DIR
"""

import argparse
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from training.detections import found_in, score
from training.detector_net import DetectorNet, Shipped, loss_of
from training.loop import Batch, Run, Task, options, steady_weights, write_weights
from training.plates import draw_plate
from training.quantise import quantise
from training.scene_kit import Kit, load_faces, make_kit
from training.scenes import Scene, make_scene, targets_of
from training.street_photos import load_photographs

_BATCH: Final = 32
_CORNERS: Final = 16.0
"""What an error of the corners by their plate's width weighs beside a missed plate."""
_VALIDATION: Final = 400
_EXAMPLES: Final = 150


def main() -> None:
    """Command line."""
    given = options(__doc__, _own)
    if given.export:
        examples = () if given.float else _scenes(_kit(given), 78, _EXAMPLES)
        export(given.out, given.export, [scene.picture[None] for scene in examples])
        return
    held_out = tuple(_scenes(_kit(given, held_out=True), 77, _VALIDATION))
    task = Task(
        make=DetectorNet,
        draw=functools.partial(batches, _kit(given)),
        losses=losses,
        check=functools.partial(validate, held_out),
        batch=_BATCH,
    )
    Run(task, given).train()


def _own(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--data",
        type=Path,
        required=True,
        help="folder with labels.csv and street photographs",
    )
    add("--cache", type=Path, help="folder for decoded pictures (default: OUT/cache)")
    add("--faces", type=int, default=4000, help="how many plates to draw beforehand")
    add("--float", action="store_true", help="export 32 bits instead of 8")


def _kit(given: argparse.Namespace, *, held_out: bool = False) -> Kit:
    cache = given.cache or given.out / "cache"
    faces = load_faces(
        cache, lambda rng: draw_plate(rng).face, count=given.faces, seed=1
    )
    return make_kit(load_photographs(given.data, cache), faces, held_out=held_out)


def _scenes(kit: Kit, seed: int, count: int) -> Iterator[Scene]:
    for number in range(count):
        yield make_scene(np.random.default_rng([seed, number]), kit)


def batches(kit: Kit, seed: list[int], *, size: int = _BATCH) -> Iterator[Batch]:
    """Endless batches; the same kit and seed, the same batches.

    Yields:
        `picture`, uint8, shape (size, 256, 256, 3), and the fields of
        `scenes.Targets`, each with the batch as its first axis.
    """
    rng = np.random.default_rng(seed)
    while True:
        drawn = [make_scene(rng, kit) for _ in range(size)]
        targets = [attrs.asdict(targets_of(scene.marks)) for scene in drawn]
        fields = {
            name: np.stack([each[name] for each in targets]) for name in targets[0]
        }
        yield {"picture": np.stack([scene.picture for scene in drawn]), **fields}


def losses(
    net: DetectorNet, batch: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    """The sum that is followed, and its parts: centres and corners."""
    picture = batch["picture"].permute(0, 3, 1, 2)
    with torch.autocast(picture.device.type, torch.bfloat16):
        answer = net(picture)
    centres, corners = loss_of(
        answer, batch["heat"], batch["offsets"], batch["weights"], batch["counted"]
    )
    return centres + _CORNERS * corners, centres, corners


@torch.no_grad()
def validate(scenes: Sequence[Scene], net: DetectorNet) -> dict[str, float]:
    """How well the plates of some scenes are found: the values of `detections.Score`."""
    device = next(net.parameters()).device
    shipped = Shipped(net).to(device).eval()
    answers = (
        shipped(torch.from_numpy(scene.picture)[None].to(device))[0].cpu().numpy()
        for scene in scenes
    )
    told = score(
        (found_in(answer), scene.marks)
        for answer, scene in zip(answers, scenes, strict=True)
    )
    return {name: round(value, 4) for name, value in attrs.asdict(told).items()}


def export(run: Path, folder: Path, examples: Sequence[NDArray[np.uint8]] = ()) -> None:
    """Write detector.safetensors, and detector.onnx of it.

    Args:
        run: folder of a training; its steady weights are taken.
        folder: where the two files go.
        examples: pictures, uint8, shape (1, h, w, 3), from which the ranges for eight
            bits are learned; without any the file keeps 32 bits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(steady_weights(run), folder / "detector.safetensors")
    net = DetectorNet()
    net.load_state_dict(load_file(folder / "detector.safetensors"))
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


if __name__ == "__main__":
    main()
