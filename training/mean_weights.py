"""The mean of two runs of one network, of which the second went on from the first.

    python -m training.mean_weights BEFORE.safetensors AFTER.safetensors OUT.safetensors

What a network learns while it goes on and what it forgets lie in different directions, so
the mean is often better than either (Wortsman et al., Model soups, ICML 2022). Keep it only
where the drawn validation set says so.
"""

import argparse
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def mean(
    before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Tensor by tensor; counts, which are whole numbers, are those of the second.

    Raises:
        ValueError: the two are not of one network.
    """
    shapes = [
        {name: each.shape for name, each in net.items()} for net in (before, after)
    ]
    if shapes[0] != shapes[1]:
        msg = "these are weights of different networks"
        raise ValueError(msg)
    return {
        name: (before[name].float() + each.float()).div(2).to(each.dtype)
        if each.is_floating_point()
        else each
        for name, each in after.items()
    }


def main() -> None:
    """Read two files, write the third."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("before", "after", "out"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    with safe_open(str(given.after), "pt") as opened:
        about = opened.metadata()
    save_file(
        mean(load_file(given.before), load_file(given.after)), given.out, metadata=about
    )


if __name__ == "__main__":
    main()
