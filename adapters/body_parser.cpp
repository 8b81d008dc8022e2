#include "adapters/body_parser.hpp"

#include <string>
#include <utility>

namespace sluice::adapters {
namespace {

constexpr std::size_t kMaxKept = std::size_t{64} << 10;  // of a body; its tree takes several times as much

}  // namespace

struct BodyParser::Memory {
    simdjson::dom::parser parser;
    std::string padded;
};

std::unique_ptr<BodyParser::Memory>& BodyParser::spare() noexcept {
    thread_local std::unique_ptr<Memory> memory;
    return memory;
}

BodyParser::BodyParser() : memory_(std::move(spare())) {
    if (!memory_) memory_ = std::make_unique<Memory>();
}

BodyParser::~BodyParser() {
    if (memory_->padded.capacity() <= kMaxKept) spare() = std::move(memory_);
}

simdjson::error_code BodyParser::parse(std::string_view json, wire::dom::Element& document) {
    std::string& padded = memory_->padded;
    padded.clear();
    padded.reserve(json.size() + simdjson::SIMDJSON_PADDING);
    padded.append(json).append(simdjson::SIMDJSON_PADDING, '\0');
    return memory_->parser.parse(padded.data(), json.size(), false).get(document);
}

}  // namespace sluice::adapters
