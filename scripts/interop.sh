#!/bin/bash
# Checks that Go's klauspost/compress, from Debian's package, reads poolmap's files: scripts/interop.sh POOLMAP
set -euo pipefail
poolmap=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$work/cache GOFLAGS=-p=2
go build -o "$work/read" Tests/interop/read.go

cat /usr/bin/[a-f]* 2> /dev/null | head -c 3000000 > "$work/content" || true
: > "$work/empty"
# write NAME CONTENT OPTION…
write() {
    "$poolmap" -q -o "$work/$1" "${@:3}" "$work/$2"
    cp "$work/$2" "$work/$1.content"
}
write one.zst content
write many.zst content --chunk-size 256K
write unchecked.zst content --chunk-size 256K --no-check
write none.zst empty
write best.zst content -19 --chunk-size 1M
write fast.zst content --fast=5 --chunk-size 64K
"$work/read" "$work"/*.zst
