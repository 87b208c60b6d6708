"""Words that stand about in streets and on cars, drawn once as masks."""

from pathlib import Path
from typing import Final

import attrs
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Mask = NDArray[np.uint8]

HEIGHT: Final = 40
"""Height of every stamp in pixels."""
_FONT_FOLDERS: Final = tuple(
    f"/usr/share/fonts/{folder}"
    for folder in (
        "truetype/dejavu", "truetype/liberation", "truetype/roboto/unhinted",
        "truetype/open-sans", "truetype/lato", "opentype/bebas-neue",
        "opentype/league-spartan", "opentype/national-park", "opentype/cabin",
        "opentype/lobster", "opentype/yanone-kaffeesatz",
    )
)  # fmt: skip
_KINDS: Final = (
    "badge", "words", "dealer", "number", "clock", "phone", "fleet", "serial",
)  # fmt: skip
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MODELS: Final = (
    "CAMRY", "COROLLA", "CIVIC", "ACCORD", "ALTIMA", "SENTRA", "SIERRA", "TAHOE",
    "F-150", "RAM", "1500", "EXPLORER", "ESCAPE", "RAV4", "CR-V", "PILOT", "ODYSSEY",
    "SIENNA", "TACOMA", "TUNDRA", "SILVERADO", "IMPALA", "MALIBU", "EQUINOX", "FOCUS",
    "FUSION", "JETTA", "PASSAT", "GOLF", "OUTBACK", "FORESTER", "IMPREZA", "ELANTRA",
    "SONATA", "OPTIMA", "SOUL", "SPORTAGE", "WRANGLER", "CHEROKEE", "MUSTANG",
    "CHARGER", "GX460", "RX350", "ES300", "GX300", "LS430", "IS250", "ML350", "C300",
    "E350", "S550", "X5", "328i", "535i", "A4", "Q5", "QUATTRO", "4MATIC", "XDRIVE",
    "AWD", "4X4", "TURBO", "HYBRID", "LIMITED", "SPORT", "TOURING", "XLT", "SLT", "LTZ",
    "SE", "SEL", "EX-L", "V6", "3.5L", "5.7L", "HEMI", "DIESEL", "TOYOTA", "HONDA",
    "FORD", "CHEVROLET", "NISSAN", "DODGE", "SUBARU", "LEXUS", "VOLVO", "BMW", "AUDI",
    "KIA", "MAZDA",
)  # fmt: skip
_WORDS: Final = (
    "SALE", "OPEN", "EXIT", "STOP", "ONE", "WAY", "NO", "PARKING", "ANYTIME", "SPEED",
    "LIMIT", "TOW", "ZONE", "PLUMBING", "ELECTRIC", "HEATING", "COOLING", "FLORIST",
    "BAKERY", "PIZZA", "DELI", "PHARMACY", "LIQUOR", "BANK", "TAXI", "BUS", "SCHOOL",
    "STUDENT", "DRIVER", "BABY", "ON", "BOARD", "VOTE", "PEACE", "COEXIST",
    "UNIVERSITY", "ALUMNI", "PROUD", "PARENT", "MOTORS", "AUTO", "GROUP", "USED",
    "CARS", "SERVICE", "RENTAL", "MOVING", "CALL", "TODAY", "FREE", "ESTIMATES",
    "LICENSED", "INSURED", "DELIVERY", "EXPRESS", "CAUTION", "WIDE", "TURNS", "HOW",
    "IS", "MY", "DRIVING", "DO", "NOT", "FOLLOW", "GARAGE", "FOR", "RENT", "LEASE",
    "CENTER", "MAIN", "ST", "AVE", "LANE", "TRUST", "HOPE", "FAITH", "BEACH",
)  # fmt: skip


@attrs.frozen(kw_only=True, eq=False)
class Stamp:
    """A line of text as a mask.

    Attributes:
        mask: uint8, shape (HEIGHT, width); 255 where there is ink.
        kind: "badge", "words", "dealer", "number", "clock", "phone", "fleet" (what
            stands on vans and lorries) or "serial" (of a plate of paper).
    """

    mask: Mask
    kind: str


def draw_stamps(rng: np.random.Generator, count: int = 1100) -> dict[str, list[Stamp]]:
    """Draw a stock of stamps, by kind; what fonts are installed decides their look."""
    files = [file for folder in _FONT_FOLDERS for file in _fonts(folder)]
    stock: dict[str, list[Stamp]] = {}
    for _ in range(count):
        kind = str(rng.choice(_KINDS))
        text = _text(rng, kind)
        chosen = int(rng.integers(-3, len(files)))
        if chosen < 0:
            mask = _plotted(rng, text)
        else:
            mask = _set(text, ImageFont.truetype(str(files[chosen]), HEIGHT))
        stock.setdefault(kind, []).append(Stamp(mask=mask, kind=kind))
    return stock


def _fonts(folder: str) -> list[Path]:
    return sorted(
        file for file in Path(folder).glob("*.[to]tf") if "Math" not in file.name
    )


