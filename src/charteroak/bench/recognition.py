"""Engines side by side on a labelled folder, each measured in a process of its own."""

from collections.abc import Generator, Sequence
from contextlib import closing

import attrs

from charteroak.bench import recognition_process
from charteroak.bench.bench import BenchFailedError, Better, Steps, Target
from charteroak.bench.labelled import Label
from charteroak.bench.own_process import own_process
from charteroak.bench.recognition_process import (
    Finished,
    Looked,
    Message,
    Order,
    Refused,
)
from charteroak.bench.scoring import Judged, Scores, judged, scored
from charteroak.core.errors import CharterOakError
from charteroak.edge.recognize import EngineOptions


class EngineRefusedError(CharterOakError):
    """An engine could not be made; its own words, and what it says to do."""

    code = "charteroak.bench.engine-refused"

    def __init__(self, engine: str, refused: Refused) -> None:
        super().__init__(f"{engine}: {refused.why}. {refused.hint}".rstrip(" ."))


@attrs.frozen(kw_only=True)
class Compared:
    """What one engine reached on a folder.

    Attributes:
        pictures: each with the read that was scored, in the order of the labels.
        unreadable: pictures that could not be opened; they count as missed.
        cpu_ms: processor time of one photo, mean.
        memory_mb: the most its process held.
    """

    engine: str
    scores: Scores
    pictures: tuple[Judged, ...] = attrs.field(repr=False)
    unreadable: int
    cpu_ms: float
    memory_mb: float

    def figures(self) -> list[tuple[Target, float]]:
        """Each figure with its value; what was not measured is left out."""
        scores = self.scores
        sure = scores.sure
        known: list[tuple[str, str, Better, float | None]] = [
            ("exact_percent", "%", Better.HIGHER, scores.exact),
            ("exact_folded_percent", "%", Better.HIGHER, scores.exact_folded),
            ("within_one_percent", "%", Better.HIGHER, scores.within_one),
            ("missed", "plates", Better.LOWER, scores.missed),
            ("extra", "reads", Better.LOWER, scores.extra),
            ("character_error_percent", "%", Better.LOWER, scores.character_error),
            ("state_right_percent", "%", Better.HIGHER, scores.state_right),
            ("state_named_percent", "%", Better.HIGHER, scores.state_named),
            ("cars_right_percent", "%", Better.HIGHER, scores.cars_right),
            ("cars_by_vote_percent", "%", Better.HIGHER, scores.cars_by_vote),
            (
                "stacked_right",
                "plates",
                Better.HIGHER,
                scores.stacked_right if scores.stacked else None,
            ),
            ("calibration_error", "", Better.LOWER, scores.calibration_error),
            ("sure_percent", "%", Better.HIGHER, scores.sure_plates),
            ("sure_from", "", Better.LOWER, sure.confidence if sure else None),
            ("cpu_ms_per_photo", "ms", Better.LOWER, self.cpu_ms),
            ("memory_mb", "MB", Better.LOWER, self.memory_mb),
        ]
        return [
            (
                Target(
                    name=f"{self.engine}.{name}", unit=unit, target=None, better=better
                ),
                float(value),
            )
            for name, unit, better, value in known
            if value is not None
        ]


def compare(
    engine: str, options: EngineOptions, labels: Sequence[Label], steps: Steps
) -> Compared:
    """Read every labelled picture with an engine, and score it.

    Raises:
        EngineRefusedError: the engine cannot be made, for want of weights.
        BenchFailedError: its process ended before it was done.
    """
    steps.begin(f"{engine} reads", len(labels))
    order = Order(
        engine=engine,
        options=options,
        pictures=tuple(label.path for label in labels),
    )
    pictures: list[Judged] = []
    unreadable = 0
    finished: Finished | None = None
    with closing(_messages(order)) as messages:
        for message in messages:
            match message:
                case Looked(reads=reads, light=light):
                    unreadable += reads is None
                    pictures.append(judged(labels[len(pictures)], reads or (), light))
                    steps.advance()
                case Refused():
                    raise EngineRefusedError(engine, message)
                case Finished():
                    finished = message
    if finished is None:
        msg = f"the process of {engine} ended in the middle"
        raise BenchFailedError(msg)
    return Compared(
        engine=engine,
        scores=scored(pictures),
        pictures=tuple(pictures),
        unreadable=unreadable,
        cpu_ms=finished.cpu_ms,
        memory_mb=finished.memory_mb,
    )


def _messages(order: Order) -> Generator[Message]:
    """What a fresh process says of an order, until it hangs up."""
    with own_process(recognition_process.__name__) as line:
        line.send(order)
        while True:
            try:
                message = line.recv()
            except (EOFError, ConnectionError):
                return
            assert isinstance(message, Looked | Refused | Finished)  # noqa: S101 - our own process
            yield message
