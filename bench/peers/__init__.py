"""The tools and yardsticks, one module each; `bench.peer` says what such a module holds."""
