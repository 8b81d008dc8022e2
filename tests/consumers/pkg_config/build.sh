#!/bin/sh
# build.sh <program>: no build system, just the compiler. PKG_CONFIG_PATH names the folder of sluice.pc if it is not a usual one.
set -eu
cd "$(dirname "$0")"
${CXX:-c++} -std=c++20 $(pkg-config --cflags sluice-testing) -o "$1" ../consumer.cpp $(pkg-config --libs sluice-testing)
