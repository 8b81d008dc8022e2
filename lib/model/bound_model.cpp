#include <sluice/bound_model.hpp>

#include <stdexcept>
#include <utility>

namespace sluice {
namespace {

// Free functions, so that a call holds the target itself and never the handle it was made on.
asio::awaitable<Result<TokenStream>> open(std::shared_ptr<const ModelTarget> target, Request request,
                                          CallOptions options) {
    CallContext context;
    context.options = std::move(options);
    co_return co_await target->open(request, context);
}

asio::awaitable<TokenStream> open_or_throw(std::shared_ptr<const ModelTarget> target, Request request,
                                           CallOptions options) {
    Result<TokenStream> opened = co_await open(std::move(target), std::move(request), std::move(options));
    co_return std::move(opened).value_or_throw();
}

asio::awaitable<AssistantMessage> generate_from(std::shared_ptr<const ModelTarget> target, Request request,
                                                CallOptions options) {
    TokenStream stream = co_await open_or_throw(std::move(target), std::move(request), std::move(options));
    co_return co_await stream.collect();
}

}  // namespace

BoundModel::BoundModel(std::shared_ptr<const ModelTarget> target) : target_(std::move(target)) {
    if (!target_) throw std::invalid_argument("a BoundModel needs a target");
}

asio::awaitable<TokenStream> BoundModel::stream(Request request) const {
    return open_or_throw(target_, std::move(request), CallOptions());
}
asio::awaitable<TokenStream> BoundModel::stream(Request request, CallOptions options) const {
    return open_or_throw(target_, std::move(request), std::move(options));
}
asio::awaitable<AssistantMessage> BoundModel::generate(Request request) const {
    return generate_from(target_, std::move(request), CallOptions());
}
asio::awaitable<AssistantMessage> BoundModel::generate(Request request, CallOptions options) const {
    return generate_from(target_, std::move(request), std::move(options));
}
asio::awaitable<Result<TokenStream>> BoundModel::try_stream(Request request) const {
    return open(target_, std::move(request), CallOptions());
}
asio::awaitable<Result<TokenStream>> BoundModel::try_stream(Request request, CallOptions options) const {
    return open(target_, std::move(request), std::move(options));
}

}  // namespace sluice
