#include "testing/simulation/answers.hpp"

#include <algorithm>
#include <string>

namespace sluice::testing::simulation {

using namespace std::chrono_literals;

namespace {

// As the simulator cuts them (lib/testing/simulated_stream.cpp).
constexpr std::size_t kArgumentsPiece = 6;

std::string token(const Exchange& exchange, std::size_t index) {
    std::string text = "p" + std::to_string(exchange.provider) + "e" + std::to_string(exchange.number);
    return text.append(".").append(std::to_string(index)).append(" ");
}

std::size_t pieces_of(const SimulatedToolCall& call) {
    return 1 + (call.arguments.size() + kArgumentsPiece - 1) / kArgumentsPiece;
}

std::size_t pieces_of(const SimulatedAnswer& answer) {
    std::size_t pieces = answer.reasoning.size() + answer.tokens.size() + answer.refusal.size();
    for (const SimulatedToolCall& call : answer.tool_calls)
        pieces += pieces_of(call);
    return pieces;
}

std::string content_of(const SimulatedAnswer& answer) {
    Transcript all;
    for (const std::string& piece : answer.reasoning)
        all.add('r', piece);
    for (const std::string& piece : answer.tokens)
        all.add('t', piece);
    for (const std::string& piece : answer.refusal)
        all.add('f', piece);
    for (const SimulatedToolCall& call : answer.tool_calls) {
        all.begin_tool(call.name);
        all.add('a', call.arguments);
    }
    return all.text();
}

void draw_content(Dice& dice, Exchange& exchange) {
    SimulatedAnswer& answer = exchange.answer;
    std::size_t index = 0;
    if (dice.chance(15)) {
        for (std::size_t n = dice.between(1, 3); n > 0; --n)
            answer.reasoning.push_back(token(exchange, index++));
    }
    for (std::size_t n = dice.between(dice.chance(3) ? 0 : 1, dice.chance(2) ? 80 : 6); n > 0; --n)
        answer.tokens.push_back(token(exchange, index++));
    if (dice.chance(10)) {
        for (std::size_t n = dice.between(1, 2); n > 0; --n) {
            const std::string id = "call_" + std::to_string(exchange.number) + "_" + std::to_string(n);
            answer.tool_calls.emplace_back(id, "look_up", R"({"token":")" + token(exchange, index++) + "\"}");
        }
        answer.finish_reason = "tool_calls";
    }
}

void draw_slowness(Dice& dice, SimulatedAnswer& answer) {
    const auto some_time = [&dice] { return dice.chance(80) ? dice.time(1ms, 900ms) : dice.time(1s, 40s); };
    if (dice.chance(40)) answer.delay_head = some_time();
    if (dice.chance(40)) answer.delay_first = some_time();
    if (dice.chance(40)) answer.delay_between = some_time();
}

void draw_oddities(Dice& dice, Exchange& exchange) {
    SimulatedAnswer& answer = exchange.answer;
    if (dice.chance(40)) answer.comments = true;
    if (dice.chance(30)) answer.pings = true;
    if (dice.chance(20)) answer.metadata_first = false;
    if (dice.chance(30)) answer.tokens_per_write = dice.between(2, 6);
    if (dice.chance(20)) answer.one_write = true;
    if (dice.chance(2)) answer.one_byte_writes = true;
    if (dice.chance(20)) answer.usage = false;
    if (dice.chance(10)) answer.line_end = dice.pick<const char*>({"\r\n", "\n"});
    exchange.is_clean = !answer.comments && !answer.pings;
}

void draw_http_error(Dice& dice, std::string_view dialect, Exchange& exchange) {
    using enum ErrorKind;
    SimulatedError error(
        dice.pick({rate_limited, rate_limited, quota_exhausted, provider_unavailable, provider_unavailable,
                   provider_overloaded, provider_timeout, context_length_exceeded, provider_auth_failed,
                   provider_bad_request, model_not_found, content_filtered}));
    // Gemini says it with an answer that has no candidates, and that is a finish.
    if (error.kind == content_filtered && dialect == "gemini") error.kind = provider_unavailable;
    if (error.kind == rate_limited && dice.chance(60)) {
        error.retry_after = dice.time(1s, 20s);
        if (dialect == "anthropic")
            error.retry_after = std::chrono::ceil<std::chrono::seconds>(error.retry_after);
        error.retry_after_header = dice.chance(70);
    }
    exchange.answer.gzip_body = dice.chance(10);
    exchange.end = Exchange::End::error;
    exchange.kind = error.kind;
    exchange.answer.error = error;
}

void draw_stream_error(Dice& dice, std::string_view dialect, Exchange& exchange) {
    using enum ErrorKind;
    SimulatedError error(
        dice.pick({provider_unavailable, provider_overloaded, rate_limited, quota_exhausted}));
    if (dice.chance(30)) {
        error.kind = provider_overloaded;
        if (dialect == "openai_chat")
            error.shape = dice.pick({ErrorShape::in_chunk, ErrorShape::named_event, ErrorShape::field_line});
        if (dialect == "openai_responses")
            error.shape = dice.pick({ErrorShape::flat, ErrorShape::failed_only});
        if (dialect == "gemini") error.shape = ErrorShape::framed;
    }
    exchange.answer.error_after = dice.chance(50) ? 0 : dice.below(6);
    if (dice.chance(10)) exchange.answer.error_after_finish = true;
    exchange.end = Exchange::End::error;
    exchange.kind = error.kind;
    exchange.answer.stream_error = error;
}

void draw_failure(Dice& dice, std::string_view dialect, Exchange& exchange) {
    SimulatedAnswer& answer = exchange.answer;
    switch (dice.below(11)) {
        case 0:
        case 1:
        case 2:
            return draw_http_error(dice, dialect, exchange);
        case 3:
        case 4:
            return draw_stream_error(dice, dialect, exchange);
        case 5:
            answer.cut_after = dice.below(6);
            exchange.end = Exchange::End::cut;
            break;
        case 10:  // a clean end, and nothing that says that it is one
            answer.finish_reason.clear();
            answer.usage = false;
            answer.done_marker = false;
            exchange.end = Exchange::End::cut;
            break;
        case 6:
            answer.stall_after = dice.below(6);
            exchange.end = Exchange::End::silence;
            break;
        case 7:
            // A piece of a call may have no frame of its own to break: Gemini's calls come whole.
            if (answer.tokens.empty()) answer.tokens.push_back(token(exchange, 0));
            answer.malformed_at = answer.reasoning.size() + dice.below(answer.tokens.size());
            exchange.end = Exchange::End::error;
            exchange.kind = ErrorKind::provider_unavailable;
            exchange.is_clean = false;
            break;
        case 8:
            answer.reset_before_headers = true;
            exchange.end = Exchange::End::error;
            exchange.kind = ErrorKind::provider_unavailable;
            break;
        default:
            answer.silent = true;
            exchange.end = Exchange::End::silence;
            break;
    }
    const std::size_t pieces = pieces_of(answer);
    // Beyond the last piece they do nothing, but for the cut and the stall just behind it.
    const bool never_comes = (answer.cut_after != SIZE_MAX && answer.cut_after > pieces) ||
                             (answer.stall_after != SIZE_MAX && answer.stall_after > pieces);
    if (never_comes) exchange.end = Exchange::End::finish;
}

}  // namespace

void draw_answer(Dice& dice, const Mood& mood, std::string_view dialect, Exchange& exchange) {
    draw_content(dice, exchange);
    if (dice.chance(mood.slow)) draw_slowness(dice, exchange.answer);
    if (dice.chance(mood.odd)) draw_oddities(dice, exchange);
    exchange.end = Exchange::End::finish;
    if (dice.chance(mood.failing)) draw_failure(dice, dialect, exchange);
    exchange.content = content_of(exchange.answer);
    if (exchange.answer.usage) exchange.output = pieces_of(exchange.answer);
}

}  // namespace sluice::testing::simulation
