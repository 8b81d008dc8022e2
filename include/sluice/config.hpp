// Compile-time settings that must be the same in the library and in every program that links it.
#pragma once

#define SLUICE_VERSION_MAJOR 0
#define SLUICE_VERSION_MINOR 1
#define SLUICE_VERSION_PATCH 0
#define SLUICE_VERSION "0.1.0"

// The next two change the layout of Asio's own structs. The CMake target, the exported package and the pkg-config
// file set them; a program that includes these headers without them would break the one-definition rule.
#if !defined(ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE) || ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE != 8
#error "link sluice::sluice (CMake) or use `pkg-config --cflags sluice`: ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE must be 8"
#endif
#if !defined(ASIO_SEPARATE_COMPILATION)
#error "link sluice::sluice (CMake) or use `pkg-config --cflags sluice`: ASIO_SEPARATE_COMPILATION must be defined"
#endif
