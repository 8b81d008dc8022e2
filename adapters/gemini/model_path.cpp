#include "adapters/gemini/model_path.hpp"

#include "adapters/ascii.hpp"

#include <array>

namespace sluice::adapters::gemini {
namespace {

/// Where models live, and whether the name of the place is part of the model's.
struct Collection {
    std::string_view name;
    bool is_part_of_model;
};
constexpr std::array kCollections{Collection{"models/", false}, Collection{"tunedModels/", true},
                                  Collection{"endpoints/", true}};

bool is_plain(char c) noexcept {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '@';
}

int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char letter = to_lower(c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_plain(c))
            out += c;
        else
            out.append(1, '%').append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
    return out;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace

std::string path_of(std::string_view model, bool stream) {
    std::string_view collection = kCollections.front().name;
    for (const Collection& known : kCollections) {
        if (!model.starts_with(known.name)) continue;
        collection = known.name;
        model.remove_prefix(collection.size());
        break;
    }
    std::string path = "/";
    path.append(collection).append(percent_encoded(model));
    return path.append(stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
}

std::optional<ModelPath> read_path(std::string_view path) {
    const std::size_t colon = path.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view method = path.substr(colon + 1);
    ModelPath read;
    read.stream = method == "streamGenerateContent";
    if (!read.stream && method != "generateContent") return std::nullopt;
    path = path.substr(0, colon);
    for (const Collection& known : kCollections) {
        const std::string place = "/" + std::string(known.name);
        const std::size_t at = path.find(place);
        if (at == std::string_view::npos) continue;
        const std::string model = percent_decoded(path.substr(at + place.size()));
        if (model.empty()) return std::nullopt;
        read.model = known.is_part_of_model ? std::string(known.name) + model : model;
        return read;
    }
    return std::nullopt;
}

}  // namespace sluice::adapters::gemini
