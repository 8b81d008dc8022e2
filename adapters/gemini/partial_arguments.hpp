// Arguments of a function call that come as values at JSON paths (PROTOCOLS section 6.4), as JSON text that
// grows at its end:
//
//   $.recipe.name "Las"..., $.recipe.name "agna", $.recipe.steps[0] "Boil"   ->
//   {"recipe":{"name":"Lasagna","steps":["Boil"]}}
//
// A model writes its arguments front to back, so each value is the next in the text. One that is not (its
// object is closed already, an array would have a hole) cannot be written any more: it is refused, and so is
// what follows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::adapters::gemini {

class PartialArguments {
  public:
    /// Appends to `out` what the text grows by. `value` is the text of a string, or of another scalar as
    /// JSON. `continues`: the same path brings more of the string. False, for good, when the value has no
    /// place.
    bool add(std::string_view path, std::string_view value, bool is_string, bool continues, std::string& out);
    /// Appends what is missing to make the text whole: nothing when there is none, or when a value was
    /// refused.
    void close(std::string& out);
    void reset();

  private:
    struct Step {
        bool is_index = false;
        std::size_t index = 0;
        std::string key;
        bool operator==(const Step&) const = default;
    };
    struct Container {
        bool is_array = false;
        std::size_t size = 0;
        Step last;                      // the child written last; open when a container follows on the stack
        std::vector<std::string> keys;  // of an object, `last` included
    };

    bool parse(std::string_view path);
    bool begin_child(Container& parent, const Step& step, std::string& out);
    void close_down_to(std::size_t depth, std::string& out);
    bool refuse() {
        refused_ = true;
        return false;
    }

    std::vector<Step> path_;         // of the value being added
    std::vector<Step> open_string_;  // path of the string whose quote is open; empty: none is
    std::vector<Container> open_;    // from the root on
    std::size_t kept_ = 0;           // bytes of keys
    bool refused_ = false;
};

}  // namespace sluice::adapters::gemini
