"""The street without its cars: sky, hills, road, houses, trees, lamps, a church.

Everything that takes daylight is painted in daylight and then graded to the hour;
windows and lamps, which shine by themselves, are added afterwards.
"""

from itertools import cycle
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from charteroak.rendering.artist import FAR_M, NEAR_M, OVER, Artist
from charteroak.rendering.camera import Camera
from charteroak.rendering.houses import WALLS, church, house
from charteroak.rendering.light import AMBIENCE, Ambience, Hour
from charteroak.rendering.paint import Rgb, mix, tinted
from charteroak.rendering.roadside import blobs, far_trees, fence, lamp, sign, tree

ROAD_HALF_M: Final = 3.15
_TOWN_FAR_M: Final = 290.0
_CHURCH_ON_ONE_IN: Final = 4
"""Of so many streets one leads to a church, by its seed."""


def draw_background(camera: Camera, hour: Hour, seed: int) -> Image.Image:
    """Draw the empty street; the same arguments give the same picture.

    Returns:
        An RGB picture of the camera's size. Takes one or two seconds: keep it.
    """
    # One stream for each: the same street at every hour, whatever its sky needs.
    rng = np.random.default_rng([seed, 11])
    sky_rng, shade_rng, grain_rng = rng.spawn(3)
    ambience = AMBIENCE[hour]
    artist = Artist(camera, rng, ambience)
    sky = _sky(camera, sky_rng, ambience, hour)
    _hills(artist)
    _ground(artist)
    _shadows(artist, shade_rng)
    leads_to_church = seed % _CHURCH_ON_ONE_IN == 1
    if leads_to_church:
        church(artist)
    far_trees(artist, gap=leads_to_church)
    _town(artist)
    world = tinted(artist.picture.reduce(OVER), ambience.light)
    sky.paste(world, (0, 0), world)
    _texture(sky, camera, grain_rng)
    if ambience.lamps:
        sky = _illuminate(sky, artist)
    return _lens(sky, camera)


