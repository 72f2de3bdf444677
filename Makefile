# The two commands of a newcomer are `make demo` and `make test`; the rest is for those who
# change things. CARGO_TARGET_DIR, where it is set, holds everything that is built.

TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
GUESTS := $(TARGET)/guests
DEMO := $(TARGET)/demo
WHITTLE := $(TARGET)/debug/whittle
# Guests share one target folder, apart from the host's: another compiler may build them.
GUEST_TARGET := $(TARGET)/guest-build

.PHONY: demo test guests lint bench asan clean

# A fuzzy title search and a scored query over 3,201 films.
demo: guests $(DEMO)/movies.json
	@scripts/demo $(WHITTLE) $(GUESTS) $(DEMO)/movies.json

# Everything: unit tests, doc tests, the guests' own tests, and the end-to-end tests on the built
# guests.
test: guests
	cargo test --workspace
	CARGO_TARGET_DIR=$(GUEST_TARGET) cargo test --manifest-path guests/rust/Cargo.toml --workspace

# The guests as components, each in its language's folder.
guests: $(WHITTLE)
	CARGO_TARGET_DIR=$(GUEST_TARGET) WHITTLE_CACHE=$(TARGET)/cache scripts/build-guests $(WHITTLE) $(GUESTS) $(TARGET)/toolchains

.PHONY: $(WHITTLE)
$(WHITTLE):
	cargo build --workspace --bins

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package whittle-host --no-default-features --lib -- -D warnings
	cargo fmt --manifest-path guests/rust/Cargo.toml --all --check
	CARGO_TARGET_DIR=$(GUEST_TARGET) cargo clippy --manifest-path guests/rust/Cargo.toml \
	  --workspace --all-targets -- -D warnings

bench: guests
	cargo bench --package whittle-benches

# The accessor tests with AddressSanitizer; needs a nightly compiler. It sees the host's own reads;
# those of compiled code are held by pages that cannot be read (tests/all/accessors/guarded.rs).
asan: guests
	RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=detect_leaks=0 \
	  cargo +nightly test --package whittle-tests --target x86_64-unknown-linux-gnu \
	  --target-dir $(TARGET)/asan -- accessors::

$(DEMO)/movies.json:
	scripts/fetch-movies $(DEMO)

clean:
	rm -rf $(TARGET)
