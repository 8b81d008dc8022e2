// What a request needs, and what keeps a model from serving it.
#include <sluice/needs.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace sluice;

namespace {

ModelSpec model() {
    ModelSpec spec("acme", "m");
    spec.context_window = 1000;
    spec.tags = {"eu", "local"};
    spec.price.input = Price::per_million("2");
    spec.price.output = Price::per_million("8");
    return spec;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(needs)

BOOST_AUTO_TEST_CASE(what_the_request_has_is_what_it_needs) {
    const Needs plain = needs_of("hello");
    BOOST_TEST(!plain.tools);
    BOOST_TEST(!plain.vision);
    BOOST_TEST(!plain.json_schema);
    BOOST_TEST(!plain.max_output.has_value());

    BOOST_TEST(needs_of(Request("x").tool(Tool("f", "does", "{}"))).tools);
    std::vector<Part> picture;
    picture.emplace_back(ImagePart::from_url("https://example.test/a.png"));
    BOOST_TEST(needs_of(Request().user(picture)).vision);
    BOOST_TEST(needs_of(Request("x").response_format(ResponseFormat("s", "{}"))).json_schema);
    BOOST_TEST(!needs_of(Request("x").response_format(ResponseFormat())).json_schema);
    BOOST_TEST(needs_of(Request("x").max_tokens(7)).max_output.value() == 7U);

    ToolResultPart seen("call", "look");
    seen.images.push_back(ImagePart::from_url("https://example.test/b.png"));
    std::vector<Part> results;
    results.emplace_back(std::move(seen));
    BOOST_TEST(needs_of(Request().message(Message(Role::tool, std::move(results)))).vision);
}

BOOST_AUTO_TEST_CASE(its_size_is_estimated_on_the_low_side) {
    BOOST_TEST(needs_of(Request(std::string(4000, 'a'))).input == 1000U);
    const Request request = Request()
                                .system(std::string(40, 's'))
                                .user(std::string(40, 'u'))
                                .tool(Tool(std::string(4, 'n'), std::string(16, 'd'), std::string(20, 'p')));
    BOOST_TEST(needs_of(request).input == 30U);
    std::vector<Part> picture;
    picture.emplace_back(ImagePart::from_base64("image/png", std::string(1 << 20, 'A')));
    BOOST_TEST(needs_of(Request().user(picture)).input == 0U);
}

BOOST_AUTO_TEST_CASE(each_need_has_its_reason) {
    struct Case {
        SkipReason reason;
        void (*spoil)(ModelSpec&, Needs&);
    };
    const std::vector<Case> cases{
        {SkipReason::residency,
         [](ModelSpec&, Needs& n) {
             n.residency = {"eu", "us"};
         }},
        {SkipReason::needs_tools,
         [](ModelSpec& m, Needs& n) {
             m.capabilities.tools = false;
             n.tools = true;
         }},
        {SkipReason::needs_vision,
         [](ModelSpec& m, Needs& n) {
             m.capabilities.vision = false;
             n.vision = true;
         }},
        {SkipReason::needs_json_schema,
         [](ModelSpec& m, Needs& n) {
             m.capabilities.json_schema = false;
             n.json_schema = true;
         }},
        {SkipReason::window_too_small, [](ModelSpec&, Needs& n) { n.input = 1001; }},
        {SkipReason::budget,
         [](ModelSpec&, Needs& n) {
             n.input = 1000;
             n.max_output = 1;
             n.max_cost = PicoUsd::from_micro_usd(2007);
         }},
    };
    for (const Case& test : cases) {
        BOOST_TEST_CONTEXT(to_string(test.reason)) {
            ModelSpec spec = model();
            Needs needs;
            BOOST_TEST(!unmet(spec, needs).has_value());
            test.spoil(spec, needs);
            BOOST_REQUIRE(unmet(spec, needs).has_value());
            BOOST_TEST((*unmet(spec, needs) == test.reason));
            BOOST_TEST(is_for_ever(test.reason));
        }
    }
    for (const SkipReason passing :
         {SkipReason::unhealthy, SkipReason::breaker_open, SkipReason::attempts_spent})
        BOOST_TEST(!is_for_ever(passing));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_does_not_speak_against_a_model) {
    Needs needs;
    needs.input = 1'000'000;
    needs.max_cost = PicoUsd(1);
    const ModelSpec unknown("acme", "m");
    BOOST_TEST(!unmet(unknown, needs).has_value());
    BOOST_TEST(!estimated_cost(unknown, needs).has_value());
}

BOOST_AUTO_TEST_CASE(the_estimate_takes_the_limit_of_the_request_then_of_the_model_then_a_usual_one) {
    ModelSpec spec = model();
    Needs needs;
    needs.input = 100;
    const PicoUsd input = PicoUsd::from_micro_usd(200);
    BOOST_TEST((estimated_cost(spec, needs).value() == input + PicoUsd::from_micro_usd(8 * 1024)));
    spec.max_output = 50;
    BOOST_TEST((estimated_cost(spec, needs).value() == input + PicoUsd::from_micro_usd(8 * 50)));
    needs.max_output = 10;
    BOOST_TEST((estimated_cost(spec, needs).value() == input + PicoUsd::from_micro_usd(8 * 10)));
}

BOOST_AUTO_TEST_SUITE_END()
