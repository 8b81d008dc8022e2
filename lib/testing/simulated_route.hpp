// What a request's path tells: which dialect is spoken, and what of it is wanted.
#pragma once

#include "adapters/dialect.hpp"

#include <string>
#include <string_view>

namespace sluice::testing {

enum class Protocol : unsigned char { chat, responses, anthropic, gemini };

const adapters::Dialect& dialect_of(Protocol protocol) noexcept;

struct Route {
    enum class Wants : unsigned char { nothing, answer, models };

    Wants wants = Wants::nothing;  ///< Nothing: the path is none of ours.
    Protocol protocol = Protocol::chat;
    std::string model;        ///< Named by the path: Gemini's, and Azure's deployments.
    bool streams = false;     ///< Gemini tells it by the method.
    bool json_array = false;  ///< Gemini without alt=sse: the stream is one JSON array.
    bool is_vertex = false;   ///< Gemini by way of a cloud project.
};

/// `path` is without the query. Where services of two dialects have the same path (GET /v1/models), the
/// first.
Route find_route(std::string_view path, std::string_view query);

/// The value of a field of a query string, decoded; empty when it is not there.
std::string query_value(std::string_view query, std::string_view name);

}  // namespace sluice::testing
