#include "adapters/gemini/dialect.hpp"

#include "adapters/error_body.hpp"

namespace sluice::adapters::gemini {
namespace {

class GeminiDialect final : public Dialect {
  public:
    std::string_view name() const noexcept override { return kName; }
    Result<EncodedRequest> encode(const Request& request, const Target& target) const override {
        return encode_request(request, target);
    }
    std::optional<EncodedRequest> splice(const ClientBody& body, const Target& target) const override {
        return gemini::splice(body, target);
    }
    std::unique_ptr<StreamDecoder> make_decoder(ExchangeFacts facts) const override {
        return gemini::make_decoder(std::move(facts));
    }
    ErrorInfo classify(const ExchangeFacts& facts, const wire::HeaderList& headers,
                       std::string_view body) const override {
        return classify_error(facts, read_error_body(body), &headers, Phase::headers);
    }
    EncodedRequest list_models(const Target&) const override {
        EncodedRequest list;
        list.path = "/models?pageSize=1";
        return list;
    }
    Result<ParsedRequest> parse_request(const ClientRequest& request) const override {
        return gemini::parse_request(request);
    }
    std::unique_ptr<StreamEncoder> make_encoder(AnswerFacts facts) const override {
        return gemini::make_encoder(std::move(facts));
    }
    std::string encode_answer(const AssistantMessage& answer, const AnswerFacts& facts) const override {
        return gemini::encode_answer(answer, facts);
    }
    EncodedError encode_error(const ErrorInfo& error) const override { return gemini::encode_error(error); }
};

}  // namespace

const Dialect& dialect() {
    static const GeminiDialect instance;
    return instance;
}

}  // namespace sluice::adapters::gemini
