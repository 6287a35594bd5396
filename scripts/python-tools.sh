#!/bin/bash
# Installs the Python packages of python-tools.txt, which tests use, into .build-tools/python.
#
# In a separate folder, since Debian's Python accepts only Debian's packages. Silent if everything is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=.build-tools/python
list=scripts/python-tools.txt

wanted() {
    python3 --version
    cat "$list"
}
cmp -s <(wanted) "$folder/installed.txt" && exit 0

echo "Installing Python packages for the tests into $folder"
rm -rf "$folder"
python3 -m venv "$folder"
# Only wheels, so that nothing needs to be compiled.
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --no-compile \
    --requirement "$list"
# Last, so that an incomplete installation does not count.
wanted > "$folder/installed.txt"
