#!/bin/bash
# Makes or removes links with zstd's names to the command: scripts/zstd-links.sh lay|remove PROGRAM FOLDER
#
# Other files are left alone: zstd itself is neither replaced nor removed. The links lead to PROGRAM, which need not exist
# yet.
set -euo pipefail

action=$1 program=$2 folder=$3
[[ $program == /* ]] || program=$PWD/$program
names=(zstd unzstd zstdcat zstdmt)

is_ours() { [[ -L $folder/$1 && $(readlink -- "$folder/$1") == "$program" ]]; }

case $action in
    lay)
        for name in "${names[@]}"; do
            if ! is_ours "$name" && [[ -e $folder/$name || -L $folder/$name ]]; then
                echo "$folder/$name exists and is not a link to $program; nothing is installed" >&2
                exit 1
            fi
        done
        install -d -- "$folder"
        for name in "${names[@]}"; do
            is_ours "$name" || ln -s -- "$program" "$folder/$name"
        done
        ;;
    remove)
        for name in "${names[@]}"; do
            ! is_ours "$name" || rm -- "$folder/$name"
        done
        ;;
    *)
        echo "usage: scripts/zstd-links.sh lay|remove PROGRAM FOLDER" >&2
        exit 2
        ;;
esac
