// The bytes of a provider's answer on their way to a client of the same dialect: unchanged but for the
// model's id where the client is to see another, the metadata in the last chunk, and a usage chunk nobody
// asked for. No I/O, no parse of what is only passed on.
#pragma once

#include <sluice/event.hpp>

#include <string>
#include <string_view>

namespace sluice::gateway {

struct PassThroughOptions {
    PassThroughOptions() = default;
    std::string dialect;         ///< "openai_chat", "openai_responses", "anthropic", "gemini".
    std::string upstream_model;  ///< The id in the provider's answer; empty when it told none.
    std::string shown_model;     ///< What the client is to see instead.
    bool hide_usage = false;     ///< Chat: the client did not ask for the usage chunk that we asked for.
};

/// Of a streamed answer.
class StreamPassThrough {
  public:
    explicit StreamPassThrough(PassThroughOptions options);
    /// Any event but the terminal one: appends what of its raw() the client gets.
    void add(const StreamEvent& event, std::string& out);
    /// The terminal Finish. `metadata` is a JSON object's members, `"sluice_metadata":{...}`, put into the
    /// last chunk that is a JSON object; empty: nothing. A terminal marker that the provider left out is
    /// added.
    void finish(const StreamEvent& event, std::string_view metadata, std::string& out);

  private:
    PassThroughOptions options_;
};

/// Of a whole answer: `body` with the id replaced and the members of `metadata` added.
std::string pass_document(std::string_view body, const PassThroughOptions& options,
                          std::string_view metadata);

}  // namespace sluice::gateway
