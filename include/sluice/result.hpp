// Result<T>: a value, or the ErrorInfo that says why there is none. How errors travel inside the library;
// `BoundModel::try_stream` gives it to users who prefer values to exceptions. It is moved, and cannot be
// copied.
#pragma once

#include <sluice/error.hpp>

#include <memory>
#include <utility>
#include <variant>

namespace sluice {

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(ErrorInfo error) : state_(std::in_place_index<1>, std::make_unique<ErrorInfo>(std::move(error))) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// Precondition: has_value().
    T& value() & noexcept { return *std::get_if<0>(&state_); }
    const T& value() const& noexcept { return *std::get_if<0>(&state_); }
    T&& value() && noexcept { return std::move(*std::get_if<0>(&state_)); }
    T* operator->() noexcept { return std::get_if<0>(&state_); }
    const T* operator->() const noexcept { return std::get_if<0>(&state_); }
    T& operator*() & noexcept { return value(); }
    const T& operator*() const& noexcept { return value(); }

    /// Precondition: !has_value().
    ErrorInfo& error() & noexcept { return **std::get_if<1>(&state_); }
    const ErrorInfo& error() const& noexcept { return **std::get_if<1>(&state_); }
    ErrorInfo&& error() && noexcept { return std::move(**std::get_if<1>(&state_)); }

    /// The value, or the error thrown as its exception class.
    T value_or_throw() && {
        if (!has_value()) throw_error(std::move(*this).error());
        return std::move(*this).value();
    }

  private:
    // The error elsewhere: it is large, and results are handed up through many coroutine frames.
    std::variant<T, std::unique_ptr<ErrorInfo>> state_;
};

/// Success without a value, or an error.
template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(ErrorInfo error) : error_(std::make_unique<ErrorInfo>(std::move(error))) {}

    bool has_value() const noexcept { return error_ == nullptr; }
    explicit operator bool() const noexcept { return has_value(); }
    /// Precondition: !has_value().
    ErrorInfo& error() & noexcept { return *error_; }
    const ErrorInfo& error() const& noexcept { return *error_; }
    ErrorInfo&& error() && noexcept { return std::move(*error_); }

  private:
    std::unique_ptr<ErrorInfo> error_;
};

}  // namespace sluice
