PYTHON ?= .venv/bin/python

.PHONY: torture
torture: ## The whole fault sweep; writes the kill matrix into the book
	$(PYTHON) -m torture full --write
