#!/bin/sh
# `make install`: a .venv from uv.lock, with nothing needed on the machine but python3. Each failure is one clear line.
# $1: the file to touch when all is done. PYTHON: the interpreter to use.
set -u
PYTHON=${PYTHON:-python3}
UV_WANTED='uv>=0.9,<1'

fail() {
    echo "podwatch: $1" >&2
    exit 1
}

command -v "$PYTHON" >/dev/null 2>&1 || fail "$PYTHON is not there - install Python 3.11 or newer, or say: make PYTHON=/path/to/python3"
found=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' 2>&1) ||
    fail "$PYTHON is Python $found - podwatch needs 3.11 or newer; say: make PYTHON=/path/to/python3"
free=$("$PYTHON" -c 'import shutil; print(shutil.disk_usage(".").free // 10**6)') || fail "the free space of this disk cannot be read"
[ "$free" -ge 2000 ] || fail "$PWD: only $free MB are free on this disk - the installation wants 2,000"
[ -w . ] || fail "$PWD: cannot be written to - use a checkout of your own"

# uv: the machine's own if it fits, else one from the package index, for this folder alone.
fits() { "$1" --version 2>/dev/null | grep -Eq '^uv 0\.(9|[1-9][0-9])\.'; }
if command -v uv >/dev/null 2>&1 && fits uv; then
    uv=uv
else
    uv=.tools/bin/uv
    if ! fits $uv; then
        "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null ||
            fail "this Python has no venv module - install it (Debian, Ubuntu: apt install python3-venv), or install uv"
        rm -rf .tools
        "$PYTHON" -m venv .tools >.tools.log 2>&1 || fail "the folder .tools cannot be made - see .tools.log"
        .tools/bin/python -m pip install --quiet --disable-pip-version-check "$UV_WANTED" >.tools/pip.log 2>&1 ||
            fail "uv cannot be fetched from the package index - check the network and the proxy; the details are in .tools/pip.log"
        rm -f .tools.log
    fi
fi

echo "podwatch: installing what uv.lock lists into $PWD/.venv" >&2
[ -t 2 ] && quiet='' || quiet=--quiet # the progress is for a terminal
# Compiled at once: Airflow started from sources costs three times the CPU, and some machines forbid writing .pyc later.
UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv \
    "$uv" sync $quiet --frozen --all-extras --group dev --python "$PYTHON" ||
    fail "the packages of uv.lock cannot be installed - check the network, the proxy and the disk; uv says why above"
touch "$1"
