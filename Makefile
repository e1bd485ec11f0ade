PYTHON ?= .venv/bin/python

.PHONY: torture chance
torture: ## The whole fault sweep; writes the kill matrix into the book
	$(PYTHON) -m torture full --write

chance: ## Interleavings and users' lives by chance, many more than the tests have
	STEPWELL_TEST_SEEDS=100 STEPWELL_TEST_LIVES=500 $(PYTHON) -m pytest -n 2 tests/crash/test_interleaving.py tests/life
