#include "adapters/splice.hpp"

#include "adapters/origin.hpp"
#include "wire/json_writer.hpp"

#include <utility>

namespace sluice::adapters {

bool BodySplice::read(std::string_view json, const Admit& admit) {
    json_ = json;
    return members_.read_unambiguous(json, [&](std::string_view key, std::string_view value) {
        // A signature of another provider that we gave this client: encode() knows who may have it back.
        if (value.front() == '"' && is_wrapped_signature(value.substr(1))) return false;
        return !admit || admit(key, value);
    });
}

std::string_view BodySplice::value(std::string_view name) const noexcept {
    const wire::JsonMember* member = members_.find(name);
    return member == nullptr || member->value == "null" ? std::string_view() : member->value;
}

void BodySplice::set(std::string_view name, std::string_view json) {
    if (const wire::JsonMember* member = members_.find(name)) {
        if (member->value != json) edits_.replace(member->value, std::string(json));
        return;
    }
    constexpr std::size_t kUsual = 64;  // options of a stream, or a model
    inserted_.reserve(kUsual);
    if (!inserted_.empty()) inserted_ += ',';
    wire::JsonWriter(inserted_).key(name).raw(json);
}

void BodySplice::set_string(std::string_view name, std::string_view text) {
    std::string json;
    wire::JsonWriter(json).string(text);
    set(name, json);
}

bool BodySplice::set_stream(bool stream) {
    const std::string_view said = value("stream");
    if (said.empty() && !stream) return true;  // what every dialect takes it for
    if (!said.empty() && said != "true" && said != "false") return false;
    set("stream", stream ? "true" : "false");
    return true;
}

void BodySplice::rename(std::string_view name, std::string_view to) {
    const wire::JsonMember* member = members_.find(name);
    if (member == nullptr) return;
    std::string key;
    wire::JsonWriter(key).string(to);
    edits_.replace(member->key_text, std::move(key));
}

std::string BodySplice::take() {
    if (!inserted_.empty()) {
        if (!members_.all().empty()) inserted_ += ',';
        edits_.replace(members_.front(), std::exchange(inserted_, {}));
    }
    return edits_.apply(json_);
}

}  // namespace sluice::adapters
