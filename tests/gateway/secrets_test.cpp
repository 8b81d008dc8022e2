// Where secrets are read, what is told when they are not there, and that lint works on a configuration made
// in code.
#include "gateway/config_files.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace sluice::gateway {
namespace {

using namespace test;

/// A file that is gone with it.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::string_view content) {
        std::string pattern = (std::filesystem::temp_directory_path() / "sluice-secret-XXXXXX").string();
        const int descriptor = ::mkstemp(pattern.data());
        BOOST_REQUIRE(descriptor >= 0);
        path_ = pattern;
        std::FILE* file = ::fdopen(descriptor, "w");
        BOOST_REQUIRE(std::fwrite(content.data(), 1, content.size(), file) == content.size());
        std::fclose(file);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() { std::filesystem::remove(path_); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

SecretRef in_file(const std::string& path) {
    SecretRef where;
    where.from = SecretRef::From::file;
    where.name = path;
    return where;
}

SecretRef in_variable(const std::string& name) {
    SecretRef where;
    where.from = SecretRef::From::env;
    where.name = name;
    return where;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(none_is_none) {
    const Secret secret = read_secret(SecretRef(), environment_of({}));
    BOOST_TEST(secret.value.empty());
    BOOST_TEST(secret.problem.empty());
}

BOOST_AUTO_TEST_CASE(from_the_environment) {
    const Environment environment = environment_of({{"A", "key"}, {"EMPTY", ""}, {"LINES", "key\r\nx: y"}});
    BOOST_TEST(read_secret(in_variable("A"), environment).value == "key");
    BOOST_TEST(read_secret(in_variable("NONE"), environment).problem ==
               "environment variable NONE is not set");
    BOOST_TEST(read_secret(in_variable("EMPTY"), environment).problem ==
               "environment variable EMPTY is empty");
    const Secret lines = read_secret(in_variable("LINES"), environment);
    BOOST_TEST(lines.value.empty());
    BOOST_TEST(lines.problem.find("line break") != std::string::npos);
    BOOST_TEST(lines.problem.find("key\r") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(from_the_process) {
    ::setenv("SLUICE_TEST_SECRET", "key", 1);
    BOOST_TEST(read_secret(in_variable("SLUICE_TEST_SECRET")).value == "key");
    ::unsetenv("SLUICE_TEST_SECRET");
    BOOST_TEST(read_secret(in_variable("SLUICE_TEST_SECRET")).problem ==
               "environment variable SLUICE_TEST_SECRET is not set");
}

BOOST_AUTO_TEST_CASE(from_a_file) {
    struct Row {
        std::string content;
        std::string value;
        std::string problem;  // part of it
    };
    const std::vector<Row> rows{{"key", "key", ""},
                                {"key\n", "key", ""},
                                {"key\r\n", "key", ""},
                                {"key\n\n", "", "line break"},
                                {"", "", "is empty"},
                                {"\n", "", "is empty"},
                                {std::string(100'000, 'k'), "", "longer than any key"}};
    for (const Row& row : rows) {
        const TemporaryFile file(row.content);
        const Secret secret = read_secret(in_file(file.path()), environment_of({}));
        BOOST_TEST(secret.value == row.value);
        BOOST_TEST(secret.problem.empty() == row.problem.empty());
        BOOST_TEST(secret.problem.find(row.problem) != std::string::npos, secret.problem);
    }
    BOOST_TEST(read_secret(in_file("/no/such/file"), environment_of({})).problem ==
               "secret file /no/such/file cannot be read: No such file or directory");
    BOOST_TEST(!read_secret(in_file("/"), environment_of({})).problem.empty());
}

BOOST_AUTO_TEST_CASE(a_configuration_made_in_code_is_linted_too) {
    GatewayConfig config;
    BOOST_TEST(outline(lint(config, environment_of({}))) == "E020 providers.targets 0:0\n");
    TargetConfig target;
    target.id = "a";
    target.provider = "openai";
    target.secret = in_variable("sk-0123456789abcdefgh");
    target.weight = 0;
    config.targets.push_back(target);
    config.targets.push_back(target);
    config.server.bind = "0.0.0.0";
    const std::vector<ConfigFinding> findings = lint(config, environment_of({}));
    BOOST_TEST(outline(findings) ==
               "E029 providers.targets[0].weight 0:0\nE008 providers.targets[0].secret_key_ref 0:0\n"
               "E021 providers.targets[1].id 0:0\nE029 providers.targets[1].weight 0:0\n"
               "E008 providers.targets[1].secret_key_ref 0:0\nW021 providers.targets 0:0\n"
               "E026 server.bind 0:0\n");
    BOOST_TEST(described(findings).find("0123456789") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_finding_is_described_in_one_line) {
    ConfigFinding finding;
    finding.code = "E002";
    finding.path = "providers.targets[0].providr";
    finding.line = 4;
    finding.column = 7;
    finding.message = "unknown key";
    finding.suggestion = "did you mean provider?";
    BOOST_TEST(
        describe(finding) ==
        "error[E002] providers.targets[0].providr, line 4, column 7: unknown key; did you mean provider?\n");
    finding.path.clear();
    finding.suggestion.clear();
    finding.level = ConfigFinding::Level::warning;
    BOOST_TEST(describe(finding) == "warning[E002] line 4, column 7: unknown key\n");
    finding.line = 0;
    finding.level = ConfigFinding::Level::note;
    BOOST_TEST(describe(finding) == "note[E002]: unknown key\n");
}

BOOST_AUTO_TEST_CASE(what_differs_is_seen) {
    const TargetConfig one;
    const auto differs = [&](auto change) {
        TargetConfig other;
        change(other);
        BOOST_TEST(!(one == other));
    };
    BOOST_TEST((one == TargetConfig()));
    differs([](TargetConfig& t) { t.id = "x"; });
    differs([](TargetConfig& t) { t.secret.name = "x"; });
    differs([](TargetConfig& t) { t.headers.emplace_back("a", "b"); });
    differs([](TargetConfig& t) { t.deadlines.idle += std::chrono::milliseconds(1); });
    differs([](TargetConfig& t) { t.deadlines.grace += std::chrono::milliseconds(1); });
    differs([](TargetConfig& t) { t.models.emplace_back(); });
    differs([](TargetConfig& t) { t.breaker.failures = 9; });
    differs([](TargetConfig& t) { t.retry.cap += std::chrono::milliseconds(1); });
    differs([](TargetConfig& t) { t.health_check.probe = HealthCheckConfig::Probe::tcp; });
    differs([](TargetConfig& t) { t.forward_trace = true; });
    ModelConfig model;
    ModelConfig other;
    BOOST_TEST((model == other));
    other.capabilities.vision = false;
    BOOST_TEST(!(model == other));
    other = ModelConfig();
    other.price.cache_write = PicoUsd(1);
    BOOST_TEST(!(model == other));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace sluice::gateway
