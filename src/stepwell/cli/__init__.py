"""The command line: arguments in, reports out. Whatever decides about migrations is below this floor."""
