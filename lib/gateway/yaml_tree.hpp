// YAML text as a tree of plain values with places. All that the gateway knows of yaml-cpp is behind this.
#pragma once

#include "gateway/findings.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::gateway {

struct YamlKey {
    std::string text;
    Place place;
};

struct YamlNode {
    enum class Kind : std::uint8_t { null, scalar, list, map };
    Kind kind = Kind::null;
    bool quoted = false;  ///< Of a scalar: so that "1" is a text and 1 a number.
    Place place;
    std::string text;             ///< Of a scalar.
    std::vector<YamlKey> keys;    ///< Of a map, in the order of the file, each once.
    std::vector<YamlNode> items;  ///< Of a list, or the values of a map.
    /// What this takes of the limit below, everything inside included.
    std::size_t size = 1;
};

/// What a file may hold. They bound memory and time for any text; no configuration comes near them.
inline constexpr std::size_t kMaxYamlBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxYamlDepth = 24;
/// Values, counted again wherever an alias stands for them, and one for every 32 bytes of text.
inline constexpr std::size_t kMaxYamlSize = 200'000;

/// One document of YAML 1.2. Anchors and aliases are followed; merge keys ("<<"), tags and several documents
/// are refused, and so is a key that stands twice in one map. Absent when there is an error; it is among
/// `findings`. Does not throw but for want of memory.
std::optional<YamlNode> parse_yaml(std::string_view text, Findings& findings);

}  // namespace sluice::gateway
