# Everything here is a plain command; this file only gives them names.

# Open the console over the sample directory, in a throw-away state
demo:
    cargo run --release -- demo

# Run what needs nothing but Rust
test *args:
    cargo test {{args}}

# Run the fast ones of them
quick *args:
    cargo nextest run --profile quick {{args}}

# Run every test against the real counterparts
test-all *args:
    tests/run {{args}}

# Format, then lint as the CI does
lint:
    cargo fmt
    cargo clippy --all-targets --features lab -- -D warnings

# Do what is done before a change lands
ci:
    .ci/run

# Measure (see benches/README.md)
bench *args:
    cargo bench {{args}}

# Check licences, sources and advisories of the dependencies (needs cargo-deny and the network)
deny:
    cargo deny check
