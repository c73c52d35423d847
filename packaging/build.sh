#!/usr/bin/env bash
# Builds the binary of one target as it is released: the same source, toolchain and path-independent flags give the same
# bytes, wherever they are built. docs/releasing.md says how that is checked.
#
#   packaging/build.sh x86_64-unknown-linux-musl
set -euo pipefail
cd "$(dirname "$0")/.."

cargo_home=${CARGO_HOME:-$HOME/.cargo}
# What stands in panics and in debug information is where a file lies in the source, in cargo's cache, or in the toolchain.
flags="--remap-path-prefix=$PWD=layership --remap-path-prefix=$cargo_home=cargo"
flags+=" --remap-path-prefix=$(rustc --print sysroot)=rust"
export RUSTFLAGS="${RUSTFLAGS:-} $flags" CARGO_INCREMENTAL=0
# C that is compiled along the way (cryptography) has paths, too, where the compiler is gcc or clang.
export CFLAGS="${CFLAGS:-} -ffile-prefix-map=$PWD=layership -ffile-prefix-map=$cargo_home=cargo"
# Windows has no assembler for that C by itself: then it takes what its authors assembled.
case "$1" in *-msvc) unset CFLAGS && export AWS_LC_SYS_PREBUILT_NASM=1 ;; esac

cargo build --locked --release --bin layership --target "$1"
