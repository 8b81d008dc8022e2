#include <sluice/api_provider.hpp>

#include "adapters/services.hpp"
#include "model/endpoint.hpp"

namespace sluice {

class ApiProvider::Impl : public HttpProvider {
  public:
    explicit Impl(Endpoint endpoint) : HttpProvider(std::move(endpoint.options), endpoint.dialect) {}
};

ApiProvider::ApiProvider(ApiProviderOptions options)
    : impl_(std::make_shared<const Impl>(make_endpoint(std::move(options)))) {}

BoundModel ApiProvider::model(std::string id) const {
    return model(ModelSpec(std::string(), std::move(id)));
}

BoundModel ApiProvider::model(ModelSpec spec) const {
    return bind_model(impl_, std::move(spec));
}

const Provider& ApiProvider::provider() const noexcept {
    return *impl_;
}

std::span<const ServiceInfo> ApiProvider::services() {
    static const std::vector<ServiceInfo> table = [] {
        std::vector<ServiceInfo> lines;
        for (const adapters::Service& service : adapters::services()) {
            ServiceInfo line;
            line.name = service.name;
            line.dialect = service.dialect;
            line.base_url = service.base_url;
            line.needs_key = service.auth != adapters::Auth::none;
            lines.push_back(line);
        }
        return lines;
    }();
    return table;
}

}  // namespace sluice
