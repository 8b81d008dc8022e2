// From "provider/model" on the command line to a BoundModel: base URLs and keys from flags, the environment
// and a table of well-known services.
//
//   Providers providers(base_url_flags, key_flags);
//   BoundModel model = providers.model("openrouter/deepseek/deepseek-r1:free");   // split at the first slash
//
// For provider id "my-gpu": MY_GPU_BASE_URL and MY_GPU_API_KEY. A flag wins over the environment, and that
// over the table.
#pragma once

#include <sluice/bound_model.hpp>
#include <sluice/openai.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

class Providers {
  public:
    /// Flags as they were given: "provider=url" and "provider=env:NAME". `start_simulator` gives the base URL
    /// of provider "sim" when it is needed and has no other. Throws UsageError for a malformed flag.
    Providers(const std::vector<std::string>& base_url_flags, const std::vector<std::string>& key_flags,
              std::function<std::string()> start_simulator);

    /// Throws UsageError for a target without a slash, an unknown provider, and an unusable URL or key.
    BoundModel model(std::string_view target);
    /// The variables that would hold a key where one is likely to be needed, and do not: worth a hint when
    /// the provider says "401".
    const std::vector<std::string>& missing_keys() const noexcept { return missing_keys_; }

    /// Ids of the table, separated by ", ".
    static std::string known_ids();

  private:
    OpenAI& provider(const std::string& id);
    std::string base_url_of(const std::string& id) const;
    std::string key_of(const std::string& id);

    std::map<std::string, std::string> base_urls_;
    std::map<std::string, std::string> key_variables_;
    std::function<std::string()> start_simulator_;
    std::map<std::string, OpenAI> providers_;
    std::vector<std::string> missing_keys_;
};

}  // namespace sluice::cli
