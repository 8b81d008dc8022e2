#include <sluice/context.hpp>

#include <algorithm>
#include <variant>

#include "engine/token_scale.hpp"

namespace sluice {
namespace {

using engine::TokenScale;

constexpr std::uint64_t kToken = 1000;  // engine::weigh counts in thousandths

Tokens rounded(std::uint64_t weight) noexcept {
    return (weight + kToken - 1) / kToken;
}

constexpr bool is_base64(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '-' || c == '_' || c == '=';
}

class Weighing {
  public:
    explicit Weighing(std::string_view dialect) noexcept
        : dialect_(dialect), scale_(engine::token_scale(dialect)) {}

    Tokens tokens() const noexcept { return rounded(weight_); }
    const TokenScale& scale() const noexcept { return scale_; }

    void add(std::string_view text) noexcept { weight_ += engine::weigh(text, scale_); }
    void add(Tokens tokens) noexcept { weight_ += tokens * kToken; }

    void operator()(const TextPart& part) noexcept { add(part.text); }
    void operator()(const RefusalPart& part) noexcept { add(part.text); }
    void operator()(const ImagePart& part) noexcept {
        add(part.detail == "low" ? scale_.image_at_low : scale_.image);
    }
    // A proof that hides or stands for what was thought is base64 of about as many bytes.
    void operator()(const ReasoningPart& part) noexcept {
        if (!is_sent(part)) return;
        const std::uint64_t said = engine::weigh(part.text, scale_);
        const std::uint64_t hidden = part.signature.value.size() * kToken * 3 / 16;
        weight_ += std::max(said, hidden);
    }
    void operator()(const ToolCallPart& part) noexcept {
        add(scale_.call);
        add(part.name);
        add(part.arguments);
    }
    void operator()(const ToolResultPart& part) noexcept {
        add(scale_.call);
        add(part.content);
        for (const ImagePart& image : part.images)
            (*this)(image);
    }
    void operator()(const NativePart& part) noexcept {
        if (is_for(part.dialect)) native(part.json);
    }
    void operator()(const NativeTool& tool) noexcept {
        if (!is_for(tool.dialect)) return;
        add(scale_.tool);
        native(tool.json);
    }

  private:
    bool is_cautious() const noexcept { return scale_.dialect.empty(); }
    bool is_for(std::string_view dialect) const noexcept { return dialect == dialect_ || is_cautious(); }

    // As the dialects write it: proofs go back to who made them, and with them what they prove.
    bool is_sent(const ReasoningPart& part) const noexcept {
        if (is_cautious()) return true;
        if (part.signature.empty()) return dialect_ == "openai_chat";
        const std::string_view origin = part.signature.origin;
        return origin.empty() || origin.substr(0, origin.find('@')) == dialect_;
    }

    // A file in base64 is no text; as an image it counts about what a page or some seconds of sound do.
    void native(std::string_view json) noexcept {
        std::size_t text = 0;
        std::size_t run = 0;
        for (std::size_t at = 0; at <= json.size(); ++at) {
            if (at < json.size() && is_base64(json[at])) continue;
            if (at - run >= kFile) {
                add(json.substr(text, run - text));
                add(scale_.image);
                text = at;
            }
            run = at + 1;
        }
        add(json.substr(text));
    }

    static constexpr std::size_t kFile = 512;  // bytes of base64

    std::string_view dialect_;
    const TokenScale& scale_;
    std::uint64_t weight_ = 0;
};

}  // namespace

Tokens estimate_tokens(std::string_view text, std::string_view dialect) noexcept {
    Weighing weighing(dialect);
    weighing.add(text);
    return weighing.tokens();
}

Tokens estimate_tokens(const Message& message, std::string_view dialect) noexcept {
    Weighing weighing(dialect);
    weighing.add(weighing.scale().message);
    for (const Part& part : message.parts)
        std::visit(weighing, part);
    return weighing.tokens();
}

Tokens estimate_fixed_tokens(const Request& request, std::string_view dialect) noexcept {
    Weighing weighing(dialect);
    const TokenScale& scale = weighing.scale();
    weighing.add(scale.request);
    if (!request.tools().empty()) weighing.add(scale.tools);
    for (const Tool& tool : request.tools()) {
        weighing.add(scale.tool);
        weighing.add(tool.name);
        weighing.add(tool.description);
        weighing.add(tool.parameters_json);
    }
    for (const NativeTool& tool : request.native_tools())
        weighing(tool);
    const std::optional<ResponseFormat>& format = request.options().response_format;
    if (format) {
        weighing.add(scale.schema);
        weighing.add(format->name);
        weighing.add(format->schema_json);
    }
    return weighing.tokens();
}

}  // namespace sluice
