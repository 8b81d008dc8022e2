// From "provider/model" on the command line to a BoundModel: base URLs, keys and dialects from flags, the
// environment and the library's table of services.
//
//   Providers providers(flags, start_simulator);
//   BoundModel model = providers.model("openrouter/deepseek/deepseek-r1:free");   // split at the first slash
//
// For provider id "my-gpu": MY_GPU_BASE_URL and MY_GPU_API_KEY. A flag wins over the environment, and that
// over the table.
#pragma once

#include <sluice/api_provider.hpp>
#include <sluice/bound_model.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// As they were given.
struct ProviderFlags {
    std::vector<std::string> base_urls;  ///< "provider=url"
    std::vector<std::string> keys;       ///< "provider=env:NAME"
    std::vector<std::string> dialects;   ///< "provider=dialect"
    /// What the option for `base_urls` is called.
    std::string base_url_option = "--base-url";
};

class Providers {
  public:
    /// `start_simulator` gives the base URL for a dialect of provider "sim", when it is needed and no other
    /// was given. Throws UsageError for a malformed flag.
    Providers(const ProviderFlags& flags,
              std::function<std::string(std::string_view dialect)> start_simulator);

    /// Throws UsageError for a target without a slash, an unknown provider, and an unusable option.
    BoundModel model(std::string_view target);
    /// Made when it is first asked for; valid as long as this. Throws as model() does.
    ApiProvider& provider(const std::string& id);
    /// The variables that would hold a key where one is likely to be needed, and do not: worth a hint when
    /// the provider says "401".
    const std::vector<std::string>& missing_keys() const noexcept { return missing_keys_; }

    /// Ids of the table, separated by ", ".
    static std::string known_ids();

    /// Services of the table that the environment has a key, a token or a base URL for, and all that is
    /// needed to ask them.
    static std::vector<std::string> in_environment();

  private:
    ApiProvider make(const std::string& id);
    ApiProviderOptions options_of(const std::string& id);
    std::string base_url_of(const std::string& id) const;
    void find_credential(const std::string& id, ApiProviderOptions& options);

    std::string base_url_option_;
    std::map<std::string, std::string> base_urls_;
    std::map<std::string, std::string> key_variables_;
    std::map<std::string, std::string> dialects_;
    std::function<std::string(std::string_view dialect)> start_simulator_;
    std::map<std::string, ApiProvider> providers_;
    std::vector<std::string> missing_keys_;
};

}  // namespace sluice::cli
