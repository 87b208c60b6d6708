"""Ask for plates on a list of the agency's own; a supervisor decides.

One plate that is typed (`by_hand`), or a file (`by_file`); both are written down alike
(`waiting`). Nothing of it is compared with any read before a supervisor who did not ask
has approved it: until then it stands in the log's private part, and nowhere else.
"""

from charteroak.server.actions.ask_entries.by_file import ask_list
from charteroak.server.actions.ask_entries.by_hand import TooVague, Wanted, ask_entry
from charteroak.server.actions.ask_entries.waiting import EntriesWait

__all__ = ["EntriesWait", "TooVague", "Wanted", "ask_entry", "ask_list"]
