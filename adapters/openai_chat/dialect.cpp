#include "adapters/openai_chat/dialect.hpp"

#include "adapters/error_body.hpp"
#include "adapters/openai_chat/decoder.hpp"

namespace sluice::adapters::openai_chat {
namespace {

class ChatDialect final : public Dialect {
  public:
    std::string_view name() const noexcept override { return "openai_chat"; }
    Result<EncodedRequest> encode(const Request& request, const ModelSpec& model) const override {
        return encode_request(request, model);
    }
    std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) const override {
        return std::make_unique<Decoder>(std::move(facts));
    }
    ErrorInfo classify(const ExchangeFacts& facts, const wire::HeaderList& headers,
                       std::string_view body) const override {
        return classify_error(facts, read_error_body(body), &headers, Phase::headers);
    }
};

}  // namespace

const Dialect& dialect() {
    static const ChatDialect chat;
    return chat;
}

}  // namespace sluice::adapters::openai_chat
