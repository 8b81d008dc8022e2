// The model and the method are in Gemini's path: ".../models/gemini-2.5-flash:streamGenerateContent".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::adapters::gemini {

/// What to append to the base URL's path, query included. "models/x" and "tunedModels/x" name a model too.
std::string path_of(std::string_view model, bool stream);

struct ModelPath {
    std::string model;  ///< Without "models/", but with "tunedModels/" and "endpoints/".
    bool stream = false;
};
/// Of the Gemini API or of Vertex, whatever comes before the model; nullopt for another path or method.
std::optional<ModelPath> read_path(std::string_view path);

}  // namespace sluice::adapters::gemini
