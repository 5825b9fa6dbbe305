# Everything a user or CI runs. PYTHON is used once, to make .venv; the rest runs inside it.
PYTHON ?= python3
FEED ?= ../shared/feed
GOLD ?= ../shared/gold/events.jsonl
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint test-all bench quality clean

demo: $(VENV)/.ready
	@mkdir -p demo
	$(BIN)/clusterer cluster data/feed.jsonl -o demo/clusters.jsonl --summary
	@echo
	$(BIN)/clusterer dedup data/feed.jsonl -o demo/kept.jsonl --removed demo/removed.jsonl
	@echo
	$(BIN)/clusterer evaluate demo/clusters.jsonl data/gold.jsonl --level copy --errors 0
	@echo
	$(BIN)/clusterer evaluate demo/clusters.jsonl data/gold.jsonl --level story --errors 0
	@echo
	$(BIN)/python -m benchmarks.palmyra

test: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Other Pythons, peers, the whole feed: what takes minutes. FEED and GOLD name folders of labelled real articles.
test-all: $(VENV)/.bench
	$(BIN)/pytest -m "slow or not slow"

quality: $(VENV)/.bench
	$(BIN)/python -m benchmarks.quality $(FEED) $(GOLD)
	$(BIN)/python -m benchmarks.stories $(FEED) $(GOLD)
	$(BIN)/python -m benchmarks.story_peers $(GOLD)
	$(BIN)/python -m benchmarks.palmyra $(FEED)

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.speed $(FEED)
	$(BIN)/python -m benchmarks.scaling

$(VENV)/.ready: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	@touch $@

clean:
	rm -rf $(VENV) demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
