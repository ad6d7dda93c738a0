#!/bin/sh
# Builds FreelanceOS and puts it where commands are found: /usr/local/bin for root, else
# ~/.local/bin. Run it again to upgrade; your data is not touched.
set -eu
cd "$(dirname "$0")"

usage() {
    cat <<'USAGE'
Usage: ./install.sh [--bin FOLDER]

Builds FreelanceOS in release mode and installs the executable.

  --bin FOLDER   where to put it [default: /usr/local/bin for root, ~/.local/bin for others]
USAGE
}

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

bin=
while [ $# -gt 0 ]; do
    case $1 in
        --bin)
            [ $# -ge 2 ] || fail "--bin needs a folder"
            bin=$2
            shift
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *)
            usage >&2
            exit 2
            ;;
    esac
    shift
done
if [ -z "$bin" ]; then
    if [ "$(id -u)" = 0 ]; then bin=/usr/local/bin; else bin=$HOME/.local/bin; fi
fi

[ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
command -v cargo > /dev/null || fail "Rust is missing; install it from https://rustup.rs"
command -v cc > /dev/null || fail "a C compiler is missing; install gcc or clang (Debian: apt install gcc libc6-dev)"

printf 'Building FreelanceOS; the first time this takes some minutes.\n'
cargo build --release --locked
built=${CARGO_TARGET_DIR:-target}/release/freelanceos
[ -x "$built" ] || fail "the build left no $built"

mkdir -p "$bin" || fail "cannot make the folder $bin"
# Copied beside and renamed, so that a running server keeps its old file and none is half-written.
cp "$built" "$bin/.freelanceos.new" || fail "cannot write to $bin"
chmod 755 "$bin/.freelanceos.new"
mv -f "$bin/.freelanceos.new" "$bin/freelanceos"

printf '\n%s is installed as %s\n' "$("$bin/freelanceos" --version)" "$bin/freelanceos"
case :$PATH: in
    *:"$bin":*) command=freelanceos ;;
    *)
        command=$bin/freelanceos
        printf 'Add it to your PATH:  export PATH="%s:$PATH"\n' "$bin"
        ;;
esac
cat <<NEXT

Start it:         DATA_DIR=~/freelanceos $command serve
Open:             http://localhost:5000
Try an account:   DATA_DIR=~/freelanceos $command demo
A running server goes on with the version it was started with until you restart it.
NEXT
