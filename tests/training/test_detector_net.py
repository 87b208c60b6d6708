"""The detector's network learns, and what is shipped is what was trained."""

from pathlib import Path

import numpy as np
import pytest
from training.detections import found_in
from training.scenes import Mark, targets_of

onnxruntime = pytest.importorskip("onnxruntime")
torch = pytest.importorskip("torch", reason="training needs torch, which is not here")
detector_net = pytest.importorskip("training.detector_net")
train_detector = pytest.importorskip("training.train_detector")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the exporter's
def test_the_network_learns_one_plate_and_ships_what_it_learned(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(3)
    corners = np.array([[30, 42], [90, 46], [88, 74], [32, 72]], np.float32)
    picture = np.full((128, 128, 3), 60, np.uint8)
    picture[44:73, 31:89] = 230
    picture[50:66, 38:82:4] = 20
    targets = targets_of((Mark(corners=corners, weight=1.0, ignored=False),), side=128)
    fields = (targets.heat, targets.offsets, targets.weights, targets.counted)
    goal = [torch.from_numpy(field)[None] for field in fields]
    seen = torch.from_numpy(picture).permute(2, 0, 1)[None]
    net = detector_net.DetectorNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    losses = []
    for _ in range(60):
        centre, error = detector_net.loss_of(net(seen), *goal)
        optimizer.zero_grad()
        (centre + 8 * error).backward()
        optimizer.step()
        losses.append(float((centre + error).detach()))
    assert losses[-1] < losses[0] / 10
    for _ in range(80):  # let the norms' averages settle
        net(seen)
    torch.save({"steady": net.state_dict()}, tmp_path / "checkpoint.pt")
    train_detector.export(tmp_path, tmp_path)
    session = onnxruntime.InferenceSession(tmp_path / "detector.onnx")
    (answer,) = session.run(["plates"], {"picture": picture[None]})
    assert answer.shape == (1, 9, 16, 16)
    net.eval()
    with torch.no_grad():
        own = net(seen)[0].numpy()
    assert np.abs(answer[0, 1:] - own[1:] * 64).max() < 0.05
    found = found_in(answer[0], least=0.5)
    assert len(found) == 1
    assert np.abs(found[0].corners - corners).max() < 4
    (wider,) = session.run(["plates"], {"picture": np.zeros((1, 96, 160, 3), np.uint8)})
    assert wider.shape == (1, 9, 12, 20)
