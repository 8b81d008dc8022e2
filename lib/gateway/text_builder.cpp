#include "gateway/text_builder.hpp"

namespace sluice::gateway {

// Not within room(), which is to be small where it is used.
void TextBuilder::grow(std::size_t bytes) {
    text_.resize(2 * text_.size() + bytes);
}

}  // namespace sluice::gateway
