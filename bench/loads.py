"""What is measured: the loads, as data."""

from dataclasses import dataclass

from bench.peer import Verb

LINK = 0.005  # seconds, the round trip of the longer link


@dataclass(frozen=True, slots=True)
class Load:
    """One thing that every tool is asked to do; `round_trip` in seconds is added to the link."""

    key: str
    title: str
    verb: Verb
    count: int
    round_trip: float = 0.0

    @property
    def starts_applied(self) -> bool:
        """Whether the database has everything applied before the clock starts."""
        return self.verb in (Verb.NOTHING, Verb.ROLL_BACK)

    @property
    def tables_after(self) -> int | None:
        """How many of the generated tables there must be afterwards; None where that tells nothing."""
        match self.verb:
            case Verb.APPLY | Verb.NOTHING:
                return self.count
            case Verb.ROLL_BACK:
                return 0
            case Verb.HELP:
                return None


def loads(large: int) -> list[Load]:
    """All loads; `large` is how many migrations the largest one applies."""
    return [
        Load("apply", "Apply 200 migrations", Verb.APPLY, 200),
        Load("apply-large", f"Apply {large:,} migrations", Verb.APPLY, large),
        Load("link", f"Apply 200 over a link of {LINK * 1000:g} ms", Verb.APPLY, 200, LINK),
        Load("nothing", "Nothing to do, 200 files", Verb.NOTHING, 200),
        Load("rollback", "Roll back 200 migrations", Verb.ROLL_BACK, 200),
        Load("help", "--help", Verb.HELP, 0),
    ]
