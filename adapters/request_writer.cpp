#include "adapters/request_writer.hpp"

#include "adapters/origin.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::adapters {

RequestWriter::RequestWriter(const Request& request, const Target& target, std::string_view dialect,
                             std::string_view title, std::vector<std::string_view> fixed)
    : request_(request),
      target_(target),
      json_(out_.body),
      dialect_(dialect),
      title_(title),
      fixed_(std::move(fixed)) {
    out_.headers = {{"content-type", "application/json"}};
    if (request.messages().empty()) fail("the request has no messages");
    collect_extras();
    for (const NativeTool& tool : request.native_tools()) {
        if (tool.dialect != dialect_)
            warn("A tool that only " + tool.dialect + " knows was left out.");
        else
            require_json(tool.json, "a native tool");
    }
}

void RequestWriter::fail(std::string what) {
    if (error_) return;
    error_.emplace(ErrorKind::provider_bad_request, Phase::prepare, std::move(what));
    error_->provider = target_.model.provider_id;
    error_->model = target_.model.id;
}

void RequestWriter::warn(std::string what) {
    if (std::find(out_.warnings.begin(), out_.warnings.end(), what) == out_.warnings.end())
        out_.warnings.push_back(std::move(what));
}

void RequestWriter::warn_lost(std::string_view what) {
    std::string sentence(title_);
    warn(sentence.append(" has no ").append(what).append("; it was left out."));
}

bool RequestWriter::is_for_us(const Extra& extra) {
    if (extra.scope == Extra::Scope::provider) return extra.owner == target_.model.provider_id;
    if (extra.owner == dialect_) return true;
    warn("The field \"" + extra.name + "\", which only " + extra.owner + " knows, was left out.");
    return false;
}

void RequestWriter::collect_extras() {
    for (const Extra& extra : request_.extras()) {
        if (!is_for_us(extra)) continue;
        if (extra.name.empty()) fail("an extra field has no name");
        if (std::find(fixed_.begin(), fixed_.end(), extra.name) != fixed_.end())
            fail("the extra field \"" + extra.name + "\" cannot be replaced");
        require_json(extra.json, "the extra field \"" + extra.name + "\"");
        std::erase_if(extras_, [&](const Extra* other) { return other->name == extra.name; });
        extras_.push_back(&extra);
    }
}

bool RequestWriter::field(std::string_view name) {
    for (const Extra* extra : extras_)
        if (extra->name == name) return false;
    json_.key(name);
    return true;
}

void RequestWriter::write_number(std::string_view name, std::optional<double> value) {
    if (!value) return;
    if (!std::isfinite(*value)) return fail(std::string(name) + " is not a finite number");
    if (field(name)) json_.number(*value);
}

std::string_view RequestWriter::take_extra(std::string_view name) {
    const auto found =
        std::find_if(extras_.begin(), extras_.end(), [&](const Extra* extra) { return extra->name == name; });
    if (found == extras_.end()) return {};
    const std::string_view json = (*found)->json;
    extras_.erase(found);
    return json;
}

void RequestWriter::write_extras() {
    for (const Extra* extra : extras_)
        json_.key(extra->name).raw(extra->json);
}

void RequestWriter::write_native_tools() {
    for (const NativeTool& tool : request_.native_tools())
        if (tool.dialect == dialect_) json_.raw(tool.json);
}

bool RequestWriter::has_native_tools() const noexcept {
    const auto& tools = request_.native_tools();
    return std::any_of(tools.begin(), tools.end(),
                       [&](const NativeTool& tool) { return tool.dialect == dialect_; });
}

bool RequestWriter::is_native(const NativePart& part) {
    if (part.dialect != dialect_) {
        warn("A part of a message that only " + part.dialect + " knows was left out.");
        return false;
    }
    require_json(part.json, "a native part of a message");
    return true;
}

bool RequestWriter::may_return(const Signature& signature) {
    if (signature.empty()) return false;
    if (adapters::may_return(signature, target_.origin)) return true;
    warn("A reasoning signature of another provider was left out: only who made it can read it.");
    return false;
}

void RequestWriter::require_json(std::string_view json, std::string_view what) {
    if (!wire::is_json(json)) fail(std::string(what) + " is not valid JSON");
}

std::string_view RequestWriter::name_of_call(std::string_view tool_call_id) const noexcept {
    for (const Message& message : request_.messages())
        for (const Part& part : message.parts)
            if (const auto* call = part_as<ToolCallPart>(part); call && call->id == tool_call_id)
                return call->name;
    return {};
}

Result<EncodedRequest> RequestWriter::take() {
    if (error_) return std::move(*error_);
    return std::move(out_);
}

}  // namespace sluice::adapters
