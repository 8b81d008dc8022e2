// A Chat Completions body for a service that understands it as OpenAI does. Where encode() would write one of
// the client's fields in another way for this service, it is encode()'s turn.
#include "adapters/splice.hpp"

#include "adapters/openai_chat/dialect.hpp"

#include <algorithm>
#include <array>

namespace sluice::adapters::openai_chat {
namespace {

/// Services whose form of a conversation is another one (Mistral).
constexpr std::array kOtherForm{Quirk::nine_letter_tool_ids, Quirk::tool_choice_any, Quirk::random_seed,
                                Quirk::thinking_parts_back};

/// A field that is one service's own, and the quirk of those that take it.
struct OwnField {
    std::string_view name;
    std::optional<Quirk> known_by;
};
constexpr std::array kOwnFields{
    OwnField{"top_k", Quirk::takes_top_k},
    OwnField{"random_seed", std::nullopt},
    OwnField{"reasoning", Quirk::reasoning_object},
    OwnField{"reasoning_format", Quirk::reasoning_format},
};
/// The same within messages and tools.
constexpr std::array kOwnParts{
    OwnField{"cache_control", Quirk::cache_control_parts},
    OwnField{"extra_content", Quirk::thought_signature_in_extra_content},
    OwnField{"reasoning_details", Quirk::reasoning_details_back},
    OwnField{"reasoning_content", std::nullopt},  // taken back at some times only
};

class Splicer {
  public:
    explicit Splicer(const Target& target) : target_(target) {}

    std::optional<EncodedRequest> splice(const ClientBody& body) {
        if (std::any_of(kOtherForm.begin(), kOtherForm.end(), [this](Quirk quirk) { return has(quirk); }))
            return std::nullopt;
        const auto admit = [this](std::string_view key, std::string_view value) {
            return admits(key, value);
        };
        if (!body_.read(body.json, admit) || !takes_fields() || !name_limit() || !set_stream(body.stream))
            return std::nullopt;
        body_.set_string("model", target_.model.id);
        EncodedRequest request;
        request.path = path_of(target_);
        request.body = body_.take();
        return request;
    }

  private:
    bool has(Quirk quirk) const noexcept { return target_.quirks.has(quirk); }
    bool takes(const OwnField& field) const noexcept { return field.known_by && has(*field.known_by); }

    bool admits(std::string_view key, std::string_view value) const {
        if (key == "reasoning" && value.front() == '"') return has(Quirk::reasoning_object);  // of a message
        for (const OwnField& part : kOwnParts)
            if (part.name == key) return takes(part);
        return true;
    }

    bool takes_fields() const {
        for (const OwnField& field : kOwnFields)
            if (!body_.value(field.name).empty() && !takes(field)) return false;
        const bool has_other_effort = has(Quirk::reasoning_object) || has(Quirk::enable_thinking_flag);
        return !has_other_effort || body_.value("reasoning_effort").empty();
    }

    /// The limit of tokens by the name that the service knows.
    bool name_limit() {
        std::string_view known = "max_tokens", other = "max_completion_tokens";
        if (has(Quirk::max_completion_tokens)) std::swap(known, other);
        if (body_.value(other).empty()) return true;
        if (body_.has(known)) return false;
        body_.rename(other, known);
        return true;
    }

    bool set_stream(bool stream) {
        const std::string_view options = body_.value("stream_options");
        if (!options.empty() && has(Quirk::no_stream_options)) return false;
        // OpenAI answers 400 to options of a stream that nobody wants.
        if (!stream && !options.empty() && body_.value("stream") == "true")
            body_.set("stream_options", "null");
        if (stream && !has(Quirk::no_stream_options) && !ask_for_usage(options)) return false;
        return body_.set_stream(stream);
    }

    bool ask_for_usage(std::string_view options) {
        if (options.empty()) {
            body_.set("stream_options", R"({"include_usage":true})");
            return true;
        }
        BodySplice inner;
        if (!inner.read(options, {})) return false;
        inner.set("include_usage", "true");
        body_.set("stream_options", inner.take());
        return true;
    }

    const Target& target_;
    BodySplice body_;
};

}  // namespace

std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target) {
    return Splicer(target).splice(body);
}

}  // namespace sluice::adapters::openai_chat
