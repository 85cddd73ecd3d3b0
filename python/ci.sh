#!/usr/bin/env bash
# The Python package as a user gets it: a wheel, installed into a fresh virtual environment, and its tests.
#
#     python/ci.sh          # from a bare Debian with Rust; needs target/release/haze
#     python/ci.sh --all    # also those on Ray and Dask, with ArviZ and pyright, which take as long again to install
#
# Why it is the way it is:
# - The wheel is built into the target folder of the program, so that what both depend on is compiled once.
# - What tests need is pinned in tests/requirements.txt: a new release of pandas is a change that is looked at, not a failure
#   on some Monday.
# - A test that needs a library which is not installed says that it was skipped; all are in tests/requirements-all.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target} CARGO_PROFILE_RELEASE_DEBUG=0 PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
[ -x target/release/haze ] || { echo "target/release/haze is missing: cargo build --release first" >&2; exit 1; }

requirements=requirements.txt
if [ "${1:-}" = --all ]; then requirements=requirements-all.txt; fi
python=${PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$python" -m venv "$folder/venv" 2>/dev/null || {
    echo "python3-venv is missing: apt install python3-venv, or name another Python with PYTHON" >&2
    exit 1
}
venv=$folder/venv/bin
"$venv/python" --version

echo "--- format and lints"
(cd python && cargo fmt --check && cargo clippy --release --locked --quiet -- -D warnings)

echo "--- the wheel"
"$venv/pip" install -q -r "python/tests/$requirements"
"$venv/maturin" build --release --locked --manifest-path python/Cargo.toml --out "$folder/wheels" --quiet
[ "$(ls "$folder/wheels" | wc -l)" = 1 ] && ls -l "$folder/wheels"
"$venv/pip" install -q --no-index --no-deps "$folder"/wheels/*.whl

echo "--- its tests, from a folder in which the sources are not the package"
cd "$folder"
"$venv/python" -m pytest -q -p no:cacheprovider --durations=10 "$OLDPWD/python/tests"
