#include "chat_answer.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace bench {
namespace {

constexpr std::array<std::string_view, 8> kWords{" the",   " quick", " brown", " fox",
                                                 " jumps", " over",  " lazy",  " dogs"};
constexpr std::string_view kPrefix = "bench-";
constexpr std::string_view kDated = "-dated";

std::string chunk_of(std::string_view model, std::string_view choices, std::string_view more) {
    std::string text =
        R"(data: {"id":"chatcmpl-Bq8nVlq1TuYQ0m7DbTjv3cZJ2sWkA","object":"chat.completion.chunk",)"
        R"("created":1781000000,"model":")";
    text.append(model).append(R"(","service_tier":"default","system_fingerprint":"fp_44709d6fcb",)");
    text.append(R"("choices":)").append(choices).append(more).append("}\n\n");
    return text;
}

std::string event(std::string_view model, std::string_view delta, std::string_view finish) {
    std::string choices = R"([{"index":0,"delta":)";
    choices.append(delta).append(R"(,"logprobs":null,"finish_reason":)").append(finish).append("}]");
    return chunk_of(model, choices, "");
}

std::string http_chunk(const std::string& payload) {
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", payload.size());
    return size.data() + payload + "\r\n";
}

bool take_number(std::string_view& text, std::size_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number == 0) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

}  // namespace

std::optional<ChatAnswer> chat_answer(std::string_view model, bool usage) {
    std::string said(model);
    std::string_view rest = model;
    if (!rest.starts_with(kPrefix)) return std::nullopt;
    rest.remove_prefix(kPrefix.size());
    std::size_t tokens = 0;
    std::size_t per_write = 0;
    if (!take_number(rest, tokens) || !rest.starts_with('-')) return std::nullopt;
    rest.remove_prefix(1);
    if (!take_number(rest, per_write) || (!rest.empty() && rest != kDated)) return std::nullopt;
    if (!rest.empty()) said += "-2026-08-07";

    ChatAnswer answer;
    answer.writes.push_back(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
        "x-request-id: req_0f3c9a5b7e214d68\r\nTransfer-Encoding: chunked\r\n\r\n" +
        http_chunk(event(said, R"({"role":"assistant","content":"","refusal":null})", "null")));
    std::string payload;
    for (std::size_t i = 0; i < tokens; ++i) {
        const std::string_view word = kWords[i % kWords.size()];
        answer.expected.add(word.data(), word.size());
        payload += event(said, "{\"content\":\"" + std::string(word) + "\"}", "null");
        if ((i + 1) % per_write == 0 || i + 1 == tokens) {
            answer.writes.push_back(http_chunk(payload));
            payload.clear();
        }
    }
    answer.expected.finished = true;
    payload = event(said, "{}", "\"stop\"");
    if (usage) {
        const std::string count = std::to_string(tokens);
        payload += chunk_of(said, "[]",
                            R"(,"usage":{"prompt_tokens":42,"completion_tokens":)" + count +
                                R"(,"total_tokens":)" + std::to_string(tokens + 42) + "}");
    }
    answer.writes.push_back(http_chunk(payload + "data: [DONE]\n\n") + "0\r\n\r\n");
    return answer;
}

}  // namespace bench
