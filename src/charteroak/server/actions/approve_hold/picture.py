"""Take a picture of a read out of the vault, to copy it to a hold."""

from charteroak.server.agency import Agency
from charteroak.server.vault.keys import BrokenKeyError
from charteroak.server.vault.pictures import PictureBrokenError


def fetch(agency: Agency, reference: str) -> bytes | None:
    """A picture; None where the read came without one, or where it is damaged.

    A damaged picture, or a damaged key, must not keep all else from being kept.

    Raises:
        PictureGoneError: its key is destroyed: the read is being deleted right now.
        PicturesUnavailableError: the place does not answer.
    """
    if not reference:
        return None
    try:
        return agency.pictures.fetch(reference)
    except (BrokenKeyError, PictureBrokenError):
        return None
