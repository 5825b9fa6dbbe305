# Everything a user or CI runs. PYTHON is used once, to make .venv; the rest runs inside it.
PYTHON ?= python3
FEED ?= ../shared/feed
GOLD ?= ../shared/gold/events.jsonl
SIZES ?= 10000,50000,200000
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint gate fuzz docs dist test-all sanitize against bench quality train spark clean

demo: $(VENV)/.ready
	@mkdir -p demo
	$(BIN)/clusterer cluster data/feed.jsonl -o demo/clusters.jsonl --report demo/report.html --summary
	@echo
	$(BIN)/clusterer dedup data/feed.jsonl -o demo/kept.jsonl --removed demo/removed.jsonl
	@echo
	$(BIN)/clusterer evaluate demo/clusters.jsonl data/gold.jsonl --level copy --errors 0
	@echo
	$(BIN)/clusterer evaluate demo/clusters.jsonl data/gold.jsonl --level story --errors 0
	@echo
	$(BIN)/python -m benchmarks.suites.palmyra

test: lint
	$(BIN)/pytest -m "not slow" -n 2 --dist worksteal

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Recall, precision and the cost of stages beside benchmarks/gate.json; under a minute. --write writes what is so today.
gate: $(VENV)/.ready
	$(BIN)/python -m benchmarks.gate

# Bytes of no sense into all that reads bytes of others. Findings go to fuzz/; `python -m benchmarks.fuzz --replay FILE TARGET` runs one again.
SECONDS ?= 1800
fuzz: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m benchmarks.fuzz --seconds $(SECONDS)

# The site, without the network and without a warning; what is silenced speaks of the years after 2027.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# What a release is made of, into dist/, installed and tried where there is no compiler. PYTHONS: a wheel for each of these.
PYTHONS ?= $(BIN)/python
dist: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --editable '.[dev,dist]'
	$(BIN)/python -m benchmarks.dist $(addprefix --python ,$(PYTHONS))

# Other Pythons, peers, the whole feed: what takes minutes. FEED and GOLD name folders of labelled real articles.
test-all: $(VENV)/.bench
	$(BIN)/pytest -m "slow or not slow"

# Kernels that stop at the first read or write beside an array and at undefined arithmetic: their tests, and forged index files.
# Needs gcc. On a copy, so that the ordinary kernels stay. FORGED: part of the names of forgeries, all by default.
SANITIZED := build/sanitized
SANITIZERS := -g -fsanitize=address,undefined -fno-sanitize-recover=all
FORGED ?=

sanitize: $(VENV)/.ready
	rm -rf $(SANITIZED) && mkdir -p $(SANITIZED)
	cp -r clusterer benchmarks tests data docs setup.py setup.cfg pyproject.toml README.md $(SANITIZED)
	rm -f $(SANITIZED)/clusterer/arrays/_kernels.*.so
	cd $(SANITIZED) && CFLAGS="$(SANITIZERS)" $(CURDIR)/$(BIN)/python setup.py --quiet build_ext --inplace
	cd $(SANITIZED) && export PYTHONPATH=$$PWD LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc && \
		$(CURDIR)/$(BIN)/python -m pytest -q -p no:cacheprovider -m "not slow" tests/arrays tests/lsh tests/copies/test_facts.py \
			tests/index/test_postings.py && \
		$(CURDIR)/$(BIN)/python -m benchmarks.suites.forged --only "$(FORGED)" --seconds 60 --megabytes 4000

quality: $(VENV)/.bench
	$(BIN)/python -m benchmarks.suites.copies $(FEED) --gold $(GOLD)
	$(BIN)/python -m benchmarks.suites.variants
	$(BIN)/python -m benchmarks.suites.palmyra $(SHARED)/feed-panarab
	$(BIN)/python -m benchmarks.suites.stories $(FEED) $(GOLD)
	$(BIN)/python -m benchmarks.suites.small_feeds $(SHARED)/feed $(SHARED)/gold/events.jsonl \
		--pairs $(SHARED)/gold/july-pairs.jsonl --background $(SHARED)/feed-panarab
	$(BIN)/python -m benchmarks.suites.small_feeds $(SHARED)/feed-panarab $(SHARED)/gold/panarab.jsonl \
		--pairs $(SHARED)/gold/panarab-pairs.jsonl --background $(SHARED)/feed
	$(BIN)/python -m benchmarks.peers.stories $(GOLD)
	$(BIN)/python -m benchmarks.suites.palmyra $(FEED)
	$(BIN)/python -m benchmarks.suites.tuning $(FEED) $(GOLD)
	$(BIN)/python -m benchmarks.suites.retraining $(CORPORA)
	$(BIN)/python -m benchmarks.quality $(CORPORA)

# What runs cost beside another commit or checkout, interleaved, in processor time.
OTHER ?= HEAD~1

against: $(VENV)/.ready
	$(BIN)/python -m benchmarks.suites.against $(OTHER) $(FEED)

# Trains the same-event score on all labelled corpora; prints how each does when nothing of it was seen. Two minutes.
SHARED ?= ../shared
CORPORA := --corpus july $(SHARED)/feed $(SHARED)/gold/events.jsonl $(SHARED)/gold/july-pairs.jsonl \
	--corpus panarab $(SHARED)/feed-panarab $(SHARED)/gold/panarab.jsonl $(SHARED)/gold/panarab-pairs.jsonl

train: $(VENV)/.ready
	$(BIN)/python -m benchmarks.training.train $(CORPORA) --write clusterer/stories/event_model.json

# Half an hour on two cores; the README's table is made from what it writes. SIZES: generated feeds, a million is 4 GB.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks --feed $(FEED) --gold $(GOLD) --sizes $(SIZES) --name reference
	$(BIN)/python -m benchmarks.report.tables benchmarks/results/reference.json --readme README.md

# Needs Java 17 and half an hour: a real cluster, workers killed in every stage, then cost, skew and memory.
spark: $(VENV)/.ready
	$(BIN)/pytest -m "slow or not slow" tests/spark
	$(BIN)/python -m benchmarks.suites.spark cost
	$(BIN)/python -m benchmarks.suites.spark skew
	$(BIN)/python -m benchmarks.suites.spark memory

$(VENV)/.ready: setup.cfg setup.py pyproject.toml clusterer/arrays/_kernels.pyx clusterer/arrays/_wide.h clusterer/arrays/_lanes.h
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --editable '.[dev,docs]'
	@touch $@

$(VENV)/.bench: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	# text-dedup asks for Spark and two embedders; its MinHash needs only these.
	$(BIN)/python -m pip install --quiet --no-deps text-dedup==0.4.0
	$(BIN)/python -m pip install --quiet datasets click-option-group xxhash ftfy regex psutil tqdm
	@touch $@

clean:
	rm -rf $(VENV) demo fuzz site build dist *.egg-info clusterer/arrays/_kernels.c clusterer/arrays/*.so .mypy_cache .ruff_cache .pytest_cache .hypothesis
