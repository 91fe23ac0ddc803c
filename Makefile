# Words for people. Each sets up the machine first (Debian, Ubuntu: .ci/setup) and can be repeated:
#
#   make demo    build everything, then make pictures of data/web3d in demo/
#   make test    build everything, then run all tests
#   make bench   build everything, then measure: tests/bench/bench.sh
#
#   make build   build alone       make format  clang-format on our C and C++
#   make clean   remove what was built and drawn
#
# The build itself is CMake's: see CMakeLists.txt and CMakePresets.json.

BUILD := build
JOBS := $(shell nproc 2> /dev/null || echo 2)
PLUGIN_DIR = $(shell sed -n 's/^PVRAMSES_PLUGIN_DIR:INTERNAL=//p' $(BUILD)/CMakeCache.txt)

.PHONY: help demo test bench build setup clean format

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed '/^The build itself/,$$d'

setup:
	@.ci/setup

build: setup
	@test -f $(BUILD)/Makefile -o -f $(BUILD)/build.ninja || cmake --preset default
	@cmake --build $(BUILD) --parallel $(JOBS)

demo: build
	@mkdir -p demo
	PV_PLUGIN_PATH="$(PLUGIN_DIR)" xvfb-run -a -n $$((200 + $$$$ % 20000)) -s -noreset \
	  pvpython plugin/paraview/python/pvramses_demo.py data/web3d/output_00003/info_00003.txt demo/

test: build
	@ctest --test-dir $(BUILD) --output-on-failure

bench: build
	@tests/bench/bench.sh

format:
	@git ls-files '*.c' '*.h' '*.cxx' | xargs clang-format -i

clean:
	rm -rf build build-* demo
