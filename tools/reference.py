"""Writes docs/reference/{commands,figures,log,model-card,settings}.md, docs/law/*.md.

`make docs` calls it.

Figures come from docs/figures.jsonl and docs/recognition.jsonl, all else from the code;
model-card.md is written by hand but for its figures.

`python tools/reference.py --check` changes nothing and fails where a page is not what
the code says; the tests call it so.
"""

import sys
from pathlib import Path

import typer
import typer.main
from figures import figures
from law_pages import FINGERPRINTS, fingerprints
from law_pages import pages as law_pages
from model_card import card, diagram
from typer.core import TyperCommand, TyperGroup

from charteroak.cli import command
from charteroak.core.log_record import RecordKind
from charteroak.server.settings import Settings
from charteroak.server.web.log_pages import WORDS

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"


def commands() -> str:
    """Every command, with its own help."""
    lines = ["# Commands", "", "Written from the code; do not edit.", ""]

    def add(command: object, path: str) -> None:
        if isinstance(command, TyperGroup):
            for name in sorted(command.commands):
                add(command.commands[name], f"{path} {name}")
            return
        if not isinstance(command, TyperCommand):
            return
        context = typer.Context(command, info_name=path)
        lines.extend([f"## {path}", "", (command.help or "").strip(), ""])
        options = [
            record
            for parameter in command.params
            if (record := parameter.get_help_record(context)) is not None
        ]
        if options:
            lines.extend(["| option | meaning |", "|---|---|"])
            lines.extend(
                f"| `{name}` | {' '.join(text.split())} |" for name, text in options
            )
            lines.append("")

    add(typer.main.get_command(command()), "charteroak")
    return "\n".join(lines)


def settings() -> str:
    """Every setting of the server."""
    lines = [
        "# Settings",
        "",
        "Environment variables of the server. Written from the code; do not edit.",
        "",
        "| variable | meaning | default |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        meaning = ". ".join(
            part.rstrip(".") for part in (field.title, field.description) if part
        )
        default = "" if field.default is None else f"`{field.default}`"
        lines.append(f"| `CHARTEROAK_{name.upper()}` | {meaning}. | {default} |")
    return "\n".join([*lines, ""])


def log() -> str:
    """Every kind of record."""
    lines = [
        "# The log",
        "",
        "What happened is written to the log in the same transaction as the change",
        "itself. A record has public fields, a salted commitment to each private field,",
        "and the private fields encrypted under a key of that record alone.",
        "",
        "Kinds of records, written from the code; do not edit:",
        "",
    ]
    lines.extend(["| kind | what happened |", "|---|---|"])
    lines.extend(f"| `{kind.value}` | {WORDS[kind]} |" for kind in sorted(RecordKind))
    return "\n".join([*lines, ""])


def main() -> int:
    """Write the pages, or say which is out of date.

    Exit status: 0 done; 1 a page is not what the code says.
    """
    pages = {
        "commands.md": commands(),
        "figures.md": figures(),
        "log.md": log(),
        "model-card.md": card(),
        "settings.md": settings(),
        **law_pages(),
    }
    picture = diagram()
    if picture is not None:
        pages["../pictures/reliability.svg"] = picture
    if "--check" in sys.argv[1:]:
        old = [
            name
            for name, text in pages.items()
            if not (REFERENCE / name).exists()
            or (REFERENCE / name).read_text().rstrip() != text.rstrip()
        ]
        if old:
            print(f"out of date: {', '.join(old)}; run `make docs`", file=sys.stderr)
        return 1 if old else 0
    FINGERPRINTS.write_text(fingerprints())
    for name, text in pages.items():
        (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
        (REFERENCE / name).write_text(text.rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
