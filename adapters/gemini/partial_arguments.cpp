#include "adapters/gemini/partial_arguments.hpp"

#include "adapters/ascii.hpp"
#include "wire/json_writer.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::adapters::gemini {
namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxKept = std::size_t{1} << 20;

}  // namespace

void PartialArguments::reset() {
    open_string_.clear();
    open_.clear();
    kept_ = 0;
    refused_ = false;
}

/// "$.a.b[0]", "$['a']": the steps below the root, at least one.
bool PartialArguments::parse(std::string_view path) {
    path_.clear();
    if (!path.starts_with('$')) return false;
    path.remove_prefix(1);
    while (!path.empty()) {
        if (path_.size() == kMaxDepth) return false;
        Step step;
        if (path.starts_with('.')) {
            const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
            step.key = path.substr(1, end - 1);
            path.remove_prefix(end);
        } else if (path.starts_with("['") || path.starts_with("[\"")) {
            const char closing[] = {path[1], ']', '\0'};
            const std::size_t end = path.find(closing, 2);
            if (end == std::string_view::npos) return false;
            step.key = path.substr(2, end - 2);
            path.remove_prefix(end + 2);
        } else {
            step.is_index = true;
            const std::size_t end = path.find(']');
            if (path.front() != '[' || end == std::string_view::npos) return false;
            const char* last = path.data() + end;
            const auto [stopped, error] = std::from_chars(path.data() + 1, last, step.index);
            if (error != std::errc() || stopped != last) return false;
            path.remove_prefix(end + 1);
        }
        path_.push_back(std::move(step));
    }
    return !path_.empty() && !path_.front().is_index;
}

void PartialArguments::close_down_to(std::size_t depth, std::string& out) {
    for (; open_.size() > depth; open_.pop_back())
        out += open_.back().is_array ? ']' : '}';
}

/// The comma, and the key of an object's child. False when the child is not the next.
bool PartialArguments::begin_child(Container& parent, const Step& step, std::string& out) {
    if (parent.is_array != step.is_index) return false;
    if (parent.is_array ? step.index != parent.size
                        : std::find(parent.keys.begin(), parent.keys.end(), step.key) != parent.keys.end())
        return false;
    kept_ += step.key.size() + sizeof(Step);
    if (kept_ > kMaxKept) return false;
    if (parent.size++ > 0) out += ',';
    parent.last = step;
    if (parent.is_array) return true;
    parent.keys.push_back(step.key);
    out += '"';
    wire::append_escaped(out, step.key);
    out += "\":";
    return true;
}

bool PartialArguments::add(std::string_view path, std::string_view value, bool is_string, bool continues,
                           std::string& out) {
    if (refused_ || !parse(path)) return refuse();
    if (!open_string_.empty()) {
        const bool same = path_ == open_string_;
        if (same && !is_string) return refuse();
        if (same) wire::append_escaped(out, value);
        if (same && continues) return true;
        out += '"';
        open_string_.clear();
        if (same) return true;
    }
    if (open_.empty()) {
        open_.emplace_back();
        out += '{';
    }
    // Down the path as far as its containers are open, then open the others.
    std::size_t depth = 0;
    while (depth + 1 < open_.size() && depth + 1 < path_.size() && open_[depth].last == path_[depth])
        ++depth;
    close_down_to(depth + 1, out);
    for (;; ++depth) {
        if (!begin_child(open_[depth], path_[depth], out)) return refuse();
        if (depth + 1 == path_.size()) break;
        Container child;
        child.is_array = path_[depth + 1].is_index;
        out += child.is_array ? '[' : '{';
        open_.push_back(std::move(child));
    }
    if (!is_string) {
        out += value;
        return true;
    }
    out += '"';
    wire::append_escaped(out, value);
    if (continues)
        open_string_ = path_;
    else
        out += '"';
    return true;
}

void PartialArguments::close(std::string& out) {
    if (refused_) return;
    if (!open_string_.empty()) out += '"';
    close_down_to(0, out);
    reset();
}

}  // namespace sluice::adapters::gemini
