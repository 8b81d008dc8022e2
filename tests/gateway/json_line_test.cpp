#include "gateway/json_line.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>

#include "wire/json_writer.hpp"

using namespace sluice;
using namespace sluice::gateway;

namespace {

std::string milliseconds(std::int64_t microseconds) {
    JsonLine line(0);
    line.milliseconds(std::chrono::microseconds(microseconds));
    return std::move(line).take();
}

std::string as_double(std::int64_t microseconds) {
    std::string text;
    wire::JsonWriter(text).number(static_cast<double>(microseconds) / 1000);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_json_line)

BOOST_AUTO_TEST_CASE(milliseconds_are_the_digits_of_a_double) {
    for (std::int64_t value : {0, 1, 10, 100, 999, 1000, 1001, 1010, 1100, 12345, 1234500, 987654321}) {
        BOOST_TEST(milliseconds(value) == as_double(value));
        BOOST_TEST(milliseconds(-value) == (value == 0 ? "0" : "-" + milliseconds(value)));
    }
}

BOOST_AUTO_TEST_CASE(a_line_grows_as_it_must) {
    for (std::size_t expected : {0U, 1U, 7U, 64U, 1000U}) {
        JsonLine line(expected);
        line.add("{").add(R"("a":)").string("x\"y").add(R"(,"b":)").string("").add(R"(,"c":)").number(-5);
        line.add(R"(,"d":)").number_or_null(0).add(R"(,"e":)").string_or_null("");
        line.add(R"(,"f":)").strings({"one", "two"}).add(R"(,"g":)").boolean(true).add("}");
        BOOST_TEST(std::move(line).take() ==
                   R"({"a":"x\"y","b":"","c":-5,"d":null,"e":null,"f":["one","two"],"g":true})");
    }
}

BOOST_AUTO_TEST_SUITE_END()
