"""See the street map that the administrator gave, if there is one."""

from charteroak.server.agency import Agency
from charteroak.server.vault.street_map import (
    StreetMap,
    UnusableMapError,
    read_street_map,
)


def see_street_map(agency: Agency) -> StreetMap | None:
    """The map as it is now; None without one, or where its file has gone bad.

    At the start a bad file is an error. Later it must not take a page away: cameras
    and reads are shown on a plain ground.
    """
    if agency.settings.map_file is None:
        return None
    try:
        return read_street_map(agency.settings.map_file)
    except UnusableMapError:
        return None
