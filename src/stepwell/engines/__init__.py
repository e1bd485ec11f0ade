"""The adapters to databases, one package each. They do not see each other, nor `app`, `sources` and `render`."""
