// The one translation unit that compiles Asio and its TLS part (ASIO_SEPARATE_COMPILATION).
#include <sluice/config.hpp>

#include <asio/impl/src.hpp>
#include <asio/ssl/impl/src.hpp>
