"""A bookshop, as small as it can be: what it does is of no interest, how its migrations are tested is."""
