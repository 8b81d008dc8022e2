// The paths below /_sim: a running simulator is switched and asked over HTTP.
#include <algorithm>
#include <charconv>
#include <map>

#include "testing/simulator_state.hpp"
#include "wire/json_text.hpp"
#include "wire/json_writer.hpp"

namespace sluice::testing {

namespace {

constexpr std::string_view kRoot = "/_sim";

void write_seen(wire::JsonWriter& json, const Simulator::Seen& seen) {
    json.begin_object();
    json.key("model").string(seen.model).key("dialect").string(seen.dialect);
    json.key("path").string(seen.path).key("query").string(seen.query).key("has_key");
    json.boolean(!seen.key.empty()).key("body");
    if (wire::is_json(seen.body))
        json.raw(seen.body);
    else
        json.string(seen.body);
    json.end_object();
}

}  // namespace

bool Simulator::State::is_control(std::string_view path) const {
    return controlled && path.starts_with(kRoot) &&
           (path.size() == kRoot.size() || path[kRoot.size()] == '/');
}

SimulatedAnswer Simulator::State::control(const HttpRequest& http) {
    SimulatedAnswer answer;
    const std::string_view what = http.path.substr(kRoot.size());
    const bool switches = what == "/down" || what == "/up";
    const bool shows = what.empty() || what == "/requests";
    if ((!switches || http.method != "POST") && (!shows || http.method != "GET")) {
        answer.status = switches || shows ? 405 : 404;
        answer.body = R"({"error":"POST /_sim/down, POST /_sim/up, GET /_sim or GET /_sim/requests?last=N"})"
                      "\n";
        return answer;
    }
    if (switches) down = what == "/down";

    wire::JsonWriter json(answer.body);
    if (what == "/requests") {
        const std::string number = query_value(http.query, "last");
        std::size_t last = seen.size();
        std::from_chars(number.data(), number.data() + number.size(), last);
        json.begin_array();
        for (std::size_t i = seen.size() - std::min(last, seen.size()); i < seen.size(); ++i)
            write_seen(json, seen[i]);
        json.end_array();
    } else {
        std::map<std::string_view, std::size_t> models;
        for (const Seen& request : seen)
            if (!request.model.empty()) ++models[request.model];
        json.begin_object().key("down").boolean(down).key("requests").number(seen.size());
        json.key("aborted").number(aborted).key("connections").number(accepted);
        json.key("open_connections").number(open).key("models").begin_object();
        for (const auto& [model, count] : models)
            json.key(model).number(count);
        json.end_object().end_object();
    }
    answer.body += '\n';
    return answer;
}

}  // namespace sluice::testing
