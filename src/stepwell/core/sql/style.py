"""How drivers want their parameters, as a value that a dialect can name without the code that binds them."""

from enum import Enum, auto


class ParameterStyle(Enum):
    """How a driver wants its parameters."""

    NUMERIC = auto()  # $1, one number a name, values in a list
    NAMED = auto()  # :name, as it was, values in a dict
    FORMAT = auto()  # %s, values in a list; every other % is doubled
