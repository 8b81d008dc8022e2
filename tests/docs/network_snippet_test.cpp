// The snippet of docs/network.md. It names a file that is not here, so it ends with the error a user would
// get.
#include <sluice/sluice.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace {

void set_up_a_private_server() {
    sluice::ConnectorOptions network;
    network.ca_file = "/etc/ssl/private-ca.pem";
    network.proxy = "http://user:password@proxy.internal:3128";
    sluice::Runtime runtime;
    runtime.connector = sluice::make_connector(network);
    sluice::OpenAI internal{{.base_url = "https://llm.internal/v1", .runtime = runtime}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_missing_authority_file_is_named_when_the_connector_is_made) {
    try {
        set_up_a_private_server();
        BOOST_FAIL("must throw");
    } catch (const std::invalid_argument& error) {
        const std::string text = error.what();
        BOOST_TEST(text.find("private-ca.pem") != std::string::npos);
        BOOST_TEST(text.find("password") == std::string::npos);
    }
}
