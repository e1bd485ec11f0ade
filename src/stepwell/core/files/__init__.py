"""From the bytes of a file to a migration as a value: names, headers and markers, syntax tree, checksum."""
