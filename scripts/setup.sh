#!/bin/sh
# Makes a virtual environment with this project in it, or says what the machine lacks.
#
#   scripts/setup.sh VENV REQUIREMENT...
#
# PYTHON names the interpreter; otherwise the newest suitable one on the PATH is taken.
set -eu

venv=$1
shift

fail() {
    echo "setup: $1" >&2
    echo "setup: on Debian or Ubuntu: $2" >&2
    exit 2
}

is_recent() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}

python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if is_recent "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 is needed, found $(${PYTHON:-python3} --version 2>&1 || true)" \
    "apt install python3 python3-venv python3-dev (Debian 12, Ubuntu 24.04 or newer)"

"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python lacks the module venv" "apt install python3-venv"

headers=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
[ -f "$headers/Python.h" ] || fail "$python lacks its C headers ($headers/Python.h)" "apt install python3-dev"

compiler=${CXX:-g++}
command -v "$compiler" >/dev/null 2>&1 || fail "the C++ compiler $compiler is missing" "apt install g++"
echo '#include <atomic>
#include <thread>
int main() { std::jthread t([] {}); }' |
    "$compiler" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null ||
    fail "$compiler does not know C++20 ($("$compiler" -dumpversion))" "apt install g++ (version 11 or newer)"

echo "setup: installing into $venv with $("$python" --version); this takes a minute or two"
rm -rf "$venv"
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
