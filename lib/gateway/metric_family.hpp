// One family of metrics whose members are found by their labels without making a string or a map of them:
// prometheus-cpp's own lookup builds a map of strings each time. Its user has the lock.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

namespace sluice::gateway {

inline constexpr std::string_view kMetricPrefix = "sluice_gateway_";

/// Members beyond this many of a family share one whose labels are all "other": whatever clients send, the
/// text stays of a size that can be scraped.
inline constexpr std::size_t kMaxSeries = 2000;

/// Of GenAI operations, in seconds: OpenTelemetry's advice.
inline const prometheus::Histogram::BucketBoundaries kSecondsBuckets{
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};

template <typename Metric, std::size_t kLabels>
class MetricsByLabel {
  public:
    using Values = std::array<std::string_view, kLabels>;
    using Names = std::array<const char*, kLabels>;

    MetricsByLabel(prometheus::Registry& registry, const char* name, const char* help, Names names)
        : family_(build(registry, std::string(kMetricPrefix) + name, help)), names_(names) {}
    MetricsByLabel(const MetricsByLabel&) = delete;

    /// Lives as long as the registry.
    Metric& at(const Values& values) {
        key_.clear();
        for (const std::string_view value : values)
            key_.append(value).push_back('\0');
        const auto known = metrics_.find(key_);
        return known != metrics_.end() ? *known->second : add(values);
    }

  private:
    static prometheus::Family<Metric>& build(prometheus::Registry& registry, const std::string& name,
                                             const char* help) {
        if constexpr (std::is_same_v<Metric, prometheus::Histogram>)
            return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
        else
            return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    }

    Metric& add(Values values) {
        const bool is_full = metrics_.size() >= kMaxSeries;
        if (is_full) values.fill("other");
        prometheus::Labels labels;
        for (std::size_t i = 0; i < kLabels; ++i)
            labels.emplace(names_[i], values[i]);
        Metric* metric = nullptr;
        if constexpr (std::is_same_v<Metric, prometheus::Histogram>)
            metric = &family_.Add(labels, kSecondsBuckets);
        else
            metric = &family_.Add(labels);
        if (!is_full) metrics_.emplace(key_, metric);
        return *metric;
    }

    prometheus::Family<Metric>& family_;
    const Names names_;
    std::string key_;  // its memory is kept
    std::unordered_map<std::string, Metric*> metrics_;
};

template <std::size_t kLabels>
using Counters = MetricsByLabel<prometheus::Counter, kLabels>;
template <std::size_t kLabels>
using Histograms = MetricsByLabel<prometheus::Histogram, kLabels>;

}  // namespace sluice::gateway
