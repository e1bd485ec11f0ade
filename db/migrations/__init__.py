"""The migrations of the wellness journal, one file each, named by version."""
