# What the library needs beside a C compiler: HDF5 and the compressors of its filters.
#
# pvramses_hdf5         libhdf5, one and the same for all of a process: with the ParaView plugin the
#                       one that VTK was built with, else what CMake finds
# pvramses_compressors  lz4, zlib, bzip2, zstd
add_library(pvramses_hdf5 INTERFACE)
if(PVRAMSES_PARAVIEW)
  # Debian has two: VTK's is the one that knows MPI, and CMake would take the other.
  set(HDF5_PREFER_PARALLEL ON CACHE BOOL "ParaView was built with an HDF5 that knows MPI")
  include("${CMAKE_CURRENT_LIST_DIR}/../plugin/paraview/find.cmake")
  if(TARGET hdf5::hdf5)
    target_link_libraries(pvramses_hdf5 INTERFACE hdf5::hdf5)
    if(TARGET VTK::mpi)
      target_link_libraries(pvramses_hdf5 INTERFACE VTK::mpi) # its hdf5.h includes mpi.h
    endif()
  elseif(TARGET VTK::hdf5)
    target_link_libraries(pvramses_hdf5 INTERFACE VTK::hdf5)
  else()
    message(FATAL_ERROR "This ParaView has no HDF5, which Mera files need. Without ParaView set "
      "-DPVRAMSES_PARAVIEW=OFF.")
  endif()
else()
  find_package(HDF5 COMPONENTS C)
  if(NOT HDF5_FOUND)
    message(FATAL_ERROR "HDF5 was not found (Debian: libhdf5-dev).")
  endif()
  # The first of the list; the others are what a static one would need.
  list(GET HDF5_C_LIBRARIES 0 hdf5_library)
  target_link_libraries(pvramses_hdf5 INTERFACE "${hdf5_library}")
  target_include_directories(pvramses_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
endif()

# find_compressor(NAME HEADER DEBIAN_PACKAGE)
function(find_compressor name header package)
  find_library(PVRAMSES_${name}_LIBRARY ${name})
  find_path(PVRAMSES_${name}_INCLUDE_DIR ${header})
  mark_as_advanced(PVRAMSES_${name}_LIBRARY PVRAMSES_${name}_INCLUDE_DIR)
  if(NOT PVRAMSES_${name}_LIBRARY OR NOT PVRAMSES_${name}_INCLUDE_DIR)
    message(FATAL_ERROR "lib${name} or ${header} was not found (Debian: ${package}).")
  endif()
  target_link_libraries(pvramses_compressors INTERFACE "${PVRAMSES_${name}_LIBRARY}")
  target_include_directories(pvramses_compressors SYSTEM INTERFACE
    "${PVRAMSES_${name}_INCLUDE_DIR}")
endfunction()

add_library(pvramses_compressors INTERFACE)
find_compressor(lz4 lz4frame.h liblz4-dev)
find_compressor(z zlib.h zlib1g-dev)
find_compressor(bz2 bzlib.h libbz2-dev)
find_compressor(zstd zstd.h libzstd-dev)

# Checksums of files; only its header is used.
find_path(PVRAMSES_XXHASH_INCLUDE_DIR xxhash.h)
mark_as_advanced(PVRAMSES_XXHASH_INCLUDE_DIR)
if(NOT PVRAMSES_XXHASH_INCLUDE_DIR)
  message(FATAL_ERROR "xxhash.h was not found (Debian: libxxhash-dev).")
endif()
target_include_directories(pvramses_compressors SYSTEM INTERFACE "${PVRAMSES_XXHASH_INCLUDE_DIR}")