def _digits(rng: np.random.Generator, count: int) -> str:
    return "".join(str(digit) for digit in rng.integers(0, 10, count))


def _some(rng: np.random.Generator, words: tuple[str, ...], count: int) -> str:
    return " ".join(words[int(at)] for at in rng.integers(0, len(words), count))


def _text(rng: np.random.Generator, kind: str) -> str:
    if kind == "badge":
        if rng.random() < 0.3:
            letters = rng.integers(0, len(_LETTERS), rng.integers(1, 4))
            name = "".join(_LETTERS[int(at)] for at in letters)
            return name + _digits(rng, int(rng.integers(1, 4)))
        return _some(rng, _MODELS, 1)
    if kind == "words":
        return _some(rng, _WORDS, int(rng.integers(1, 4)))
    if kind == "dealer":
        if rng.random() < 0.7:
            return f"{_some(rng, _MODELS, 1)} OF {_some(rng, _WORDS, 1)}"
        return f"WWW.{_some(rng, _WORDS, 1)}.COM"
    digits = _digits(rng, 12)
    if kind == "phone":
        forms = _phones(digits, _some(rng, _WORDS, 1))
    elif kind == "fleet":
        forms = _fleets(digits, _some(rng, _WORDS, 1))
    elif kind == "serial":
        three = "".join(_LETTERS[int(at)] for at in rng.integers(0, 26, 3))
        forms = _serials(digits, three)
    else:
        forms = _numbers(digits, clock=kind == "clock")
    return forms[int(rng.integers(len(forms)))]


def _numbers(d: str, *, clock: bool) -> list[str]:
    """Set digits as clocks or as telephone and house numbers, weights and prices."""
    if clock:
        return [
            f"20{d[:2]}-{d[2:4]}-{d[4:6]} {d[6:8]}:{d[8:10]}",
            f"{d[:2]}/{d[2:4]}/20{d[4:6]}", f"{d[:2]}:{d[2:4]}:{d[4:6]}",
            f"CAM {d[:2]}", f"'{d[:2]} {d[2:3]} {d[3:5]}", f"{d[:2]} MPH",
        ]  # fmt: skip
    return [
        f"{d[:3]}-{d[3:6]}-{d[6:10]}", f"({d[:3]}) {d[3:6]}-{d[6:10]}", d[:3], d[:4],
        d[:5], f"US DOT {d[:7]}", f"{d[:3]}-{d[3:7]}", f"$ {d[:2]}.{d[2:4]}",
    ]  # fmt: skip


def _phones(d: str, word: str) -> list[str]:
    return [
        f"{d[:3]}-{d[3:7]}", f"{d[:3]}-{d[3:7]}", f"{d[:3]}.{d[3:6]}.{d[6:10]}",
        f"({d[:3]}) {d[3:6]}-{d[6:10]}", f"{d[:3]}-{d[3:6]}-{d[6:10]}",
        f"1-800-{d[:3]}-{d[3:7]}", f"1-800-{word}", f"CALL {d[:3]}-{d[3:7]}",
    ]  # fmt: skip


def _fleets(d: str, word: str) -> list[str]:
    return [
        d[:2], d[:3], d[:4], f"#{d[:3]}", f"NO. {d[:3]}", f"UNIT {d[:2]}",
        f"TRUCK {d[:2]}", f"CAR {d[:3]}", f"{word[0]}-{d[:4]}", f"{word} {d[:2]}",
        f"USDOT {d[:7]}", f"MC {d[:6]}", f"LIC. {d[:6]}", f"GVW {d[:5]}",
        f"{word}.COM", f"WWW.{word}.COM", f"@{word}", f"SINCE 19{d[:2]}",
    ]  # fmt: skip


def _serials(d: str, letters: str) -> list[str]:
    return [
        f"{d[:5]}{letters[0]}{d[5]}", f"{letters}{d[:4]}", f"{letters[0]}{d[:6]}",
        f"{d[:3]}{letters}", f"{d[:7]}", f"{letters[:2]} {d[:5]}", f"{d[:4]}{letters[:2]}",
    ]  # fmt: skip


def _set(text: str, font: ImageFont.FreeTypeFont) -> Mask:
    left, top, right, bottom = font.getbbox(text)
    sheet = Image.new("L", (max(int(right - left), 1), max(int(bottom - top), 1)))
    ImageDraw.Draw(sheet).text((-left, -top), text, fill=255, font=font)
    return _scaled(np.asarray(sheet, np.uint8))


def _plotted(rng: np.random.Generator, text: str) -> Mask:
    font = int(rng.integers(0, 5))
    thick = int(rng.integers(2, 6))
    (width, height), base = cv2.getTextSize(text, font, 1.6, thick)
    sheet = np.zeros((height + base + 8, width + 8), np.uint8)
    cv2.putText(sheet, text, (4, height + 4), font, 1.6, (255,), thick, cv2.LINE_AA)
    return _scaled(sheet)


def _scaled(mask: Mask) -> Mask:
    width = max(round(mask.shape[1] * HEIGHT / mask.shape[0]), 4)
    return np.asarray(
        cv2.resize(mask, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8
    )
