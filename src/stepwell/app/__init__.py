"""The verbs: one a file, async, over ports. They see neither engines nor rendering."""
