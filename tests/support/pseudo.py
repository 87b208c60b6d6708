"""Whether every visible text of a page went through gettext.

A catalogue made on the fly answers each message in brackets. Whatever a reader sees
that stands in no brackets was written past gettext, unless the page itself says that it
is not for translation (`translate="no"`: names, logins, numbers, statutes).
"""

import re
from gettext import NullTranslations
from typing import Final

from bs4 import BeautifulSoup, Tag
from bs4.element import Comment, Doctype, NavigableString
from typing_extensions import override

_SPOKEN: Final = ("alt", "aria-label", "placeholder", "title", "data-label")
_LETTERS: Final = re.compile(r"[^\W\d_]")


class Pseudo(NullTranslations):
    """Every message in brackets."""

    @override
    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    @override
    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def untranslated(html: str) -> list[str]:
    """Texts and spoken attributes of a page that did not go through gettext."""
    page = BeautifulSoup(html, "html.parser")
    texts = [
        text
        for text in page.find_all(string=True)
        if not isinstance(text, Comment | Doctype) and _is_read(text)
    ]
    # A message may have marked parts inside, so what a block says is judged as a whole.
    said = [(_within(text), str(text)) for text in texts]
    spoken = [
        (value, value)
        for tag in page.find_all(True)
        for name in _SPOKEN
        if isinstance(value := tag.get(name), str) and not _is_exempt(tag)
    ]
    return [
        text.strip()
        for around, text in said + spoken
        if not _is_translated(around, text)
    ]


def _is_read(text: NavigableString) -> bool:
    parent = text.parent
    return (
        parent is not None
        and parent.name not in {"script", "style"}
        and _LETTERS.search(text) is not None
        and not _is_exempt(parent)
    )


def _is_exempt(tag: Tag) -> bool:
    for each in (tag, *tag.parents):
        said = each.get("translate")
        if said is not None:
            return said == "no"
    return False


def _within(text: NavigableString) -> str:
    """The text with everything beside it in its block."""
    block = text.find_parent(["p", "li", "dd", "dt", "td", "th", "h1", "h2", "title"])
    return block.get_text() if block is not None else str(text)


def _is_translated(around: str, text: str) -> bool:
    """Whether the letters of a text lie between brackets of its surroundings."""
    place = around.find(text)
    before = around[:place]
    depth = before.count("⟦") - before.count("⟧")
    bare = []
    for sign in text:
        depth += {"⟦": 1, "⟧": -1}.get(sign, 0)
        if depth == 0:
            bare.append(sign)
    return _LETTERS.search("".join(bare)) is None
