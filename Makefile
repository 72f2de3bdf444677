# The two commands of a newcomer are `make demo` and `make test`; the rest is for those who
# change things. CARGO_TARGET_DIR, where it is set, holds everything that is built.

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
GUESTS := $(TARGET)/guests
DEMO := $(TARGET)/demo
WHITTLE := $(TARGET)/debug/whittle
# Guests share one target folder, apart from the host's: another compiler may build them.
GUEST_TARGET := $(TARGET)/guest-build
TOOLCHAINS := $(TARGET)/toolchains
BUILD_GUESTS := CARGO_TARGET_DIR=$(GUEST_TARGET) WHITTLE_CACHE=$(TARGET)/cache \
  scripts/build-guests $(WHITTLE) $(GUESTS) $(TOOLCHAINS)
CHECK_GUESTS := CARGO_TARGET_DIR=$(GUEST_TARGET) scripts/check-guests

.PHONY: demo test guests lint counts counts-renew bench load attack kills cluster languages cost peers \
  author-times fuzz fuzz-asan clean

# A fuzzy title search and a scored query over 3,201 films.
demo: $(WHITTLE) $(DEMO)/movies.json
	$(BUILD_GUESTS) rust/string-distance rust/custom-score
	@scripts/demo $(WHITTLE) $(GUESTS) $(DEMO)/movies.json

# Everything: unit tests, doc tests, the guests' own tests, the end-to-end tests on the built guests,
# the OpenSearch clients', OpenSearch's own REST tests, those of the node's page in a browser, and
# Schemathesis with requests from the API's description.
test: guests $(DEMO)/movies.json $(DEMO)/flights-200k.json
	cargo test $(EVERYTHING)
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target $(PARTS)

# Each has its own node and leaves a core idle most of the time, so that two of them run at once.
PARTS := test-rest test-schema test-guests test-clients test-page test-cluster
.PHONY: $(PARTS)
test-clients:
	scripts/test-clients $(WHITTLE) $(GUESTS) $(DEMO) $(TOOLCHAINS)
test-rest:
	scripts/test-rest $(WHITTLE) $(TOOLCHAINS)
test-page:
	scripts/test-page $(WHITTLE) $(GUESTS) $(TOOLCHAINS)
test-schema:
	scripts/test-schema $(WHITTLE) $(GUESTS) $(TOOLCHAINS)
test-guests:
	MAKEFLAGS= $(CHECK_GUESTS) test $(GUESTS) $(TOOLCHAINS)
test-cluster:
	WHITTLE_CACHE=$(TARGET)/cache scripts/test-cluster $(WHITTLE) $(GUESTS) 100000

# The guests as components, each in its language's folder.
guests: $(WHITTLE)
	$(BUILD_GUESTS)

# Features are the same in all builds but the demo's, so that nothing is built twice. The demo needs the
# command alone and without SQL, and is ready minutes earlier.
EVERYTHING := --workspace --features whittle-cli/cluster
BUILD := $(EVERYTHING) --bins --tests
demo: BUILD := --package whittle-cli

.PHONY: $(WHITTLE)
$(WHITTLE):
	cargo build $(BUILD)

lint:
	cargo fmt --all --check
	cargo clippy $(EVERYTHING) --all-targets --features whittle-fuzz/libfuzzer -- -D warnings
	cargo clippy --package whittle-host --no-default-features --lib -- -D warnings
	$(CHECK_GUESTS) lint $(GUESTS) $(TOOLCHAINS)

# Instructions of the hot paths, compared with the committed figures; `counts-renew` writes new ones.
counts counts-renew: $(WHITTLE)
	$(BUILD_GUESTS) assemblyscript/custom-score assemblyscript/probe assemblyscript/string-distance
	CARGO_TARGET_DIR=$(TARGET) scripts/count $(GUESTS) $(TOOLCHAINS) $(if $(filter %-renew,$@),renew)

bench: guests
	cargo bench --package whittle-benches --bench evaluate --bench lifecycle

