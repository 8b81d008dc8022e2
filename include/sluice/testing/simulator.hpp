// A provider in a box: an HTTP server that speaks OpenAI Chat Completions streaming and fails in every way
// providers do, by model name. Over real sockets or over a MemoryNetwork.
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

/// A call of a tool; its arguments are streamed in pieces of a few bytes.
struct SimulatedToolCall {
    SimulatedToolCall() = default;
    SimulatedToolCall(std::string call_id, std::string tool, std::string json)
        : id(std::move(call_id)), name(std::move(tool)), arguments(std::move(json)) {}
    std::string id;
    std::string name;
    std::string arguments;  ///< JSON text.
};

/// What the simulator does with one request. Combine freely; docs/simulator.md has the model names that stand
/// for each.
struct SimulatedAnswer {
    SimulatedAnswer() = default;

    // --- before the answer ---
    bool reset_before_headers = false;  ///< Reads the request, then resets the connection.
    bool silent = false;                ///< Reads the request, then says nothing for ever.
    Duration delay_head{0};             ///< Before the response head.
    int status = 200;                   ///< Other than 2xx: `body` is the answer, empty or not.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< When not empty, sent as it is with its length: the body of an error, or any other.
    bool gzip_body = false;                         ///< Sends `body` with Content-Encoding: gzip.
    std::string content_type = "application/json";  ///< Of `body`.

    // --- the stream (without "stream": true in the request, the same as one JSON object) ---
    std::vector<std::string> reasoning;         ///< As `reasoning_content`, before the text.
    std::vector<std::string> tokens;            ///< Text of the chunks.
    std::vector<SimulatedToolCall> tool_calls;  ///< After the text. Set `finish_reason` to "tool_calls".
    Duration delay_first{0};     ///< Before the first content chunk, or `body` (the head is sent at once).
    Duration delay_between{0};   ///< Between two writes of content.
    bool metadata_first = true;  ///< A role-only chunk first, as OpenAI does.
    bool comments = false;       ///< An SSE comment before each chunk, as servers under load send.
    std::string first_error;     ///< JSON of an error object: the first event, or right after the metadata.
    // Counts of content chunks (reasoning, text, pieces of tool calls), from 0:
    std::size_t cut_after = SIZE_MAX;     ///< Ends the connection after so many: no finish, no [DONE].
    std::size_t stall_after = SIZE_MAX;   ///< Sends nothing more after so many, for ever.
    std::size_t malformed_at = SIZE_MAX;  ///< This chunk is broken JSON.
    std::string finish_reason = "stop";   ///< Empty: no chunk with a finish reason.
    bool usage = true;                    ///< A usage chunk, when the client asked for it.
    bool done_marker = true;              ///< data: [DONE]
    bool one_byte_writes = false;         ///< One byte per write.
    bool one_write = false;               ///< The whole answer, head included, in one write.
    std::size_t tokens_per_write = 1;     ///< 0 is taken as 1.
    std::string line_end = "\n";
};

/// Paths: POST /v1/chat/completions and GET /v1/models. One thread; over a MemoryNetwork, the thread of its
/// clients. The bearer tokens "sk-invalid-key-for-testing" and "bad-key" always get 401.
class Simulator {
  public:
    /// Only the runtime's clock is used: all delays pass by it.
    explicit Simulator(asio::any_io_executor executor, Runtime runtime = {});
    Simulator(const Simulator&) = delete;
    Simulator& operator=(const Simulator&) = delete;
    /// Closes everything at once. What then still runs ends within a turn of the loop, and touches nothing of
    /// this object.
    ~Simulator();

    /// Listens on real sockets; port 0 takes a free one. Returns the base URL, "http://127.0.0.1:<port>/v1".
    /// Throws asio::system_error when the address cannot be used.
    std::string listen(const std::string& address = "127.0.0.1", std::uint16_t port = 0);
    /// Listens on `network` as `origin`. Returns the base URL.
    std::string listen(MemoryNetwork& network, Origin origin);

    /// Adds or replaces a model, built-in ones too. `answer` may be called for each request: `turn` counts
    /// that model's requests from 0.
    void on_model(std::string model,
                  std::function<SimulatedAnswer(std::size_t turn, std::string_view request_body)> answer);
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
    std::size_t connections() const noexcept;  ///< Accepted so far.
    std::size_t open_connections() const noexcept;
    /// Requests whose client went away before the end of the answer.
    std::size_t aborted() const noexcept;
    /// Stops accepting and closes every connection; completes when nothing runs any more. Once, and not
    /// inside on_model().
    asio::awaitable<void> stop();

    /// Names of the built-in models, each with one sentence.
    static std::vector<std::pair<std::string, std::string>> built_in_models();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sluice::testing
