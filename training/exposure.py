"""What light and a camera do to a picture of a scene."""

from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from training.canvas import Picture
from training.scene_kit import Kit

Light = Literal["fair", "hard", "night"]
_LIGHTS: Final[tuple[Light, ...]] = ("fair", "fair", "hard", "hard", "night")
_STEPS: Final = np.arange(256, dtype=np.float32) / 255


def expose(rng: np.random.Generator, kit: Kit, picture: Picture) -> Picture:
    """Take a picture of a scene: its light, its lens, its noise, its compression."""
    monochrome = rng.random() < 0.33
    light = _LIGHTS[int(rng.integers(len(_LIGHTS)))]
    if light != "fair" and rng.random() < 0.25:
        picture = _haze(rng, kit, picture)
    picture = _tones(rng, picture, light, monochrome=monochrome)
    if light == "night" and rng.random() < 0.4:
        picture = _lights(rng, picture, monochrome=monochrome)
    picture = _lens(rng, picture)
    if rng.random() < 0.75:
        picture = _noise(rng, kit, picture, monochrome=monochrome)
    if rng.random() < 0.65:
        quality = int(np.clip(rng.normal(55, 25), 12, 96))
        done, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done:
            picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return picture


def _haze(rng: np.random.Generator, kit: Kit, picture: Picture) -> Picture:
    veil = cv2.convertScaleAbs(
        kit.field(rng, picture.shape[:2], 0.6), alpha=float(rng.uniform(0.2, 1.0))
    )
    return np.asarray(cv2.add(picture, cv2.merge([veil] * 3)), np.uint8)


def _lights(rng: np.random.Generator, picture: Picture, *, monochrome: bool) -> Picture:
    """Add lamps that shine into the lens, with their halos."""
    height, width = picture.shape[:2]
    glow = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        radius = float(np.exp(rng.uniform(np.log(3), np.log(16))))
        cv2.circle(glow, (x, y), max(round(radius), 1), (1.0,), -1, cv2.LINE_AA)
    halo = cv2.blur(cv2.blur(glow, (31, 31)), (31, 31)) * rng.uniform(0.3, 2.0)
    glow = cv2.GaussianBlur(glow, (0, 0), 1.5) + halo
    tint = np.ones(3) if monochrome else rng.uniform([0.9, 0.3, 0.2], 1.0)
    added = np.minimum(glow[..., None] * tint * 255, 255).astype(np.uint8)
    return np.asarray(cv2.add(picture, added), np.uint8)


def _tones(
    rng: np.random.Generator, picture: Picture, light: Light, *, monochrome: bool
) -> Picture:
    """Balance colours, stretch and bend the tones; three tables, one pass."""
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    means = small.reshape(-1, 3).mean(axis=0) + 1.0
    balance = np.clip(means.mean() / means, 0.5, 2.2) ** rng.uniform(0, 0.8)
    wild = 0.4 if light == "fair" else 1.0
    balance = balance**wild * np.exp(rng.normal(0, 0.07 * wild, 3))
    low, high = 0.0, 255.0
    if rng.random() < 0.5:
        ranked = np.sort(small, axis=None)
        low = float(ranked[int(rng.uniform(0, 0.06) * len(ranked))])
        high = float(ranked[int(rng.uniform(0.94, 1) * len(ranked))])
    high = max(high, low + 40)
    gain = np.exp(rng.normal(0, 0.22 * wild))
    gamma = np.exp(rng.normal(0, 0.3 * wild))
    lift = rng.normal(0, 0.03 * wild)
    if light == "fair" and monochrome:  # street cameras spare the bright bodies
        gain *= np.exp(rng.uniform(-0.9, 0.1))
    if light == "night":  # dark, with bright lights kept
        gain = float(np.exp(rng.uniform(np.log(0.2), np.log(0.8))))
        gamma = rng.uniform(0.9, 1.7)
    if monochrome:
        weights = rng.dirichlet([4.0, 4.0, 2.0])[None, :].astype(np.float32)
        grey = cv2.transform(picture, weights)
        picture = np.asarray(cv2.merge([grey, grey, grey]), np.uint8)
        balance[:] = balance.mean()
    table = np.empty((1, 256, 3), np.float32)
    scaled = np.maximum((_STEPS * 255 - low) / (high - low), 0)
    for channel in range(3):
        bent = (scaled * balance[channel]) ** gamma * gain + lift
        if rng.random() < 0.5 and not monochrome:
            bent += rng.normal(0, 0.015)
        table[0, :, channel] = bent
    if monochrome:
        table[..., 1:] = table[..., :1]
    if rng.random() < 0.2:  # the hard contrast of sunlight
        table = np.clip(table, 0, 1)
        table = table**2 * (3 - 2 * table)
    elif rng.random() < 0.5:  # lights roll off instead of clipping
        table = 1 - np.exp(-1.6 * np.maximum(table, 0))
    looked_up = np.clip(table * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, looked_up), np.uint8)


def _lens(rng: np.random.Generator, picture: Picture) -> Picture:
    kind = rng.random()
    if kind < 0.22:
        sigma = float(np.exp(rng.uniform(np.log(0.4), np.log(1.8))))
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    elif kind < 0.4:
        long = rng.uniform(2, 8)
        angle = rng.choice([0.0, rng.uniform(0, np.pi)])
        picture = np.asarray(cv2.filter2D(picture, -1, _smear(long, angle)), np.uint8)
    elif kind < 0.58:  # a small picture made larger
        height, width = picture.shape[:2]
        share = rng.uniform(0.4, 0.9)
        way_down = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR]))
        way_up = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        size = (max(int(width * share), 2), max(int(height * share), 2))
        small = cv2.resize(picture, size, interpolation=way_down)
        picture = np.asarray(
            cv2.resize(small, (width, height), interpolation=way_up), np.uint8
        )
    if rng.random() < 0.25:  # sharpened
        soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
        much = float(rng.uniform(0.3, 1.5))
        picture = np.asarray(
            cv2.addWeighted(picture, 1 + much, soft, -much, 0), np.uint8
        )
    return picture


def _smear(long: float, angle: float) -> NDArray[np.float32]:
    side = int(long) | 1
    kernel = np.zeros((side, side), np.float32)
    middle = (side - 1) / 2
    reach = np.array([np.cos(angle), np.sin(angle)]) * (long - 1) / 2
    ends = [
        tuple(int(value) for value in np.round((middle + sign * reach) * 16))
        for sign in (-1, 1)
    ]
    cv2.line(kernel, ends[0], ends[1], (1.0,), 1, cv2.LINE_8, 4)
    return np.asarray(kernel / max(float(kernel.sum()), 1e-3), np.float32)


def _noise(
    rng: np.random.Generator, kit: Kit, picture: Picture, *, monochrome: bool
) -> Picture:
    height, width = picture.shape[:2]
    half = len(kit.grain) // 2
    sheet = kit.grain[int(rng.integers(half)) + (half if monochrome else 0)]
    y = int(rng.integers(0, sheet.shape[0] - height + 1))
    x = int(rng.integers(0, sheet.shape[1] - width + 1))
    part = sheet[y : y + height, x : x + width]
    strength = float(np.exp(rng.uniform(np.log(0.03), np.log(0.4))))
    noisy = cv2.addWeighted(
        picture.astype(np.int16), 1.0, part.astype(np.int16), strength, 0
    )
    return np.clip(noisy, 0, 255).astype(np.uint8)
