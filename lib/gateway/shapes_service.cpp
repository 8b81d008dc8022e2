// The gateway's own side: its server, its events, its clients' keys.
#include "gateway/shapes.hpp"

#include <algorithm>

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kKiB = std::size_t{1} << 10;
constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kGiB = std::size_t{1} << 30;

// --- server ---

using Server = ServerConfig;
constexpr std::array kServerFields{
    Field<Server>{"bind", [](const Value& v, Server& out) { v.read(out.bind); }},
    Field<Server>{"port", [](const Value& v,
                             Server& out) { v.read(out.port, std::uint16_t{0}, std::uint16_t{65535}); }},
    Field<Server>{"threads", [](const Value& v, Server& out) { v.read(out.threads, 0U, 1024U); }},
    Field<Server>{"max_head",
                  [](const Value& v, Server& out) { v.read_bytes(out.max_head, kKiB, 16 * kMiB); }},
    Field<Server>{"max_body",
                  [](const Value& v, Server& out) { v.read_bytes(out.max_body, kKiB, 4 * kGiB); }},
    Field<Server>{"max_connections",
                  [](const Value& v, Server& out) {
                      v.read(out.max_connections, std::size_t{1}, std::size_t{10'000'000});
                  }},
    Field<Server>{"header_timeout", [](const Value& v, Server& out) { v.read(out.header_timeout, 1ms); }},
    Field<Server>{"body_timeout", [](const Value& v, Server& out) { v.read(out.body_timeout, 1ms); }},
    Field<Server>{"idle_timeout", [](const Value& v, Server& out) { v.read(out.idle_timeout, 1ms); }},
    Field<Server>{"write_timeout", [](const Value& v, Server& out) { v.read(out.write_timeout, 1ms); }},
    Field<Server>{"keep_alive", [](const Value& v, Server& out) { v.read(out.keep_alive, 0ms); }},
    Field<Server>{"early_headers_after",
                  [](const Value& v, Server& out) { v.read(out.early_headers_after, 0ms); }},
    Field<Server>{"drain_timeout", [](const Value& v, Server& out) { v.read(out.drain_timeout, 0ms); }},
    Field<Server>{"keeptrusts_metadata",
                  [](const Value& v, Server& out) { v.read(out.keeptrusts_metadata); }},
};
constexpr std::array kServerHints{Hint{"listen", "use bind and port"}, Hint{"host", "use bind"},
                                  Hint{"address", "use bind"}, Hint{"workers", "use threads"}};
constexpr Shape<Server> kServer{"server", kServerFields, {}, {}, kServerHints};

// --- events ---

using Events = EventsConfig;
constexpr std::array kEventsFields{
    Field<Events>{"file", [](const Value& v, Events& out) { v.read(out.file); }},
    Field<Events>{
        "max_file_size",
        [](const Value& v, Events& out) { v.read_bytes(out.max_file_size, 4 * kKiB, 1024 * kGiB); }},
    Field<Events>{"max_files", [](const Value& v, Events& out) { v.read(out.max_files, 0U, 10'000U); }},
    Field<Events>{"recent", [](const Value& v,
                               Events& out) { v.read(out.recent, std::size_t{0}, std::size_t{1'000'000}); }},
    Field<Events>{"record_prompts", [](const Value& v, Events& out) { v.read(out.record_prompts); }},
    Field<Events>{"record_answers", [](const Value& v, Events& out) { v.read(out.record_answers); }},
};
constexpr std::array kEventsHints{Hint{"path", "use file"}, Hint{"max_size", "use max_file_size"}};
constexpr Shape<Events> kEvents{"events", kEventsFields, {}, {}, kEventsHints};

// --- keys ---

void read_hash(const Value& value, ClientKeyConfig& out) {
    std::string hash;
    if (!value.read(hash)) return;
    std::transform(hash.begin(), hash.end(), hash.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
    const bool is_hash = hash.size() == 64 && std::all_of(hash.begin(), hash.end(), [](char c) {
                             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                         });
    if (is_hash)
        out.sha256 = std::move(hash);
    else  // it may be the key itself
        value.fail("E005", "a SHA-256 has 64 hexadecimal digits", "`sluice gateway key` prints one");
}

using Key = ClientKeyConfig;
constexpr std::array kKeyFields{
    Field<Key>{"name", [](const Value& v, Key& out) { v.read(out.name); }},
    Field<Key>{"sha256", read_hash},
    Field<Key>{"secret_key_ref", [](const Value& v, Key& out) { read_secret_ref(v, out.secret); }},
    Field<Key>{"allowed_models", [](const Value& v, Key& out) { v.read(out.allowed_models, kMaxModels); }},
};
constexpr std::array<std::string_view, 1> kKeyRequired{"name"};
constexpr std::array kKeyEither{Either{"sha256", "secret_key_ref"}};
constexpr std::array kKeyHints{Hint{"hash", "use sha256"}, Hint{"models", "use allowed_models"}};
constexpr Shape<Key> kKey{"client_key", kKeyFields, kKeyRequired, kKeyEither, kKeyHints};

}  // namespace

void read_server(const Value& value, ServerConfig& out) {
    read_object(value, kServer, out);
}
void read_events(const Value& value, EventsConfig& out) {
    read_object(value, kEvents, out);
}
void read_client_key(const Value& value, ClientKeyConfig& out) {
    read_object(value, kKey, out);
}

void add_service_tables(std::vector<KeyTable>& tables) {
    tables.push_back(key_table(kServer));
    tables.push_back(key_table(kEvents));
    tables.push_back(key_table(kKey));
}

}  // namespace sluice::gateway
