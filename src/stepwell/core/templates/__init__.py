"""Templates of migrations as values: what one says, what goes into its places, what comes out. It reads no file."""
