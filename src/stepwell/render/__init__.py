"""Rendering: reports and errors into text and JSON. Pure: a value and a view go in, a string comes out."""
