// The bytes of a provider's answer on their way to a client of the same dialect: unchanged but for the
// model's id where the client is to see another, the metadata in the last chunk, and a usage chunk nobody
// asked for. No I/O, no parse of what is only passed on.
//
//   StreamPassThrough pass(options);
//   for each event: event.is<Finish>() ? pass.finish(event, metadata, out) : pass.add(event, out);
//   before an error of our own: pass.flush(out);
#pragma once

#include <sluice/event.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::gateway {

struct PassThroughOptions {
    PassThroughOptions() = default;
    std::string dialect;         ///< "openai_chat", "openai_responses", "anthropic", "gemini".
    std::string upstream_model;  ///< The id in the provider's answer; empty when it told none.
    std::string shown_model;     ///< What the client is to see instead.
    bool hide_usage = false;     ///< Chat: the client did not ask for the usage chunk that we asked for.
    /// finish() brings some. A frame that tells the finish reason then waits for what follows it: it may be
    /// the last one that can hold them. Otherwise nothing waits but the frame that ends a stream.
    bool has_metadata = true;
};

/// Of a streamed answer.
class StreamPassThrough {
  public:
    explicit StreamPassThrough(PassThroughOptions options);
    /// Any event but the terminal one: appends what of its raw() the client gets.
    void add(const StreamEvent& event, std::string& out);
    /// The same for several, in fewer steps.
    void add(std::span<const StreamEvent> events, std::string& out);
    /// The terminal Finish. `metadata` is a JSON object's members, `"sluice_metadata":{...}`, put into the
    /// last chunk that is a JSON object; empty: nothing. A terminal marker that the provider left out is
    /// added.
    void finish(const StreamEvent& event, std::string_view metadata, std::string& out);
    /// What still waits. For a stream that does not get to finish().
    void flush(std::string& out);

  private:
    // A frame that differs from the one before in its text alone is what that one was: the search for the
    // model's id, the finish reason, the usage and the marker needs to be done for one of them.
    struct Likeness {
        std::string frame;  // with its text from `begin` to `end`
        std::size_t begin = 0;
        std::size_t end = 0;
        bool as_it_is = false;  // the client got it as it is; else:
        std::string passed;     // with the same text
        std::size_t passed_begin = 0;
        std::size_t passed_end = 0;
        bool known = false;
    };
    std::size_t pass_repeats(std::span<const StreamEvent> events, std::string& out) const;
    bool pass_alike(std::string_view raw, std::string_view text, std::string& out) const;
    void learn(std::string_view raw, std::string_view text, std::string_view passed);
    bool learn_changed(std::string_view raw, std::string_view text, std::string_view passed);
    void pass(std::string_view raw, std::string& out) const;
    void pass_frame(std::string_view frame, std::string& out) const;
    bool tells_finish(std::string_view raw) const noexcept;
    void note_lines(std::string_view raw) noexcept;

    PassThroughOptions options_;
    bool replaces_;
    bool crlf_ = false;        // the lines of this stream end so
    std::size_t missing_ = 0;  // line ends that the last frame lacks
    std::string held_;
    Likeness last_;
};

/// Adds `members` to the last `data:` line of `frames`, from `begin` on, that is a JSON object; to none when
/// there is none.
void add_to_last_object(std::string& frames, std::size_t begin, std::string_view members);

/// Of a whole answer: `body`, one JSON object, with the id replaced and the members of `metadata` added.
/// Anything else is returned as it is.
std::string pass_document(std::string_view body, const PassThroughOptions& options,
                          std::string_view metadata);

}  // namespace sluice::gateway
