// Circuit breakers: stop asking what fails, and find out gently when it works again.
//
//   sluice::Breakers breakers;                                       // one for the process
//   sluice::BreakerBoundModel primary{openai.model("gpt-5"), breakers};
//   sluice::FallbackBoundModel chain{{primary, anthropic.model("claude-opus-4-8")}};
//
// A breaker watches two failure domains of each model: the account, "openai", which a bad key or an empty
// purse opens at once and for long, and the model, "openai/gpt-5", which consecutive failures, a high share
// of failures or a Retry-After open. A domain has one state, wherever in a program it appears. An open one
// refuses; after a while it lets a single real request probe, and closes when that begins to answer.
// docs/breaker.md.
#pragma once

#include <sluice/attempt_event.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/runtime.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

struct BreakerOptions {
    /// So many failures of a model in a row open it. Zero: never for that reason.
    std::uint32_t failures = 5;
    /// Such a share of failures among the requests that ended within `window` opens it too, from 0 to 1.
    /// Zero: never for that reason.
    double failure_ratio = 0.5;
    std::chrono::milliseconds window = std::chrono::seconds(30);
    /// Requests within `window` without which the share says nothing; at least 1.
    std::uint32_t min_requests = 20;

    /// For how long it is open the first time. Each later time is longer by `factor`, up to `max_open_for`;
    /// that is forgotten when an answer has come to its good end. To each up to a tenth is added by chance.
    std::chrono::milliseconds open_for = std::chrono::seconds(5);
    double factor = 2.0;  ///< At least 1.
    std::chrono::milliseconds max_open_for = std::chrono::minutes(5);

    /// How many real requests may be under way to find out whether it works again; at least 1. One that has
    /// begun to answer no longer counts.
    std::uint32_t probes = 1;
    /// How many of them must begin to answer before everybody may ask again; at least 1.
    std::uint32_t successes_to_close = 1;

    /// For how long a bad key, or a used-up quota, closes the whole account off. A provider that asks for a
    /// longer wait gets it.
    std::chrono::milliseconds auth_open_for = std::chrono::minutes(10);
    std::chrono::milliseconds quota_open_for = std::chrono::minutes(10);

    /// Hears of every change (BreakerChanged), on the thread whose request caused it, after the fact: when
    /// several threads cause changes at once, they may be heard in another order.
    AttemptEvents events = {};
    Runtime runtime = {};
};

/// One domain, as a status page shows it.
struct BreakerStatus {
    BreakerStatus() = default;
    std::string domain;  ///< "openai" or "openai/gpt-5".
    BreakerState state = BreakerState::closed;
    std::uint32_t consecutive_failures = 0;
    /// Of an open one: until a request may probe. Zero: the next request will.
    Duration retry_after{0};
    /// Of its last failure since the start, whether or not it has recovered.
    std::optional<ErrorKind> last_error;
};

/// The library's own.
class BreakerRegistry;

/// The shared states. A cheap handle: copies share them. Any thread.
class Breakers {
  public:
    /// Throws std::invalid_argument for options that make no sense.
    explicit Breakers(BreakerOptions options = {});

    /// Absent: no BreakerBoundModel of these has that domain.
    std::optional<BreakerStatus> state(std::string_view domain) const;
    /// All domains, each account before its models, in alphabetical order.
    std::vector<BreakerStatus> snapshot() const;

  private:
    friend class BreakerBoundModel;
    std::shared_ptr<BreakerRegistry> registry_;
};

class BreakerBoundModel : public BoundModel {
  public:
    /// `model` may itself be made of several: its domains are then those of its primary, and what opens them
    /// is how all of it fails. Mostly a breaker belongs around each real model.
    BreakerBoundModel(BoundModel model, const Breakers& breakers);
};

}  // namespace sluice
