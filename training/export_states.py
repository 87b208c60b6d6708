"""The network that names states as an ONNX file.

    python -m training.export_states src/charteroak/edge/engines/weights

From `states.safetensors` in the folder it makes `states.onnx`, with convolutions of
eight bits unless `--float` says otherwise, and the folder's list of SHA-256.
"""

from torch import Tensor, nn

from training.export_plates import Exported, export
from training.state_net import COLUMNS, ROWS, StateNet, named
from training.train_states import looks


class _States(nn.Module):
    """Bytes in, probabilities out."""

    def __init__(self, states: StateNet) -> None:
        super().__init__()
        self.states = states

    def forward(self, plates: Tensor) -> Tensor:
        """N x ROWS x COLUMNS x 3, uint8, to states."""
        return named(self.states, plates.permute(0, 3, 1, 2).float())


def main() -> None:
    """Command line."""
    net = StateNet()
    made = Exported(
        name="states",
        net=net,
        telling=_States(net),
        gives="states",
        rows=ROWS,
        columns=COLUMNS,
        looks=looks([90_004]),
    )
    export(made, __doc__)


if __name__ == "__main__":
    main()
