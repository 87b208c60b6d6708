"""`charteroak council`: keys and orders are made without any server."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from charteroak.cli import command
from charteroak.core.codes import Keys, Step
from charteroak.core.council_order import CouncilKey, read_key, read_order, turned

SECRET, SHORT, WRONG = "four words nobody guesses", "short", "another passphrase"


def run(
    *arguments: object, passphrase: str = SECRET, typed: str | None = None
) -> Result:
    """As a script does, or with what somebody types."""
    environment = {"CHARTEROAK_PASSPHRASE": passphrase} if typed is None else {}
    words = ["council", *map(str, arguments)]
    if arguments[0] == "sign" and typed is None:
        words.append("--yes")
    return CliRunner().invoke(command("council"), words, env=environment, input=typed)


def made(folder: Path, name: str) -> tuple[Path, CouncilKey]:
    done = run("key", name, "--to", folder)
    assert done.exit_code == 0, done.output
    stem = name.lower().replace(" ", "-")
    public = read_key((folder / f"{stem}.council-public").read_bytes())
    return folder / f"{stem}.council-key", public


def drawn_up(file: Path, key: Path, step: Step = Step.RESUME, **more: str) -> Result:
    given = {"agency": "fernwood", "number": "2", "reason": "Vote of May 3", **more}
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    return run("sign", file, "--key", key, "--step", step.value, *options)


def test_two_members_sign_one_order(tmp_path: Path) -> None:
    (maya, one), (noah, other) = made(tmp_path, "Maya Ortiz"), made(tmp_path, "Noah W")
    order = tmp_path / "order.json"

    assert drawn_up(order, maya).exit_code == 0
    first = read_order(order.read_bytes())
    assert turned(first, [one, other]).keys is Keys.ONE

    said = run("sign", order, "--key", noah)
    assert said.exit_code == 0
    assert "Order 2 to fernwood: RESUME capture and search." in said.output
    both = read_order(order.read_bytes())
    assert turned(both, [one, other]).keys is Keys.TWO
    assert both.order == first.order
    assert "Reason: Vote of May 3" in run("show", order).output
    assert one.key_id in run("show", tmp_path / "maya-ortiz.council-public").output


ORDER = "Order 2 to fernwood: RESUME capture and search."


def test_an_order_is_read_before_it_is_signed(tmp_path: Path) -> None:
    (maya, one), (noah, other) = made(tmp_path, "Maya Ortiz"), made(tmp_path, "Noah W")
    order = tmp_path / "order.json"
    assert drawn_up(order, maya).exit_code == 0
    drawn = order.read_bytes()

    for answer in ("n\n", "\n"):
        no = run("sign", order, "--key", noah, typed=answer)
        assert no.exit_code == 2
        assert ORDER in no.output
        assert "Reason: Vote of May 3" in no.output
        assert "Passphrase" not in no.output
        assert "Nothing was signed." in no.output
    # Nobody is there to answer.
    assert run("sign", order, "--key", noah, typed="").exit_code == 1
    assert order.read_bytes() == drawn

    said = run("sign", order, "--key", noah, typed=f"y\n{SECRET}\n")
    assert said.exit_code == 0
    parts = [ORDER, f"keys: {one.key_id}", "Sign this? [y/N]", "Passphrase", "Signed,"]
    where = [said.output.index(part) for part in parts]
    assert where == sorted(where)
    assert SECRET not in said.output
    assert turned(read_order(order.read_bytes()), [one, other]).keys is Keys.TWO


def test_a_secret_key_is_private_and_sealed(tmp_path: Path) -> None:
    maya, _public = made(tmp_path, "Maya Ortiz")

    assert stat.S_IMODE(maya.stat().st_mode) == 0o600
    assert set(json.loads(maya.read_bytes())) == {
        "form",
        "name",
        "public_key",
        "salt",
        "sealed",
    }
    wrong = drawn_up(tmp_path / "order.json", maya, reason="x", agency="a")
    assert wrong.exit_code == 0
    (tmp_path / "order.json").unlink()
    order = ["sign", tmp_path / "order.json", "--key", maya, "--step", "suspend"]
    order += ["--agency", "a", "--number", "1", "--reason", "x"]
    refused = run(*order, passphrase=WRONG)
    assert refused.exit_code == 2
    assert "does not open" in refused.output
    assert not (tmp_path / "order.json").exists()


def test_mistakes_are_sentences(tmp_path: Path) -> None:
    maya, _public = made(tmp_path, "Maya Ortiz")
    order = tmp_path / "order.json"

    again = run("key", "Maya Ortiz", "--to", tmp_path)
    assert (again.exit_code, "cannot be made" in again.output) == (2, True)
    weak = run("key", "Noah", "--to", tmp_path, passphrase=SHORT)
    assert (weak.exit_code, "too short" in weak.output) == (2, True)
    empty = run("sign", order, "--key", maya)
    assert empty.exit_code == 2
    assert "needs --step, --agency, --number, --reason" in empty.output
    assert drawn_up(order, maya).exit_code == 0
    twice = run("sign", order, "--key", maya)
    assert (twice.exit_code, "signed the order already" in twice.output) == (2, True)
    other = drawn_up(order, maya)
    assert (other.exit_code, "is there already" in other.output) == (2, True)
    order.write_text("{}")
    broken = run("sign", order, "--key", maya)
    assert (broken.exit_code, "no order of a council" in broken.output) == (2, True)
    assert run("show", tmp_path / "nothing").exit_code == 2


@pytest.mark.parametrize("reason", ["x" * 501, "a\x07b"])
def test_a_reason_is_short_and_can_be_read(tmp_path: Path, reason: str) -> None:
    maya, _public = made(tmp_path, "Maya Ortiz")

    done = drawn_up(tmp_path / "order.json", maya, reason=reason)

    assert done.exit_code == 2
    assert not (tmp_path / "order.json").exists()


HAND_OVER = "Order 2 to fernwood: HAND OVER the council's keys."


def test_a_hand_over_is_read_in_words_before_two_sign_it(tmp_path: Path) -> None:
    (maya, one), (noah, other) = made(tmp_path, "Maya Ortiz"), made(tmp_path, "Noah W")
    _secret, new = made(tmp_path, "Ada Lind")
    order = tmp_path / "order.json"
    to = ["--to", tmp_path / "noah-w.council-public"]
    to += ["--to", tmp_path / "ada-lind.council-public"]
    options = ["--step", "hand-over", *to, "--agency", "fernwood", "--number", "2"]
    options += ["--reason", "Maya Ortiz leaves office"]
    drawn = run("sign", order, "--key", maya, *options, typed="n\n")
    assert (drawn.exit_code, order.exists()) == (2, False)
    parts = [HAND_OVER, f"key {other.key_id} of Noah W", f"key {new.key_id} of Ada"]
    where = [drawn.output.index(part) for part in (*parts, "Compare", "Sign this?")]
    assert where == sorted(where)

    assert run("sign", order, "--key", maya, *options).exit_code == 0
    assert run("sign", order, "--key", noah).exit_code == 0

    both = read_order(order.read_bytes())
    assert turned(both, [one, other]).keys is Keys.TWO
    assert both.order.step is Step.HAND_OVER
    assert both.order.to == (other, new)
    assert f"key {new.key_id} of Ada Lind" in run("show", order).output


def test_mistakes_at_a_hand_over_are_sentences(tmp_path: Path) -> None:
    maya, _public = made(tmp_path, "Maya Ortiz")
    own = str(tmp_path / "maya-ortiz.council-public")
    order = tmp_path / "order.json"

    def said(step: str, *to: str) -> str:
        options = ["--step", step, "--agency", "a", "--number", "1", "--reason", "x"]
        options += [part for each in to for part in ("--to", each)]
        done = run("sign", order, "--key", maya, *options)
        assert (done.exit_code, order.exists()) == (2, False)
        return done.output

    assert "a new order needs --to" in said("hand-over")
    assert "two or three different keys" in said("hand-over", own)
    assert "two or three different keys" in said("hand-over", own, own)
    assert "--to is for a hand-over alone" in said("suspend", own)
    assert "no public key" in said("hand-over", own, str(maya))
    assert "cannot be read" in said("hand-over", own, str(tmp_path / "nothing"))
    assert "say suspend, resume or hand-over" in said("pause")