# A node under load for LOAD_SECONDS: 24 clients with good queries (wrk), and 8 that write, upload
# versions and run hostile UDFs.
LOAD_SECONDS := 60
load: guests
	LOAD_SECONDS=$(LOAD_SECONDS) cargo test $(EVERYTHING) --test load

# A node that is killed KILLS times while clients write, a tenth of them with a full disk; with
# KILLS_SEED, the requests of another run.
KILLS := 200
kills: $(WHITTLE)
	KILLS=$(KILLS) KILLS_FULL=$$(($(KILLS) / 10)) cargo test $(EVERYTHING) --test kills -- --nocapture

# Queries with UDFs on a cluster of three processes, one of which is killed in the middle, on ROWS rows.
ROWS := 10000000
cluster: guests
	cargo build --release --package whittle-cli --features cluster
	WHITTLE_CACHE=$(TARGET)/cache scripts/test-cluster $(TARGET)/release/whittle $(GUESTS) $(ROWS)

# Attacks on a node of a release build, each beside a good client: one after the other, and then all
# on one node for ATTACK_SECONDS, which must have given its memory back five minutes later.
ATTACK_SECONDS := 120
attack: guests
	cargo build --release --package whittle-cli --package whittle-tests --bins
	ATTACK_SECONDS=$(ATTACK_SECONDS) cargo test --release --package whittle-cli \
	  --package whittle-tests --test attack -- --nocapture --test-threads 1

# Measures every language, and writes docs/LANGUAGES.md.
languages: guests
	cargo bench --package whittle-benches --bench languages

# Fits the cost model, by which a node orders clauses, and writes its table in docs/PERFORMANCE.md.
cost: guests
	cargo bench --package whittle-benches --bench cost
	RENEW=1 cargo test $(EVERYTHING) --test all the_cost_model

# Measures Whittle beside native code and its peers, and writes the tables and plots of docs/PERFORMANCE.md. The
# peers are built apart, and those that cannot be built here are named.
peers: guests
	CARGO_TARGET_DIR=$(TARGET)/peers GUESTS=$(GUESTS) WHITTLE_CACHE=$(TARGET)/cache cargo run --release \
	  --manifest-path benches/peers/Cargo.toml --package whittle-peers-runner -- --write docs/PERFORMANCE.md

# Measures what an author waits for in every language, and writes docs/AUTHORS.md.
author-times: guests
	cargo bench --profile dev --package whittle-benches --bench authors

# Every fuzz target for FUZZ_SECONDS, two at a time; FUZZ_TARGETS names some of them.
FUZZ_SECONDS := 60
FUZZ_TARGETS :=
# Of the whole workspace, so that features are those of `make test` and nothing is built anew.
FUZZ_BUILD := $(EVERYTHING) --features whittle-fuzz/libfuzzer \
  $(addprefix --bin fuzz-,arguments batches cache component query)
fuzz: $(WHITTLE)
	$(BUILD_GUESTS) rust/probe
	RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/scripts/instrumented cargo build $(FUZZ_BUILD)
	CARGO_TARGET_DIR=$(TARGET) scripts/fuzz $(TARGET)/debug $(TARGET)/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# The same with AddressSanitizer; needs a nightly compiler, and builds everything once more.
fuzz-asan: $(WHITTLE)
	$(BUILD_GUESTS) rust/probe
	RUSTFLAGS=-Zsanitizer=address RUSTC_WORKSPACE_WRAPPER=$(CURDIR)/scripts/instrumented \
	  cargo +nightly build $(FUZZ_BUILD) --target x86_64-unknown-linux-gnu --target-dir $(TARGET)/asan
	CARGO_TARGET_DIR=$(TARGET) ASAN_OPTIONS=detect_leaks=0 scripts/fuzz \
	  $(TARGET)/asan/x86_64-unknown-linux-gnu/debug $(TARGET)/fuzz-asan $(FUZZ_SECONDS) $(FUZZ_TARGETS)

$(DEMO)/%.json:
	scripts/fetch-data $(DEMO) $*

clean:
	rm -rf $(TARGET)
