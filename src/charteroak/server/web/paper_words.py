"""What a paper calls itself and who issued it, as every form names them."""

from typing import Final

from charteroak.core.papers import Issuer, Paper
from charteroak.server.web.text import later

PAPERS: Final = {
    Paper.WARRANT: later("A warrant"),
    Paper.ORDER: later("An order"),
    Paper.SUBPOENA: later("A subpoena"),
}

ISSUERS: Final = {
    Issuer.JUDGE: later("A judge or a court"),
    Issuer.ATTORNEY: later("An attorney or a clerk"),
    Issuer.AGENCY: later("An agency itself: it counts as administrative"),
}
