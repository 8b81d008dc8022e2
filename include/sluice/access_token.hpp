// A bearer token that may change while the provider lives: Vertex's and Entra's last an hour.
//
//   sluice::Vertex vertex{{.project = "p", .access_token = [cache] { return cache->current(); }}};
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice {

/// A fixed token, or a function that is asked for each request, on the request's thread: it must not block
/// (keep the token in memory and refresh it elsewhere), and be safe to call from every thread that makes
/// requests. What it throws, and an empty token, end that attempt as ProviderAuthFailed.
class AccessToken {
  public:
    AccessToken() = default;
    /// Empty: none.
    AccessToken(std::string fixed) : fixed_(std::move(fixed)) {}
    AccessToken(const char* fixed) : fixed_(fixed) {}
    template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, AccessToken> && std::is_invocable_r_v<std::string, F&>)
        AccessToken(F current)
        : current_(std::move(current)) {}

    bool empty() const noexcept { return !current_ && fixed_.empty(); }
    const std::string& fixed() const noexcept { return fixed_; }
    /// Empty function: the token is fixed.
    const std::function<std::string()>& current() const noexcept { return current_; }

  private:
    std::string fixed_;
    std::function<std::string()> current_;
};

}  // namespace sluice
