# Finds ParaView's development files, for the plugin and for the HDF5 that ParaView uses.
enable_language(CXX)

find_package(ParaView QUIET)
if(NOT ParaView_FOUND)
  string(REPLACE "\n" "\n  " why "${ParaView_NOT_FOUND_MESSAGE}")
  message(FATAL_ERROR
    "ParaView's development files were not found, or something that they need is missing:\n"
    "  ${why}\n"
    "On Debian and Ubuntu, install paraview-dev and the -dev packages that its CMake files ask for "
    "(see the README). With another ParaView set -DParaView_DIR=<folder of "
    "paraview-config.cmake>. Without ParaView set -DPVRAMSES_PARAVIEW=OFF: the library and the "
    "command line are then built alone.")
endif()
message(STATUS "ParaView ${ParaView_VERSION} in ${ParaView_DIR}")
