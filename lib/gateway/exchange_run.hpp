// One generation request, from its body to the end of its answer: what exchange() runs. What comes before
// anything is sent is in exchange.cpp, the answer in exchange_answer.cpp.
#pragma once

#include "adapters/dialect.hpp"
#include "gateway/array_framing.hpp"
#include "gateway/exchange.hpp"
#include "gateway/metadata.hpp"
#include "gateway/pass_through.hpp"
#include "gateway/policies.hpp"
#include "gateway/request_books.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::gateway {

class Exchange {
  public:
    Exchange(Context& context, std::shared_ptr<const Snapshot> snapshot, Entrance entrance,
             const ClientKeys::Client* client, const HttpRequest& request, Reply& reply);
    Exchange(const Exchange&) = delete;
    ~Exchange();

    asio::awaitable<void> answer();
    // For when that threw.
    bool is_cut_by_drain() const noexcept { return reply_.cut() == Cut::drained && !ended_; }
    asio::awaitable<void> tell_drained();
    void note_thrown() noexcept;

  private:
    // --- before anything is sent: false with error_ ---
    bool parse();
    bool is_allowed() const;
    bool check_input();
    bool find_route();
    CallOptions call_options();
    asio::awaitable<Result<TokenStream>> open();
    asio::awaitable<void> tell_not_opened(const ErrorInfo& error);
    asio::awaitable<void> refuse(const ErrorInfo& error);
    asio::awaitable<void> refuse_model();
    asio::awaitable<void> fail(ErrorInfo error);

    // --- the answer ---
    asio::awaitable<void> whole_answer(TokenStream stream);
    asio::awaitable<void> streamed_answer(TokenStream stream);
    void begin_stream(const TokenStream& stream);
    void begin_reply();
    std::unique_ptr<Timer> early_head(asio::any_io_executor executor);
    void take(std::span<const StreamEvent> batch);
    void take_end(const StreamEvent& event);
    void fail_stream(const ErrorInfo& error, std::string_view raw);
    std::string& frames() { return array_ ? framed_ : reply_.frames(); }
    void settle_frames();
    bool watch_output(const StreamEvent& event);
    void note_output_policies();
    void note_answerer(const TokenStream& stream);
    HeaderFields headers() const;
    std::string metadata() const;
    std::string_view error_type_of(const ErrorInfo& error) const noexcept;
    adapters::AnswerFacts answer_facts(const TokenStream& stream) const;

    Context& context_;
    const Clock& clock_;
    const std::shared_ptr<const Snapshot> snapshot_;
    const adapters::Dialect& dialect_;
    const ClientKeys::Client* const client_;
    const HttpRequest& http_;
    Reply& reply_;
    RequestBooks books_;
    RequestRecord& record_;  // of the books

    adapters::ParsedRequest parsed_;
    std::shared_ptr<const Route> route_;
    AnswerNotes notes_;
    std::unique_ptr<const ErrorInfo> error_;  // that ends the request before an answer

    // Of a streamed answer.
    bool streaming_ = false;
    bool ended_ = false;
    std::optional<StreamPassThrough> pass_;
    std::unique_ptr<adapters::StreamEncoder> encoder_;
    std::optional<ArrayFraming> array_;
    std::string framed_;  // what becomes elements of it
    std::optional<OutputWatch> output_;
};

}  // namespace sluice::gateway
