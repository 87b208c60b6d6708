"""A plate in the shapes in which a disk or a wire may hold it."""

import base64

from charteroak.core.plate import match_key


def shapes_of(plate: str) -> list[bytes]:
    """A plate as bytes: text in several codes, as hexadecimal, backwards, and base64."""
    plain = plate.encode()
    found = [plain, plain.lower(), plain.hex().encode(), plain[::-1]]
    found += [plate.encode(code) for code in ("utf-16-le", "utf-16-be", "utf-32-le")]
    found.append(match_key(plate).encode())
    # Base64 at each of the three places at which a plate can begin.
    for before in range(3):
        whole = base64.b64encode(bytes(before) + plain + bytes(3))
        found.append(whole[4 * (before > 0) : len(plain)])
    return found


def shapes_in(content: bytes, plate: str) -> list[bytes]:
    """The shapes of a plate that are in some bytes, without regard to case."""
    small = content.lower()
    return [
        shape
        for shape in shapes_of(plate)
        if shape in content or shape.lower() in small
    ]
