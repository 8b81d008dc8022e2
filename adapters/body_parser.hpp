// Parses a whole JSON body, a client's request or a provider's error, into a tree.
#pragma once

#include "wire/json_dom.hpp"

#include <memory>
#include <string_view>

namespace sluice::adapters {

/// What parsing a body takes in memory, which is kept for the next one of this thread unless it is much.
class BodyParser {
  public:
    BodyParser();
    BodyParser(const BodyParser&) = delete;
    BodyParser& operator=(const BodyParser&) = delete;
    ~BodyParser();
    /// Valid until the next call, and as long as this.
    simdjson::error_code parse(std::string_view json, wire::dom::Element& document);

  private:
    struct Memory;
    static std::unique_ptr<Memory>& spare() noexcept;
    std::unique_ptr<Memory> memory_;
};

}  // namespace sluice::adapters
