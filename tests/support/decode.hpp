// Runs the bytes of a body through a dialect's decoder as the HTTP driver does, and sums up what came out.
#pragma once

#include <sluice/event.hpp>

#include "adapters/body_reader.hpp"
#include "adapters/openai_chat/dialect.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::test {

struct DecodedTool {
    std::string id, name, arguments, signature;
    bool ended = false;
    bool arguments_are_json = true;
};

/// Choice 0 of an answer, and every event of every choice as a line of `trace`.
struct Decoded {
    std::string text, reasoning, refusal;
    std::vector<std::string> signatures;
    std::vector<DecodedTool> tools;
    std::vector<std::string> extensions;  // "name=json"
    std::optional<StopReason> stop;       // set by Finish
    std::string raw_stop;
    std::optional<Usage> usage;
    std::optional<ErrorInfo> error;  // set by Failure
    adapters::ResponseInfo info;
    std::string trace;
    std::string raw;  // raw() of all events
    std::size_t terminals = 0;
    bool after_terminal = false;  // an event followed the terminal one

    void add(const StreamEvent& event) {
        after_terminal |= terminals > 0;
        raw += event.raw();
        trace += std::to_string(event.choice()) + " ";
        if (const auto* e = event.as<TextDelta>()) {
            note(event, "text", e->text, text);
            note_signature(e->signature);
        }
        if (const auto* e = event.as<ReasoningDelta>()) {
            note(event, "reasoning", e->text, reasoning);
            if (!e->id.empty()) trace += "  of item " + std::string(e->id) + "\n";
            if (e->redacted) trace += "  redacted\n";
            note_signature(e->signature);
        }
        if (const auto* e = event.as<RefusalDelta>()) note(event, "refusal", e->text, refusal);
        if (const auto* e = event.as<ToolCallStart>()) {
            trace += "start " + std::to_string(e->index) + " " + std::string(e->id) + " " +
                     std::string(e->name) + "\n";
            note_signature(e->signature);
            if (event.choice() == 0) {
                tools.resize(std::max<std::size_t>(tools.size(), e->index + 1));
                tools[e->index].id = e->id;
                tools[e->index].name = e->name;
                tools[e->index].signature = e->signature;
            }
        }
        if (const auto* e = event.as<ToolCallDelta>()) {
            trace += "arguments " + std::to_string(e->index) + " " + std::string(e->arguments) + "\n";
            if (event.choice() == 0) tools.at(e->index).arguments += e->arguments;
        }
        if (const auto* e = event.as<ToolCallEnd>()) {
            trace += "end " + std::to_string(e->index) + (e->arguments_are_json ? "\n" : " not JSON\n");
            if (event.choice() == 0) {
                tools.at(e->index).ended = true;
                tools.at(e->index).arguments_are_json = e->arguments_are_json;
            }
        }
        if (const auto* e = event.as<Extension>()) {
            trace += "extension " + std::string(e->name) + " " + std::string(e->json) + "\n";
            extensions.push_back(std::string(e->name) + "=" + std::string(e->json));
        }
        if (const auto* e = event.as<Finish>()) {
            ++terminals;
            stop = e->reason;
            raw_stop = e->raw_reason;
            usage = e->usage;
            trace += "finish " + std::string(to_string(e->reason)) + " " + raw_stop + "\n";
        }
        if (const auto* e = event.as<Failure>()) {
            ++terminals;
            error = e->error();
            trace += "failure " + std::string(class_name(e->error().kind)) + " " +
                     e->error().provider_message + "\n";
        }
    }

  private:
    void note(const StreamEvent& event, const char* what, std::string_view said, std::string& joined) {
        trace += std::string(what) + " " + std::string(said) + "\n";
        if (event.choice() == 0) joined += said;
    }
    void note_signature(std::string_view signature) {
        if (signature.empty()) return;
        trace += "signature " + std::string(signature) + "\n";
        signatures.emplace_back(signature);
    }
};

inline adapters::ExchangeFacts facts_for_tests() {
    adapters::ExchangeFacts facts;
    facts.provider = "acme";
    facts.model = "m-1";
    facts.status = 200;
    return facts;
}

/// `next_read(left)` says how many bytes the next read brings. Each read moves the window to fresh memory of
/// just its size and the padding, so that a view kept too long or a look too far is found by
/// AddressSanitizer.
inline Decoded decode(const adapters::Dialect& dialect, std::string_view body,
                      const std::function<std::size_t(std::size_t)>& next_read,
                      adapters::ExchangeFacts facts = facts_for_tests(), adapters::BodyLimits limits = {},
                      bool padded = true) {
    auto decoder = dialect.make_decoder(std::move(facts));
    adapters::BodyReader reader(*decoder, limits);
    adapters::EventBatch batch;
    Decoded decoded;
    const std::size_t padding = padded ? wire::kPadding : 0;
    std::unique_ptr<char[]> memory;
    std::size_t consumed = 0, end = 0;
    auto deliver = [&] {
        for (const StreamEvent& event : batch.events())
            decoded.add(event);
    };
    for (;;) {
        const std::size_t size = end - consumed;
        auto moved = std::make_unique<char[]>(size + padding + 1);
        std::memcpy(moved.get(), body.data() + consumed, size);
        batch.clear();
        memory = std::move(moved);
        const std::string_view window(memory.get(), size);
        if (end == body.size()) {
            reader.finish(window, size + padding, batch);
            deliver();
            break;
        }
        consumed += reader.feed(window, size + padding, batch);
        deliver();
        end += std::min(std::max<std::size_t>(next_read(body.size() - end), 1), body.size() - end);
    }
    decoded.info = decoder->info();
    if (!decoded.usage) decoded.usage = decoder->usage();
    return decoded;
}

inline Decoded decode(const adapters::Dialect& dialect, std::string_view body) {
    return decode(dialect, body, [](std::size_t left) { return left; });
}

inline Decoded decode_bytewise(const adapters::Dialect& dialect, std::string_view body) {
    return decode(dialect, body, [](std::size_t) { return std::size_t{1}; });
}

inline Decoded decode_chat(std::string_view body, const std::function<std::size_t(std::size_t)>& next_read,
                           adapters::ExchangeFacts facts = facts_for_tests(),
                           adapters::BodyLimits limits = {}, bool padded = true) {
    return decode(adapters::openai_chat::dialect(), body, next_read, std::move(facts), limits, padded);
}

inline Decoded decode_chat(std::string_view body) {
    return decode(adapters::openai_chat::dialect(), body);
}

inline Decoded decode_chat_bytewise(std::string_view body) {
    return decode_bytewise(adapters::openai_chat::dialect(), body);
}

/// "data: ...\n\n" for each of the payloads.
inline std::string sse(std::initializer_list<std::string_view> payloads) {
    std::string body;
    for (std::string_view payload : payloads)
        body.append("data: ").append(payload).append("\n\n");
    return body;
}

}  // namespace sluice::test
