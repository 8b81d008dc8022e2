// OpenAI Chat Completions, and every server that speaks it.
//
//   sluice::OpenAI openai{{.api_key = sluice::env_or("OPENAI_API_KEY", "")}};
//   sluice::OpenAI local{{.id = "local", .base_url = "http://localhost:11434/v1"}};   // no key: no
//   Authorization header sluice::BoundModel model = openai.model("gpt-5");
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/deadlines.hpp>
#include <sluice/runtime.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Sizes that bound what one exchange may hold. An answer that breaks one is a typed error, never a crash.
struct Limits {
    std::size_t read_buffer = std::size_t{32}
                              << 10;                ///< First size of a connection's buffer; grows on demand.
    std::size_t max_event = std::size_t{4} << 20;   ///< One SSE event with its lines, in bytes.
    std::size_t max_held = std::size_t{256} << 10;  ///< Metadata before (or between) events, in bytes.
    std::size_t max_stream = std::size_t{1} << 30;  ///< A whole streamed body, in bytes.
    std::size_t max_error_body = std::size_t{256} << 10;  ///< Body of an error answer, after gunzip.
    std::size_t max_head = std::size_t{64} << 10;         ///< Status line and header fields.
};

/// How connections of one provider are kept.
struct PoolOptions {
    std::size_t max_idle_per_origin = 16;
    std::size_t max_connections_per_origin =
        1024;  ///< Beyond it a request waits, within its connect deadline.
    std::chrono::milliseconds idle_expiry =
        std::chrono::seconds(55);  ///< Providers close idle ones after 60 s or more.
};

struct OpenAIOptions {
    /// The name in errors, attempts and bills. Must not be empty.
    std::string id = "openai";
    /// Empty: no Authorization header is sent. Anything else is sent as a bearer token, to this base_url
    /// only.
    std::string api_key = {};
    /// With or without a trailing slash; "/chat/completions" is appended.
    std::string base_url = "https://api.openai.com/v1";
    std::string organization = {};  ///< OpenAI-Organization
    std::string project = {};       ///< OpenAI-Project
    /// Sent with every request; may not repeat the headers the library sets itself.
    std::vector<std::pair<std::string, std::string>> headers = {};
    Deadlines deadlines = {};
    Limits limits = {};
    PoolOptions pool = {};
    Runtime runtime = {};
};

/// Cheap to copy; copies and their models share connections.
class OpenAI {
  public:
    /// No network I/O. Throws std::invalid_argument for an empty id, an unusable base_url, or a control
    /// character in the key or a header; the message never holds the key.
    explicit OpenAI(OpenAIOptions options);
    /// Throws std::invalid_argument for an empty id.
    BoundModel model(std::string id) const;
    /// With window, price and capabilities; `spec.provider_id` is set to this provider's id.
    BoundModel model(ModelSpec spec) const;
    const Provider& provider() const noexcept;

  private:
    class Impl;
    std::shared_ptr<const Impl> impl_;
};

/// The environment variable's value, or `fallback` when it is not set or empty.
std::string env_or(const char* name, std::string_view fallback);

}  // namespace sluice
