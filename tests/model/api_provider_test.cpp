// Every way to name a provider: where its requests go, how the key travels, and what is refused.
#include <sluice/sluice.hpp>

#include "adapters/services.hpp"
#include "model/endpoint.hpp"
#include "model/provider_world.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace sluice;
using sluice::test::ProviderWorld;

namespace {

constexpr const char* kKey = "the-key-0123456789";

/// A world in which `host` says no to everything; what counts is what it was asked.
struct DeafWorld : ProviderWorld {
    explicit DeafWorld(const std::string& host, bool tls = true, std::uint16_t port = 443) {
        answer(401, "application/json", R"({"error":{"message":"no, the-key-0123456789"}})");
        serve(Origin(tls, host, port));
    }
    test::Arrived ask_once(const ApiProvider& provider, std::string model = "m") {
        const Result<AssistantMessage> answer = ask(provider.model(std::move(model)));
        BOOST_TEST(!answer.has_value());
        BOOST_REQUIRE_MESSAGE(requests.size() == 1U, "asked: " << describe(answer.error()));
        return requests.front();
    }
};

struct Door {
    const char* name;
    const char* host;
    std::function<ApiProvider(Runtime)> make;
    const char* target;
    const char* header;
    const char* value;
};

std::vector<Door> doors() {
    using S = const char*;
    constexpr S chat = "/v1/chat/completions";
    constexpr S gemini = "/v1beta/models/m:streamGenerateContent?alt=sse";
    constexpr S bearer = "Bearer the-key-0123456789";
    return {
        {"OpenAI", "api.openai.com",
         [](Runtime r) -> ApiProvider { return OpenAI({.api_key = kKey, .runtime = r}); }, chat,
         "authorization", bearer},
        {"OpenAI, Responses", "api.openai.com",
         [](Runtime r) -> ApiProvider {
             return OpenAI({.api_key = kKey, .api = OpenAIApi::responses, .runtime = r});
         },
         "/v1/responses", "authorization", bearer},
        {"Azure", "res.openai.azure.com",
         [](Runtime r) -> ApiProvider {
             return AzureOpenAI({.api_key = kKey, .resource = "res", .runtime = r});
         },
         "/openai/v1/chat/completions", "api-key", kKey},
        {"Azure with an api-version", "res.openai.azure.com",
         [](Runtime r) -> ApiProvider {
             return AzureOpenAI(
                 {.api_key = kKey, .resource = "res", .api_version = "2024-10-21", .runtime = r});
         },
         "/openai/deployments/m/chat/completions?api-version=2024-10-21", "api-key", kKey},
        {"Azure, Responses with an api-version", "res.openai.azure.com",
         [](Runtime r) -> ApiProvider {
             return AzureOpenAI({.api_key = kKey,
                                 .base_url = "https://res.openai.azure.com/",
                                 .api_version = "2025-04-01-preview",
                                 .api = OpenAIApi::responses,
                                 .runtime = r});
         },
         "/openai/responses?api-version=2025-04-01-preview", "api-key", kKey},
        {"Azure with a token", "res.openai.azure.com",
         [](Runtime r) -> ApiProvider {
             return AzureOpenAI({.access_token = kKey, .resource = "res", .runtime = r});
         },
         "/openai/v1/chat/completions", "authorization", bearer},
        {"Anthropic", "api.anthropic.com",
         [](Runtime r) -> ApiProvider { return Anthropic({.api_key = kKey, .runtime = r}); }, "/v1/messages",
         "x-api-key", kKey},
        {"Anthropic with a token", "api.anthropic.com",
         [](Runtime r) -> ApiProvider { return Anthropic({.auth_token = kKey, .runtime = r}); },
         "/v1/messages", "authorization", bearer},
        {"Anthropic behind a proxy", "proxy.test",
         [](Runtime r) -> ApiProvider {
             return Anthropic({.api_key = kKey, .base_url = "https://proxy.test/claude/", .runtime = r});
         },
         "/claude/v1/messages", "x-api-key", kKey},
        {"Gemini", "generativelanguage.googleapis.com",
         [](Runtime r) -> ApiProvider { return Gemini({.api_key = kKey, .runtime = r}); }, gemini,
         "x-goog-api-key", kKey},
        {"Gemini at a bare address", "generativelanguage.googleapis.com",
         [](Runtime r) -> ApiProvider {
             return Gemini(
                 {.api_key = kKey, .base_url = "https://generativelanguage.googleapis.com", .runtime = r});
         },
         gemini, "x-goog-api-key", kKey},
        {"Vertex", "aiplatform.googleapis.com",
         [](Runtime r) -> ApiProvider {
             return Vertex({.project = "p", .access_token = kKey, .runtime = r});
         },
         "/v1beta1/projects/p/locations/global/publishers/google/models/m:streamGenerateContent?alt=sse",
         "authorization", bearer},
        {"Vertex in a region", "europe-west4-aiplatform.googleapis.com",
         [](Runtime r) -> ApiProvider {
             return Vertex({.project = "p",
                            .location = "europe-west4",
                            .access_token = [] { return std::string(kKey); },
                            .runtime = r});
         },
         "/v1beta1/projects/p/locations/europe-west4/publishers/google/models/"
         "m:streamGenerateContent?alt=sse",
         "authorization", bearer},
        {"a service by name", "api.groq.com",
         [](Runtime r) -> ApiProvider {
             return ApiProvider({.service = "groq", .api_key = kKey, .runtime = r});
         },
         "/openai/v1/chat/completions", "authorization", bearer},
        {"a service by an alias", "api.anthropic.com",
         [](Runtime r) -> ApiProvider {
             return ApiProvider({.service = "claude", .api_key = kKey, .runtime = r});
         },
         "/v1/messages", "x-api-key", kKey},
        {"a service in another of its dialects", "api.deepseek.com",
         [](Runtime r) -> ApiProvider {
             return ApiProvider(
                 {.service = "deepseek", .api_key = kKey, .dialect = "openai_responses", .runtime = r});
         },
         "/responses", "authorization", bearer},
        {"a service at its other door", "api.deepseek.com",
         [](Runtime r) -> ApiProvider {
             return ApiProvider({.service = "deepseek",
                                 .api_key = kKey,
                                 .base_url = "https://api.deepseek.com/anthropic",
                                 .dialect = "anthropic",
                                 .runtime = r});
         },
         "/anthropic/v1/messages", "x-api-key", kKey},
        {"a server by its address", "gpu.test",
         [](Runtime r) -> ApiProvider {
             return ApiProvider({.api_key = kKey, .base_url = "https://gpu.test/v1/", .runtime = r});
         },
         chat, "authorization", bearer},
        {"a server under a name of its own", "gpu.test",
         [](Runtime r) -> ApiProvider {
             return ApiProvider(
                 {.service = "my-gpu", .api_key = kKey, .base_url = "https://gpu.test/v1", .runtime = r});
         },
         chat, "authorization", bearer},
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(api_provider)

BOOST_AUTO_TEST_CASE(each_door_is_asked_at_its_address_with_its_key) {
    for (const Door& door : doors()) {
        BOOST_TEST_CONTEXT(door.name) {
            DeafWorld world(door.host);
            const test::Arrived asked = world.ask_once(door.make(world.runtime));
            BOOST_TEST(asked.target() == door.target);
            BOOST_TEST(asked.header(door.header) == door.value);
            BOOST_TEST(asked.header("host") == door.host);
            BOOST_TEST(asked.header("content-type") == "application/json");
            BOOST_TEST(asked.header("accept") == "text/event-stream, application/json");
            // The key stands in one place of the whole request.
            const std::size_t first = asked.text.find(kKey);
            BOOST_TEST(asked.text.find(kKey, first + 1) == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_key_none_is_sent) {
    for (const std::string service : {"openai", "anthropic", "gemini"}) {
        BOOST_TEST_CONTEXT(service) {
            DeafWorld world("h.test");
            const ApiProvider provider(
                {.service = service, .base_url = "https://h.test/v1", .runtime = world.runtime});
            const test::Arrived asked = world.ask_once(provider);
            for (const char* header : {"authorization", "x-api-key", "x-goog-api-key", "api-key"})
                BOOST_TEST(asked.header(header) == "");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_placeholder_key_fails_at_the_first_call_as_an_auth_error_that_does_not_quote_it) {
    DeafWorld world("api.openai.com");
    const OpenAI openai({.api_key = kKey, .runtime = world.runtime});
    const Result<AssistantMessage> answer = world.ask(openai.model("m"));
    BOOST_REQUIRE(!answer.has_value());
    BOOST_TEST((answer.error().kind == ErrorKind::provider_auth_failed));
    BOOST_TEST(answer.error().provider_message == "no, ***");
}

BOOST_AUTO_TEST_CASE(a_token_is_asked_for_each_request_and_masked) {
    DeafWorld world("aiplatform.googleapis.com");
    int asked = 0;
    const Vertex vertex({.project = "p",
                         .access_token = [&asked] { return "token-number-" + std::to_string(++asked); },
                         .runtime = world.runtime});
    for (int turn = 1; turn <= 3; ++turn) {
        const std::string token = "token-number-" + std::to_string(turn);
        world.answer(401, "application/json", "{\"error\":{\"message\":\"bad " + token + "\"}}");
        const Result<AssistantMessage> answer = world.ask(vertex.model("m"));
        BOOST_REQUIRE(!answer.has_value());
        BOOST_TEST(world.requests.back().header("authorization") == "Bearer " + token);
        BOOST_TEST(answer.error().provider_message == "bad ***");
    }
    BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(a_token_is_masked_in_an_error_inside_the_stream_too) {
    ProviderWorld world;
    world.answer(200, "text/event-stream", "data: {\"error\":{\"message\":\"bad token-in-use\"}}\n\n");
    world.serve(Origin(false, "h.test", 80));
    const ApiProvider provider({.access_token = [] { return std::string("token-in-use"); },
                                .base_url = "http://h.test",
                                .runtime = world.runtime});
    const Result<AssistantMessage> answer = world.ask(provider.model("m"));
    BOOST_REQUIRE(!answer.has_value());
    BOOST_TEST(answer.error().provider_message == "bad ***");
}

BOOST_AUTO_TEST_CASE(no_token_is_an_auth_error_before_anything_is_sent) {
    const std::vector<std::function<std::string()>> sources{
        [] { return std::string(); }, [] { return std::string("a\r\nb"); },
        []() -> std::string { throw std::runtime_error("refresh failed"); },
        []() -> std::string { throw 42; }};
    for (const auto& source : sources) {
        DeafWorld world("aiplatform.googleapis.com");
        const Vertex vertex({.project = "p", .access_token = source, .runtime = world.runtime});
        const Result<AssistantMessage> answer = world.ask(vertex.model("m"));
        BOOST_REQUIRE(!answer.has_value());
        BOOST_TEST((answer.error().kind == ErrorKind::provider_auth_failed));
        BOOST_TEST((answer.error().phase == Phase::prepare));
        BOOST_TEST(answer.error().provider == "vertex");
        BOOST_TEST(answer.error().message.starts_with("access_token "));
        BOOST_TEST(world.requests.empty());
    }
}

BOOST_AUTO_TEST_CASE(headers_of_ones_own_replace_the_dialects_and_no_others) {
    DeafWorld world("api.anthropic.com");
    const Anthropic anthropic({.api_key = kKey,
                               .version = "2026-10-21",
                               .betas = {"one", "two"},
                               .headers = {{"X-Team", "blue"}},
                               .runtime = world.runtime});
    const test::Arrived asked = world.ask_once(anthropic);
    BOOST_TEST(asked.header("anthropic-version") == "2026-10-21");
    BOOST_TEST(asked.header("anthropic-beta") == "one,two");
    BOOST_TEST(asked.header("x-team") == "blue");

    DeafWorld other("api.anthropic.com");
    const ApiProvider provider({.service = "anthropic",
                                .api_key = kKey,
                                .headers = {{"Anthropic-Version", "2030-01-01"}},
                                .runtime = other.runtime});
    BOOST_TEST(other.ask_once(provider).header("anthropic-version") == "2030-01-01");
}

BOOST_AUTO_TEST_CASE(openais_organisation_and_project_travel_as_headers) {
    DeafWorld world("api.openai.com");
    const OpenAI openai({.organization = "org-1", .project = "proj-1", .runtime = world.runtime});
    const test::Arrived asked = world.ask_once(openai);
    BOOST_TEST(asked.header("openai-organization") == "org-1");
    BOOST_TEST(asked.header("openai-project") == "proj-1");
}

BOOST_AUTO_TEST_CASE(options_that_cannot_work_are_refused_by_name_and_without_the_key) {
    struct Refusal {
        const char* begins;  // the message, after "provider <id>: " where it has that
        std::function<ApiProvider()> make;
    };
    using Options = ApiProviderOptions;
    const auto with = [](auto change) {
        return [change]() -> ApiProvider {
            Options options;
            options.service = "openai";
            options.api_key = kKey;
            change(options);
            return ApiProvider(std::move(options));
        };
    };
    const std::vector<Refusal> refusals{
        {"base_url", with([](Options& o) { o.base_url = ""; })},
        {"base_url", with([](Options& o) { o.base_url = "api.openai.com"; })},
        {"base_url", with([](Options& o) { o.service = "no-such-service"; })},
        {"base_url", with([](Options& o) { o.service = "azure"; })},
        {"base_url", with([](Options& o) { o.service = "local"; })},
        {"base_url", with([](Options& o) { o.dialect = "anthropic"; })},
        {"dialect", with([](Options& o) { o.dialect = "klingon"; })},
        {"access_token", with([](Options& o) { o.access_token = "t"; })},
        {"api_version", with([](Options& o) { o.api_version = "2024-10-21"; })},
        {"provider openai: the key", with([](Options& o) { o.api_key += "\n"; })},
        {"provider openai: headers", with([](Options& o) {
             o.headers = {{"a b", "c"}};
         })},
        {"provider openai: headers", with([](Options& o) {
             o.headers = {{"x", "a\r\nb: c"}};
         })},
        {"provider openai: headers", with([](Options& o) {
             o.headers = {{"Host", "h"}};
         })},
        {"provider openai: headers", with([](Options& o) {
             o.headers = {{"Authorization", kKey}};
         })},
        {"api_version",
         []() -> ApiProvider {
             return AzureOpenAI({.api_key = kKey, .resource = "r", .api_version = "2024&x=1"});
         }},
        {"api_version",
         []() -> ApiProvider {
             return AzureOpenAI(
                 {.api_key = kKey, .base_url = "https://r.test/openai?api-version=1", .api_version = "2"});
         }},
        {"resource", []() -> ApiProvider { return AzureOpenAI({.api_key = kKey}); }},
        {"resource", []() -> ApiProvider { return AzureOpenAI({.api_key = kKey, .resource = "a.b"}); }},
        {"resource",
         []() -> ApiProvider {
             return AzureOpenAI({.api_key = kKey, .resource = "a", .base_url = "https://b.test"});
         }},
        {"auth_token", []() -> ApiProvider { return Anthropic({.api_key = kKey, .auth_token = "t"}); }},
        {"version", []() -> ApiProvider { return Anthropic({.api_key = kKey, .version = ""}); }},
        {"id", []() -> ApiProvider { return Anthropic({.id = "", .api_key = kKey}); }},
        {"id", []() -> ApiProvider { return Gemini({.id = "", .api_key = kKey}); }},
        {"base_url", []() -> ApiProvider { return Gemini({.api_key = kKey, .base_url = ""}); }},
        {"base_url", []() -> ApiProvider { return OpenAI({.api_key = kKey, .base_url = ""}); }},
        {"project", []() -> ApiProvider { return Vertex({.access_token = kKey}); }},
        {"project", []() -> ApiProvider { return Vertex({.project = "a/b", .access_token = kKey}); }},
        {"location",
         []() -> ApiProvider {
             return Vertex({.project = "p", .location = "evil.test/", .access_token = kKey});
         }},
    };
    for (std::size_t i = 0; i < refusals.size(); ++i) {
        BOOST_TEST_CONTEXT("refusal " << i << ", " << refusals[i].begins) {
            try {
                refusals[i].make();
                BOOST_ERROR("it must throw");
            } catch (const std::invalid_argument& error) {
                const std::string what = error.what();
                BOOST_TEST(what.starts_with(refusals[i].begins), what);
                BOOST_TEST(what.find(kKey) == std::string::npos);
            }
        }
    }
    BOOST_CHECK_THROW(OpenAI({}).model(""), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_id_is_the_services_name_unless_it_is_given) {
    BOOST_TEST(ApiProvider({.service = "groq"}).provider().id() == "groq");
    BOOST_TEST(ApiProvider({.service = "google"}).provider().id() == "gemini");
    BOOST_TEST(ApiProvider({.service = "mine", .base_url = "http://h"}).provider().id() == "mine");
    const ApiProvider second({.service = "groq", .id = "groq-2"});
    BOOST_TEST(second.provider().id() == "groq-2");
    BOOST_TEST(second.model("m").spec().provider_id == "groq-2");
}

BOOST_AUTO_TEST_CASE(every_service_of_the_table_can_be_had_by_its_name) {
    const auto table = ApiProvider::services();
    BOOST_TEST(table.size() == adapters::services().size());
    for (const ServiceInfo& service : table) {
        BOOST_TEST_CONTEXT(service.name) {
            ApiProviderOptions options;
            options.service = service.name;
            if (service.base_url.empty()) options.base_url = "https://account.test/v1";
            const ApiProvider provider(options);
            BOOST_TEST(provider.provider().id() == service.name);
            BOOST_TEST(adapters::find_dialect(service.dialect) != nullptr);
        }
    }
}

BOOST_AUTO_TEST_CASE(signatures_are_trusted_at_the_services_own_address_only) {
    const auto domain = [](const char* service, std::optional<std::string> base_url, std::string own = "") {
        ApiProviderOptions options;
        options.service = service;
        options.id = "mine";
        options.base_url = std::move(base_url);
        options.trust_domain = std::move(own);
        const Endpoint endpoint = make_endpoint(std::move(options));
        return HttpProvider(endpoint.options, endpoint.dialect).origin();
    };
    BOOST_TEST(domain("anthropic", std::nullopt) == "anthropic@anthropic");
    BOOST_TEST(domain("anthropic", "https://api.anthropic.com") == "anthropic@anthropic");
    BOOST_TEST(domain("anthropic", "https://elsewhere.test") == "anthropic@mine");
    BOOST_TEST(domain("anthropic", "https://elsewhere.test", "anthropic") == "anthropic@anthropic");
    BOOST_TEST(domain("gemini", std::nullopt) == "gemini@google");
    BOOST_TEST(domain("openai", std::nullopt) == "openai_chat@mine");
}

BOOST_AUTO_TEST_CASE(quirks_are_the_services_in_its_own_dialects) {
    const auto quirks = [](const char* service, const char* dialect, const char* base_url,
                           const char* version = "") {
        ApiProviderOptions options;
        options.service = service;
        options.dialect = dialect;
        options.base_url = base_url;
        options.api_version = version;
        return make_endpoint(std::move(options)).options.quirks;
    };
    using adapters::Quirk;
    BOOST_TEST((quirks("mistral", "", "https://h.test") == adapters::quirks_of("mistral")));
    BOOST_TEST((quirks("mistral", "anthropic", "https://h.test") == adapters::QuirkSet()));
    BOOST_TEST((quirks("mine", "", "https://h.test") == adapters::QuirkSet()));
    BOOST_TEST(!quirks("azure", "", "https://h.test").has(Quirk::deployment_in_path));
    BOOST_TEST(quirks("azure", "", "https://h.test", "2024-10-21").has(Quirk::deployment_in_path));
    BOOST_TEST(quirks("azure", "", "https://h.test/?api-version=2024-10-21").has(Quirk::deployment_in_path));
    BOOST_TEST(!quirks("azure", "", "https://h.test/openai/v1", "preview").has(Quirk::deployment_in_path));
    BOOST_TEST(!quirks("azure", "", "https://h.test/openai/deployments/d", "2024-10-21")
                    .has(Quirk::deployment_in_path));
    BOOST_TEST(
        !quirks("azure", "openai_responses", "https://h.test", "2024-10-21").has(Quirk::deployment_in_path));
    BOOST_TEST(quirks("azure", "", "https://h.test/openai/deployments/d", "1").has(Quirk::no_model_list));
    BOOST_TEST(!quirks("azure", "", "https://h.test", "2024-10-21").has(Quirk::no_model_list));
    BOOST_TEST(quirks("vertex", "", "https://h.test/v1").has(Quirk::no_model_list));
}

BOOST_AUTO_TEST_CASE(a_provider_may_be_dropped_before_its_models) {
    ProviderWorld world;
    world.answer(
        200, "text/event-stream",
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}"
        "\n\ndata: [DONE]\n\n");
    world.serve(Origin(false, "h.test", 80));
    const BoundModel model = ApiProvider({.base_url = "http://h.test", .runtime = world.runtime}).model("m");
    const Result<AssistantMessage> answer = world.ask(model);
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->text() == "hi");
    BOOST_TEST(answer->provider_id == "local");
    BOOST_TEST(answer->origin == "openai_chat@local");
}

BOOST_AUTO_TEST_SUITE_END()
