#include "wire/json_members.hpp"

#include <algorithm>
#include <functional>

namespace sluice::wire {
namespace {

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
constexpr char folded(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
/// Order of keys, case aside.
bool is_before(std::string_view a, std::string_view b) noexcept {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](char x, char y) { return folded(x) < folded(y); });
}
bool is_same(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return folded(x) == folded(y); });
}

}  // namespace

class JsonMembers::Scanner {
  public:
    Scanner(JsonMembers& out, std::string_view text, const Admit& admit, bool unambiguous)
        : out_(out), admit_(admit), text_(text), unambiguous_(unambiguous) {}

    bool scan() {
        skip_space();
        if (peek() != '{') return false;
        // One allocation each for most texts, not one for each doubling.
        out_.members_.reserve(16);
        open_.reserve(8);
        if (unambiguous_) keys_.reserve(32);
        open();
        out_.front_ = text_.substr(at_, 0);
        while (!open_.empty())
            if (!step()) return false;
        skip_space();
        return at_ == text_.size();
    }

  private:
    struct Container {
        char end;                  // the bracket that closes it
        std::size_t first_key;     // of its keys, in keys_
        bool is_empty = true;      // nothing has come yet
        bool after_comma = false;  // so something must come
    };

    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_space() noexcept {
        while (at_ < text_.size() && is_blank(text_[at_]))
            ++at_;
    }

    void open() {
        open_.push_back({text_[at_] == '{' ? '}' : ']', keys_.size()});
        ++at_;
    }

    /// A comma, a bracket, or an element up to its end or the opening of its container.
    bool step() {
        Container& in = open_.back();
        skip_space();
        const char next = peek();
        if (next == in.end && !in.after_comma) return close();
        if (!in.is_empty && !in.after_comma) {
            in.after_comma = next == ',';
            ++at_;
            return in.after_comma;
        }
        in.is_empty = in.after_comma = false;
        std::string_view key;
        const bool is_member = in.end == '}';
        const bool is_outermost = open_.size() == 1;
        if (is_member && !read_key(key, is_outermost)) return false;
        const std::size_t begin = at_;
        const char first = peek();
        if (first == '{' || first == '[') {
            if (open_.size() == kMaxDepth) return false;
            open();
        } else if (first == '"' ? !skip_string() : !skip_word()) {
            return false;
        }
        // Of a container that is its opening only; close() has the rest.
        const std::string_view value = text_.substr(begin, at_ - begin);
        if (is_outermost) out_.members_.back().value = value;
        return !is_member || !admit_ || admit_(key, value);
    }

    bool close() {
        const Container in = open_.back();
        open_.pop_back();
        ++at_;
        if (open_.size() == 1) {
            JsonMember& member = out_.members_.back();
            member.value = {member.value.data(),
                            static_cast<std::size_t>(text_.data() + at_ - member.value.data())};
        }
        const bool is_clear = !unambiguous_ || !has_key_twice(in.first_key);
        keys_.resize(in.first_key);
        return is_clear;
    }

    bool read_key(std::string_view& key, bool is_outermost) {
        const std::size_t begin = at_;
        if (peek() != '"') return false;
        // Nearly all keys are short and plain.
        std::size_t end = begin + 1;
        while (end < text_.size() && text_[end] != '"' && text_[end] != '\\')
            ++end;
        const bool is_plain = end < text_.size() && text_[end] == '"';
        if (is_plain)
            at_ = end + 1;
        else if (!skip_string())
            return false;
        const std::string_view quoted = text_.substr(begin, at_ - begin);
        key = quoted.substr(1, quoted.size() - 2);
        if (!is_plain && !unescape(key, out_.arena_, key)) return false;
        if (unambiguous_) keys_.push_back(key);
        skip_space();
        if (peek() != ':') return false;
        ++at_;
        skip_space();
        if (is_outermost) out_.members_.push_back({key, quoted, {}});
        return true;
    }

    bool skip_string() noexcept {
        const std::size_t end = end_of_string(text_, at_);
        if (end == std::string_view::npos) return false;
        at_ = end;
        return true;
    }

    /// A number, true, false or null.
    bool skip_word() noexcept {
        const std::size_t begin = at_;
        const auto is_part = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
                   c == '.';
        };
        while (at_ < text_.size() && is_part(text_[at_]))
            ++at_;
        return at_ > begin;
    }

    bool has_key_twice(std::size_t first) {
        constexpr std::ptrdiff_t kFew = 16;
        const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
        if (keys_.end() - begin <= kFew) {  // mostly of different lengths: to compare each with each is less
            for (auto one = begin; one != keys_.end(); ++one)
                for (auto other = begin; other != one; ++other)
                    if (is_same(*one, *other)) return true;
            return false;
        }
        std::sort(begin, keys_.end(), is_before);
        return std::adjacent_find(begin, keys_.end(), is_same) != keys_.end();
    }

    JsonMembers& out_;
    const Admit& admit_;
    std::string_view text_;
    bool unambiguous_;
    std::size_t at_ = 0;
    std::vector<Container> open_;
    std::vector<std::string_view> keys_;  // of the open objects, innermost last
};

bool JsonMembers::read(std::string_view text, const Admit& admit) {
    return scan(text, admit, false);
}

bool JsonMembers::read_unambiguous(std::string_view text, const Admit& admit) {
    return scan(text, admit, true);
}

bool JsonMembers::scan(std::string_view text, const Admit& admit, bool unambiguous) {
    members_.clear();
    arena_.reset();
    front_ = {};
    return Scanner(*this, text, admit, unambiguous).scan();
}

const JsonMember* JsonMembers::find(std::string_view key) const noexcept {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const JsonMember& member) { return member.key == key; });
    return found == members_.end() ? nullptr : &*found;
}

// They are few: kept in the order in which they are applied.
void TextEdits::replace(std::string_view part, std::string with) {
    const auto comes_first = [](const Edit& a, const Edit& b) {
        if (a.part.data() != b.part.data()) return std::less<>()(a.part.data(), b.part.data());
        return a.part.empty() && !b.part.empty();  // an insertion comes before what begins there
    };
    Edit edit{part, std::move(with)};
    const auto place = std::upper_bound(edits_.begin(), edits_.end(), edit, comes_first);
    edits_.insert(place, std::move(edit));
}

std::string TextEdits::apply(std::string_view text) {
    std::size_t size = text.size();
    for (const Edit& edit : edits_)
        size += edit.with.size() - edit.part.size();
    std::string out;
    out.reserve(size);
    const char* from = text.data();
    for (const Edit& edit : edits_) {
        out.append(from, edit.part.data()).append(edit.with);
        from = edit.part.data() + edit.part.size();
    }
    out.append(from, text.data() + text.size());
    edits_.clear();
    return out;
}

}  // namespace sluice::wire