def _sky(
    camera: Camera, rng: np.random.Generator, ambience: Ambience, hour: Hour
) -> Image.Image:
    width, height = camera.width_px, camera.height_px
    rise = np.clip(1 - np.arange(height) / camera.horizon_px, 0, 1)[:, None] ** 0.8
    low, high = (np.asarray(c, float) for c in (ambience.low_sky, ambience.zenith))
    column = low + (high - low) * rise
    sky = Image.fromarray(
        np.broadcast_to(column[:, None, :], (height, width, 3)).astype(np.uint8), "RGB"
    )
    small = (width // 4, height // 4)
    cloud = Image.new("L", small)
    pen = ImageDraw.Draw(cloud)
    if hour == "night":
        for _ in range(90):
            x, y = rng.uniform(0, width), rng.uniform(0, camera.horizon_px * 0.8)
            level = int(rng.integers(90, 200))
            sky.putpixel((int(x), int(y)), (level, level, min(255, level + 12)))
    for _ in range(9):
        x, y = rng.uniform(0, small[0]), rng.uniform(0.05, 0.75) * camera.horizon_px / 4
        for _ in range(14):
            dx, dy = rng.normal(0, 46), rng.normal(0, 3.5)
            rx, ry = rng.uniform(16, 44), rng.uniform(2, 6)
            pen.ellipse((x + dx - rx, y + dy - ry, x + dx + rx, y + dy + ry), fill=150)
    cloud = cloud.filter(ImageFilter.GaussianBlur(7)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    cloud = cloud.point(
        [round(v * (0.35 if hour == "night" else 0.8)) for v in range(256)]
    )
    white = mix(ambience.low_sky, (255, 255, 255), 0.55 if hour == "day" else 0.12)
    sky.paste(white, (0, 0), cloud)
    return sky


def _hills(artist: Artist) -> None:
    width, height = artist.size
    horizon = artist.at(0, artist.camera.height_m, 1e6)[1]
    unit = height / 1080
    for rise, wave, colour in (
        (92, 30, (150, 174, 190)),
        (62, 20, (118, 146, 140)),
        (40, 12, (98, 126, 96)),
    ):
        phase = artist.rng.uniform(0, 6.28, 3)
        xs = np.linspace(0, width, 160)
        t = xs / width
        ys = horizon - unit * (
            rise
            + wave * np.sin(5 * t + phase[0])
            + wave * 0.4 * np.sin(13 * t + phase[1])
            + wave * 0.12 * np.sin(61 * t + phase[2])
        )
        line = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        artist.pen.polygon([*line, (width, horizon + 4), (0, horizon + 4)], fill=colour)


def _ground(artist: Artist) -> None:
    grass: Rgb = (112, 138, 72)
    artist.strip(-900, 900, grass, near=NEAR_M, far=3000)
    for side in (-1, 1):
        artist.strip(side * 4.55, side * 6.0, (184, 180, 170), near=NEAR_M, far=FAR_M)
        for z in np.arange(9, 120, 1.5):
            joint = [
                (side * 4.55, 0, z),
                (side * 6, 0, z),
                (side * 6, 0, z + 0.03),
                (side * 4.55, 0, z + 0.03),
            ]
            artist.shape(
                [(float(x), float(y), float(d)) for x, y, d in joint], (152, 148, 140)
            )
        artist.strip(
            side * ROAD_HALF_M, side * 3.36, (170, 168, 162), near=NEAR_M, far=FAR_M
        )
        artist.strip(
            side * ROAD_HALF_M, side * 3.17, (96, 94, 90), near=NEAR_M, far=FAR_M
        )
    artist.strip(-ROAD_HALF_M, ROAD_HALF_M, (98, 99, 102), near=NEAR_M, far=FAR_M)
    for track in (-2.05, -0.65, 0.65, 2.05):
        artist.strip(track - 0.24, track + 0.24, (91, 92, 95), near=NEAR_M, far=FAR_M)
    for _ in range(6):
        x, z = artist.rng.uniform(-2.8, 2.8), artist.rng.uniform(13, 60)
        _seam(artist, float(x), float(z))
    for side in (-1, 1):
        artist.strip(side * 2.85, side * 2.95, (206, 204, 196), near=NEAR_M, far=FAR_M)
    for z in np.arange(7, 200, 9):
        artist.strip(-0.06, 0.06, (214, 212, 204), near=float(z), far=float(z) + 3)
    for x in np.arange(-2.9, 2.7, 0.9):
        artist.strip(float(x), float(x) + 0.45, (212, 211, 204), near=38, far=41.5)


def _shadows(artist: Artist, rng: np.random.Generator) -> None:
    """Leaf shade across the road: soft patches from the trees on the sunny side."""
    if artist.ambience.lamps == 1:
        return
    for z in np.arange(16, 150, 4.2):
        for _ in range(3):
            x, spread = rng.uniform(-6.5, 2.5), rng.uniform(0.4, 1.3)
            artist.shadow(
                float(x),
                float(z) + float(rng.uniform(-2, 2)),
                float(spread),
                float(spread),
            )
    soft = artist.shadows.filter(ImageFilter.GaussianBlur(9))
    soft = soft.resize(artist.size).point([round(v * 0.42) for v in range(256)])
    artist.picture.paste(
        (46, 50, 58), (0, 0), ImageChops.multiply(soft, artist.picture.getchannel("A"))
    )


def _seam(artist: Artist, x: float, z: float) -> None:
    """A crack filled with tar."""
    line = []
    for _ in range(7):
        line.append(artist.at(x, 0, z))
        x += float(artist.rng.normal(0, 0.05))
        z += float(artist.rng.uniform(0.5, 1.6))
    artist.pen.line(line, fill=(76, 77, 80), width=max(2, int(artist.scale(z) * 0.018)))


def _town(artist: Artist) -> None:
    """Houses, trees, lamps and fences, from far to near."""
    things: list[tuple[float, str, int]] = []
    for side in (-1, 1):
        z = 50 + float(artist.rng.uniform(0, 8))
        while z < _TOWN_FAR_M:
            things.append((z, "house", side))
            z += float(artist.rng.uniform(17, 24))
        z = 52 + float(artist.rng.uniform(0, 10)) + (7 if side > 0 else 0)
        while z < _TOWN_FAR_M:
            things.append((z, "tree", side))
            z += float(artist.rng.uniform(22, 32))
        things.extend((z, "lamp", side) for z in (41.0 + 6 * side, 84.0, 128.0, 180.0))
        things.extend(
            (float(z), "fence", side)
            for z in artist.rng.choice([44, 66, 90, 116], 2, replace=False)
        )
    things.append((58.0, "sign", 1))
    # Neighbours never share a colour.
    walls = cycle(artist.rng.permutation(len(WALLS)).tolist())
    for z, what, side in sorted(things, reverse=True):
        match what:
            case "house":
                house(artist, side, z, WALLS[next(walls)])
                shrub = (side * 7.2, 0.5, z - 0.5)
                for step in range(3):
                    at = (shrub[0] + side * step * 1.6, 0.55, z - 0.6)
                    blobs(artist, at, 0.75, (70, 100, 56), 40)
            case "tree":
                tree(artist, side * 4.1, z)
            case "lamp":
                lamp(artist, side * 3.75, z)
            case "sign":
                sign(artist, 3.9, z)
            case _:
                fence(artist, side, z, z + 14)


def _texture(picture: Image.Image, camera: Camera, rng: np.random.Generator) -> None:
    """Grain of asphalt and grass below the horizon, coarser towards the camera."""
    top = int(camera.horizon_px) + 20
    width, height = picture.width, picture.height - top
    fine = rng.normal(0, 1, (height, width)).astype(np.float32)
    coarse = Image.fromarray(
        rng.normal(0, 1, (height // 3 + 1, width // 5 + 1)).astype(np.float32)
    )
    patches = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    broad = Image.fromarray(
        rng.normal(0, 1, (height // 40 + 2, width // 120 + 2)).astype(np.float32)
    )
    stains = np.asarray(broad.resize((width, height), Image.Resampling.BICUBIC))
    depth = np.linspace(0.15, 1, height, dtype=np.float32)[:, None]
    gain = 1 + (0.022 * fine + 0.022 * patches) * depth + 0.022 * stains
    lower = np.asarray(picture.crop((0, top, width, picture.height)), np.float32)
    grained = np.clip(lower * gain[..., None], 0, 255).astype(np.uint8)
    picture.paste(Image.fromarray(grained, "RGB"), (0, top))


def _illuminate(picture: Image.Image, artist: Artist) -> Image.Image:
    shine = artist.shine.reduce(OVER)
    lit = ImageChops.lighter(picture, shine)
    small = shine.reduce(4)
    for radius, gain in ((2, 0.55), (9, 0.75), (30, 0.9)):
        halo = small.filter(ImageFilter.GaussianBlur(radius)).resize(
            picture.size, Image.Resampling.BICUBIC
        )
        halo = halo.point([min(255, round(v * gain)) for v in range(256)] * 3)
        lit = ImageChops.screen(lit, halo)
    pools = artist.pools.filter(ImageFilter.GaussianBlur(26))
    level = artist.ambience.lamps
    warm = Image.merge(
        "RGB",
        [
            pools.point([round(v * gain * level) for v in range(256)])
            for gain in (0.62, 0.48, 0.28)
        ],
    )
    return ImageChops.screen(lit, warm)


def _lens(picture: Image.Image, camera: Camera) -> Image.Image:
    """A long lens focused on the cars: the far end is soft, the corners a little dark."""
    soft = picture.filter(ImageFilter.GaussianBlur(1.6 * camera.width_px / 1920))
    focus = np.clip(
        (np.arange(picture.height) - camera.horizon_px) / (0.3 * picture.height), 0, 1
    )
    mask = Image.fromarray((255 * (1 - focus)).astype(np.uint8)[:, None]).resize(
        picture.size
    )
    mixed = np.asarray(Image.composite(soft, picture, mask), np.float32)
    y, x = np.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    vignette = (1 - 0.13 * (x**2 * 0.7 + y**2 * 0.5)).astype(np.float32)
    return Image.fromarray((mixed * vignette[..., None]).astype(np.uint8), "RGB")
