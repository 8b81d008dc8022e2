// A library with one dialect: what needs another one is refused by name, when it is made.
#include <sluice/sluice.hpp>

#include <iostream>
#include <stdexcept>
#include <string>

namespace {

std::string refusal_of_gemini() {
    try {
        const sluice::Gemini gemini{{.api_key = "key"}};
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return {};
}

}  // namespace

int main() {
    const sluice::Engine engine{{.providers = {{"openai", {.api_key = "key"}}},
                                 .orchestrator_model = "gpt-4o",
                                 .worker_model = "gpt-4o-mini"}};
    std::cout << engine.explain();
    const std::string refusal = refusal_of_gemini();
    std::cout << refusal << '\n';
    const bool names_it = refusal.find("\"gemini\"") != std::string::npos;
    return names_it && engine.effective_chain(sluice::System::system2).models.size() == 2 ? 0 : 1;
}
