// Text that grows at its end, by short pieces: what each append() to a std::string costs is more than the
// copy.
//
//   TextBuilder text(256);
//   text.add("x-request-id: ").add(id).add("\r\n");
//   return std::move(text).take();
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::gateway {

class TextBuilder {
  public:
    TextBuilder() = default;
    explicit TextBuilder(std::size_t expected) { text_.resize(expected); }

    /// A piece whose size is known when this is compiled.
    template <std::size_t size>
    TextBuilder& add(const char (&literal)[size]) {
        constexpr std::size_t length = size - 1;
        std::memcpy(room(length), literal, length);
        return use(length);
    }
    TextBuilder& add(std::string_view text) {
        if (!text.empty()) std::memcpy(room(text.size()), text.data(), text.size());
        return use(text.size());
    }
    /// Where the next `bytes` go, at most; use() then tells how many there are.
    char* room(std::size_t bytes) {
        if (text_.size() - used_ < bytes) grow(bytes);
        return text_.data() + used_;
    }
    TextBuilder& use(std::size_t bytes) noexcept {
        used_ += bytes;
        return *this;
    }

    std::string_view view() const noexcept { return {text_.data(), used_}; }
    std::string take() && {
        text_.resize(used_);
        return std::move(text_);
    }

  private:
    void grow(std::size_t bytes);

    std::string text_;  // of which used_ bytes are said
    std::size_t used_ = 0;
};

}  // namespace sluice::gateway
