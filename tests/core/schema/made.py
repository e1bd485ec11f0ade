"""Facts and snapshots made by hand, and any of them by chance."""

from hypothesis import strategies as st

from stepwell.core.schema.snapshot import Fact, Key, Snapshot

PUBLIC = Key("schema", "public")
USERS = Key("table", "public.users")


def of(*facts: Fact) -> Snapshot:
    return Snapshot("postgresql", "18.4", facts)


def table(name: str = "users", **attributes: object) -> Fact:
    return Fact("table", f"public.{name}", PUBLIC, attributes)


def column(name: str, position: int, kind: str = "text", **attributes: object) -> Fact:
    return Fact("column", f"public.users.{name}", USERS, {"position": position, "type": kind, **attributes})


def index(name: str, definition: str = "btree (email)", **attributes: object) -> Fact:
    return Fact("index", f"public.{name}", USERS, {"definition": definition, **attributes})


def constraint(name: str, definition: str = "UNIQUE (email)") -> Fact:
    return Fact("constraint", f"public.users.{name}", USERS, {"definition": definition})


# --- by chance ---

names = st.sampled_from("abcd")
values = st.sampled_from([1, "x", True, ["y"], {"k": "v"}])
facts = st.one_of(
    st.builds(column, names, st.integers(1, 3)),
    st.builds(lambda name, value: index(name, value=value), names, values),
    st.builds(lambda value: table(value=value), values),
)
snapshots = st.lists(facts, unique_by=lambda fact: fact.key, max_size=6).map(lambda each: of(*each))
