// Compile-time settings that must be the same in the library and in every program that links it.
#pragma once

#define SLUICE_VERSION_MAJOR 0
#define SLUICE_VERSION_MINOR 1
#define SLUICE_VERSION_PATCH 0
#define SLUICE_VERSION "0.1.0"

// Asio is compiled into the library, and its inline functions and structs depend on these. The CMake target,
// the exported package and the pkg-config file set them; a program that included these headers without them
// would break the one-definition rule.
//
// The last one: Asio 1.22 asks whether there is std::aligned_alloc before it has included a header that could
// say so, so two translation units with their includes in another order would free what they did not
// allocate.
#if !defined(ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE) || ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE != 8 || \
    !defined(ASIO_SEPARATE_COMPILATION) || !defined(ASIO_DISABLE_STD_ALIGNED_ALLOC)
#error "link sluice::sluice (CMake), or use `pkg-config --cflags sluice`: Asio's definitions are missing"
#endif
