// In a file of its own: a translation unit that throws has the compiler's own declaration of __cxa_throw.
#include "support/throw_counter.hpp"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>

namespace {
std::atomic<std::size_t> thrown{0};
}

std::size_t sluice::test::exceptions_thrown() noexcept {
    return thrown.load();
}

extern "C" void __cxa_throw(void* object, void* type, void (*destroy)(void*)) {
    using Throw = void (*)(void*, void*, void (*)(void*));
    static const auto real = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
    thrown.fetch_add(1);
    real(object, type, destroy);
    std::abort();  // not reached: the real one does not return
}
