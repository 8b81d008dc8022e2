#include "model/transform.hpp"

#include <exception>

namespace sluice {
namespace {

ErrorInfo refused(const ModelSpec& target, std::string why) {
    ErrorInfo error(ErrorKind::provider_bad_request, Phase::prepare,
                    "transform_context threw " + std::move(why));
    error.provider = target.provider_id;
    error.model = target.id;
    return error;
}

}  // namespace

Result<const Request*> fit_request(const TransformContext& hook, const ModelSpec& target,
                                   const Request& request, std::optional<Request>& changed) {
    if (!hook) return &request;
    try {
        changed.emplace(hook(target, request));
    } catch (const std::exception& error) {
        return refused(target, std::string("an exception: ") + error.what());
    } catch (...) {
        return refused(target, "something that is no std::exception");
    }
    return &*changed;
}

}  // namespace sluice
