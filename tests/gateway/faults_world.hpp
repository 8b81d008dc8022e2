// A gateway with a primary that fails and a backup that answers, and clients of every dialect.
#pragma once

#include "gateway_world.hpp"

#include "net/pool.hpp"
#include "support/decode.hpp"

#include <algorithm>
#include <array>

namespace sluice::testing {

inline constexpr std::array<std::string_view, 4> kClientDialects{"openai_chat", "openai_responses",
                                                                 "anthropic", "gemini"};
inline constexpr std::string_view kAnswer = "The capital of Mongolia is Ulaanbaatar.";
inline constexpr std::string_view kBackupModel = "backup-model";

struct ClientRequest {
    std::string path;
    std::string body;
};

inline ClientRequest client_request(std::string_view dialect, const std::string& model, bool stream) {
    const std::string flag = stream ? R"(,"stream":true)" : "";
    const std::string talk = R"("messages":[{"role":"user","content":"Capital of Mongolia?"}])";
    ClientRequest request;
    if (dialect == "openai_chat") {
        request.path = "/v1/chat/completions";
        request.body = R"({"model":")" + model + "\"," + talk + flag + "}";
    } else if (dialect == "openai_responses") {
        request.path = "/v1/responses";
        request.body = R"({"model":")" + model + R"(","input":"Capital of Mongolia?")" + flag + "}";
    } else if (dialect == "anthropic") {
        request.path = "/v1/messages";
        request.body = R"({"model":")" + model + R"(","max_tokens":99,)" + talk + flag + "}";
    } else {
        request.path =
            "/v1beta/models/" + model + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
        request.body = R"({"contents":[{"role":"user","parts":[{"text":"Capital of Mongolia?"}]}]})";
    }
    return request;
}

/// What the client's own SDK would make of it.
struct Told {
    std::string text;
    bool finished = false;
    std::optional<ErrorInfo> error;
    std::string model;
    std::optional<Usage> usage;
    bool has_marker = false;  ///< Of success.
};

inline Told told(std::string_view dialect, const HttpReply& reply, bool stream) {
    Told what;
    const adapters::Dialect& by = *adapters::find_dialect(dialect);
    adapters::ExchangeFacts facts = test::facts_for_tests();
    facts.status = reply.status;
    if (reply.status != 200) {
        what.error = by.classify(facts, reply.headers, reply.body);
        return what;
    }
    if (stream) {
        const test::Decoded decoded = test::decode(by, reply.body);
        what.text = decoded.text;
        what.finished = decoded.stop.has_value();
        what.error = decoded.error;
        what.model = decoded.info.response_model_id;
        what.usage = decoded.usage;
    } else {
        auto decoder = by.make_decoder(facts);
        adapters::EventBatch batch;
        decoder->on_body(reply.body, batch);
        if (decoder->state() != adapters::DecoderState::ended) decoder->on_end(batch);
        for (const StreamEvent& event : batch.events()) {
            if (const auto* said = event.as<TextDelta>()) what.text += said->text;
            if (const auto* failure = event.as<Failure>()) what.error = failure->error();
            what.finished |= event.is<Finish>();
        }
        what.model = decoder->info().response_model_id;
        what.usage = decoder->usage();
    }
    for (const std::string_view marker :
         {"data: [DONE]", R"("message_stop")", R"("response.completed")", R"("finishReason":"STOP")"})
        what.has_marker |= stream && reply.has(marker);
    return what;
}

struct FaultsWorld : GatewayWorld {
    /// Both speak a dialect of their own, or the client's.
    FaultsWorld(const std::string& primary_dialect, const std::string& backup_dialect) {
        for (const auto& [id, dialect] : {std::pair<std::string, std::string>("primary", primary_dialect),
                                          std::pair<std::string, std::string>("backup", backup_dialect)}) {
            TargetConfig& target =
                add_target(id, dialect == "anthropic" || dialect == "gemini" ? dialect : "openai");
            if (dialect == "openai_responses") target.dialect = dialect;
            target.deadlines.headers = target.deadlines.first_event = std::chrono::seconds(10);
            target.deadlines.idle = std::chrono::seconds(5);
        }
        config.targets[1].models.emplace_back().id = kBackupModel;
        for (const auto& [model, what] : Simulator::built_in_models())
            config.failover.model_mapping[model] = kBackupModel;
        config.failover.model_mapping["good"] = kBackupModel;
    }

    HttpReply send(std::string_view dialect, const std::string& model, bool stream,
                   const Fields& fields = {}) {
        const ClientRequest request = client_request(dialect, model, stream);
        return post(request.path, request.body, fields);
    }
    std::size_t asked(const std::string& target, std::string_view model) {
        const auto& all = simulator(target).requests();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](const Simulator::Seen& seen) { return seen.model == model; }));
    }
    /// Every attempt that began has ended, and nothing of it is left.
    void check_nothing_is_left() {
        const HttpReply events = get("/admin/events?last=1000");
        BOOST_TEST(events.status == 200);
        BOOST_TEST(!events.has(R"("outcome":"running")"), events.body);
        gateway->stop();
        advance(std::chrono::milliseconds(1));
        BOOST_TEST(net::Pool::of(context.get_executor())->stats().leased == 0U);
        BOOST_TEST(clock->armed() == 0U);
    }
};

}  // namespace sluice::testing
