// A provider in a box: an HTTP server that speaks OpenAI Chat Completions, OpenAI Responses, Anthropic
// Messages and Gemini, and fails in every way providers do, by model name. Over real sockets or over a
// MemoryNetwork.
//
//   sluice::testing::Simulator simulator(context.get_executor());
//   std::string base_url = simulator.listen();                     // "http://127.0.0.1:40123/v1"
//   sluice::OpenAI openai{{.base_url = base_url}};
//   openai.model("sim-503");                                       // docs/simulator.md lists the models
//   simulator.base_url("gemini");                                  // "http://127.0.0.1:40123/v1beta"
#pragma once

#include <sluice/error.hpp>
#include <sluice/runtime.hpp>
#include <sluice/testing/memory_network.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing {

/// A call of a tool; its arguments are streamed in pieces of a few bytes, where the dialect has pieces.
struct SimulatedToolCall {
    SimulatedToolCall() = default;
    SimulatedToolCall(std::string call_id, std::string tool, std::string json, std::string proof = {})
        : id(std::move(call_id)),
          name(std::move(tool)),
          arguments(std::move(json)),
          signature(std::move(proof)) {}
    std::string id;
    std::string name;
    std::string arguments;  ///< JSON text.
    std::string signature;  ///< What Gemini hangs on a call.
};

/// How an error inside a stream is written, where servers of one dialect differ (PROTOCOLS section 10.3). In
/// the dialects that it does not name, each of them is `usual`.
enum class ErrorShape : std::uint8_t {
    usual,        ///< As the dialect's own provider does it: docs/simulator.md, "Faults and dialects".
    in_chunk,     ///< Chat: in a chunk that has `choices` too, then [DONE] (OpenRouter).
    named_event,  ///< Chat: with `event: error`, then the end (Groq).
    field_line,   ///< Chat: a line `error: {...}`, which is not SSE (llama.cpp).
    flat,         ///< Responses: the fields beside `type`, then response.failed.
    failed_only,  ///< Responses: response.failed alone.
    framed,       ///< Gemini: as `data:`, not as bare JSON.
    gateway,      ///< Every dialect: as a sluice gateway tells its own client, by the dialect's encoder.
};

/// An error as a provider reports it. Each dialect has its own words for a kind, and its own status; what is
/// set here replaces them.
struct SimulatedError {
    SimulatedError(ErrorKind what = ErrorKind::provider_unavailable) : kind(what) {}
    ErrorKind kind;
    int status = 0;       ///< 0: what that provider answers; 403 makes provider_auth_failed a permission.
    std::string message;  ///< The text.
    std::string type;     ///< `type`; Gemini's `status`.
    std::string code;     ///< `code`; Anthropic's details.error_code, Gemini's ErrorInfo.reason.
    std::string param;    ///< The field to blame.
    /// For rate_limited, told where that provider tells it: in the text, in a header, in RetryInfo.
    std::chrono::milliseconds retry_after{0};
    bool retry_after_header = true;        ///< False: OpenAI tells it in its text and its reset header only.
    ErrorShape shape = ErrorShape::usual;  ///< Inside a stream.
};

/// What the simulator does with one request, whatever dialect it came in. Combine freely; docs/simulator.md
/// has the model names that stand for each.
struct SimulatedAnswer {
    SimulatedAnswer() = default;

    // --- before the answer ---
    bool reset_before_headers = false;    ///< Reads the request, then resets the connection.
    bool silent = false;                  ///< Reads the request, then says nothing for ever.
    Duration delay_head{0};               ///< Before the response head.
    std::optional<SimulatedError> error;  ///< The answer is this error: its status, headers and body.
    int status = 200;                     ///< Other than 2xx: `body` is the answer, empty or not.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< When not empty, sent as it is with its length: the body of an error, or any other.
    bool gzip_body = false;                         ///< Sends `body` with Content-Encoding: gzip.
    std::string content_type = "application/json";  ///< Of `body`.

    // --- the stream (to a request that wants none, the same as one JSON object) ---
    std::vector<std::string> reasoning;         ///< Before the text.
    std::string signature;                      ///< Closes the reasoning.
    std::vector<std::string> tokens;            ///< Text of the chunks.
    std::vector<std::string> refusal;           ///< After the text.
    std::vector<SimulatedToolCall> tool_calls;  ///< After that. Set `finish_reason` to "tool_calls".
    Duration delay_first{0};     ///< Before the first content chunk, or `body` (the head is sent at once).
    Duration delay_between{0};   ///< Between two writes of content.
    bool metadata_first = true;  ///< What the dialect sends before any content: a role, message_start, ...
    bool comments = false;       ///< An SSE comment before each chunk, as servers under load send.
    bool pings = false;  ///< The dialect's own sign of life before each chunk, an event without content.
    std::optional<SimulatedError> stream_error;  ///< Ends the stream of a 200.
    std::size_t error_after = 0;  ///< So many content chunks come first; when there are fewer, all of them.
    bool error_after_finish = false;  ///< `stream_error` comes behind the finish reason instead.
    // Counts of content chunks (reasoning, text, refusal, pieces of tool calls), from 0:
    std::size_t cut_after = SIZE_MAX;     ///< Ends the connection after so many: no finish, no [DONE].
    std::size_t stall_after = SIZE_MAX;   ///< Sends nothing more after so many, for ever.
    std::size_t malformed_at = SIZE_MAX;  ///< This chunk is broken JSON.
    /// A name of StopReason, said as the dialect says it; any other word is sent as it is. Empty: none.
    std::string finish_reason = "stop";
    bool usage = true;                 ///< Where the dialect has it; in Chat when the client asked for it.
    bool done_marker = true;           ///< The dialect's last word: [DONE], message_stop, response.completed.
    bool one_byte_writes = false;      ///< One byte per write.
    bool one_write = false;            ///< The whole answer, head included, in one write.
    std::size_t tokens_per_write = 1;  ///< 0 is taken as 1.
    std::string line_end;  ///< Empty: what the dialect's provider writes, CR LF for Gemini, else LF.
};

/// The path of a request tells its dialect: docs/simulator.md, "Paths". One thread; over a MemoryNetwork, the
/// thread of its clients. The keys "sk-invalid-key-for-testing" and "bad-key" are always rejected.
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
    /// The base URL that a provider of this dialect or service wants, where listen() was called last:
    /// ".../v1beta" for "gemini", ".../v1beta1/projects/..." for "vertex", ".../openai/v1" for "azure",
    /// ".../v1" for every other. Empty before listen().
    std::string base_url(std::string_view dialect_or_service) const;

    /// Adds or replaces a model, built-in ones too. `answer` may be called for each request: `turn` counts
    /// that model's requests from 0.
    void on_model(std::string model,
                  std::function<SimulatedAnswer(std::size_t turn, std::string_view request_body)> answer);
    /// How requests for the list of models are answered; `turn` counts them from 0. An answer without a body
    /// that is no failure gets the list as its body.
    void on_models_list(std::function<SimulatedAnswer(std::size_t turn)> answer);
    /// While down, every request gets 503, whatever it asks for and with whichever key.
    void set_down(bool down);
    /// Also serves the paths below /_sim, by which other processes call set_down() and read what requests()
    /// and the counters tell: docs/simulator.md, "From another process".
    void allow_control();
    /// When not empty, a request with another key is rejected (as by model "sim-401", always).
    void require_key(std::string key);

    struct Seen {
        std::string model;
        std::string dialect;  ///< Empty: the path is none of ours.
        std::string path;     ///< Without the query.
        std::string query;
        std::string authorization;
        std::string key;  ///< From wherever the dialect has it.
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
