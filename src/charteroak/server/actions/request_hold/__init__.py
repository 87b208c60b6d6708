"""Ask that reads be kept for a case; a supervisor decides.

One read that a search found (`of_read`), or a span that nobody has looked into
(`of_span`); both are written down alike (`writing`).
"""

from charteroak.server.actions.request_hold.of_read import request_hold
from charteroak.server.actions.request_hold.of_span import request_span
from charteroak.server.actions.request_hold.writing import HoldRequested

__all__ = ["HoldRequested", "request_hold", "request_span"]
