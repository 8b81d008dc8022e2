// A provider in a box: an HTTP server that speaks OpenAI Chat Completions streaming and fails in every way providers do, by
// model name. Over real sockets or over a MemoryNetwork.
//
//   sluice::testing::Simulator simulator(context.get_executor());
//   std::string base_url = simulator.listen();                     // "http://127.0.0.1:40123/v1"
//   sluice::OpenAI openai{{.base_url = base_url}};
//   openai.model("sim-503");                                       // docs/simulator.md lists the models
#pragma once

#include <sluice/runtime.hpp>
#include <sluice/testing/memory_network.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

/// What the simulator does with one request. Combine freely; docs/simulator.md has the model names that stand for each.
struct SimulatedAnswer {
    SimulatedAnswer() = default;

    // --- before the answer ---
    bool reset_before_headers = false;      ///< Reads the request, then resets the connection.
    bool silent = false;                    ///< Reads the request, then says nothing for ever.
    int status = 200;                       ///< Other than 2xx: `body` is the answer.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;                       ///< Whole body of an error answer, or of a stream when not empty.
    bool gzip_body = false;                 ///< Sends `body` with Content-Encoding: gzip.
    std::string content_type = "application/json";

    // --- the stream ---
    std::vector<std::string> tokens;        ///< Text of the chunks.
    Duration delay_first{0};                ///< Before the first content chunk (the head is sent at once).
    Duration delay_between{0};
    bool metadata_first = true;             ///< A role-only chunk first, as OpenAI does.
    std::string first_error;                ///< JSON of an error object: the first event, or right after the metadata.
    std::size_t cut_after = SIZE_MAX;       ///< Ends the connection after so many tokens: no finish, no [DONE].
    std::size_t stall_after = SIZE_MAX;     ///< Sends nothing more after so many tokens, for ever.
    std::size_t malformed_at = SIZE_MAX;    ///< This token's chunk is broken JSON.
    std::string finish_reason = "stop";
    bool usage = true;                      ///< A usage chunk, when the client asked for it.
    bool done_marker = true;                ///< data: [DONE]
    bool one_byte_writes = false;           ///< One byte per write.
    bool one_write = false;                 ///< The whole answer, head included, in one write.
    std::size_t tokens_per_write = 1;
    std::string line_end = "\n";
};

class Simulator {
  public:
    explicit Simulator(asio::any_io_executor executor, Runtime runtime = {});
    /// Closes everything at once.
    ~Simulator();

    /// Listens on real sockets; port 0 takes a free one. Returns the base URL, "http://127.0.0.1:<port>/v1".
    /// Throws asio::system_error when the address cannot be used.
    std::string listen(const std::string& address = "127.0.0.1", std::uint16_t port = 0);
    /// Listens on `network` as `origin`. Returns the base URL.
    std::string listen(MemoryNetwork& network, Origin origin);

    /// Adds or replaces a model. `answer` may be called for each request: `turn` counts that model's requests from 0.
    void on_model(std::string model, std::function<SimulatedAnswer(std::size_t turn, std::string_view request_body)> answer);
    /// When not empty, a request whose bearer token is another gets 401 (as model "sim-401" always does).
    void require_key(std::string key);

    struct Seen {
        std::string model;
        std::string path;
        std::string authorization;
        std::string body;
    };
    /// The requests so far, in order of arrival.
    const std::vector<Seen>& requests() const noexcept;
    std::size_t connections() const noexcept;      ///< Accepted so far.
    std::size_t open_connections() const noexcept;
    /// Streams whose client went away before the end.
    std::size_t aborted() const noexcept;
    /// Stops accepting and closes every connection; completes when nothing runs any more.
    asio::awaitable<void> stop();

    /// Names of the built-in models, each with one sentence.
    static std::vector<std::pair<std::string, std::string>> built_in_models();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::testing
