#include "wire/json_members.hpp"

#include "wire/plain_text.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory_resource>

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
        : out_(out),
          admit_(admit),
          at_(text.data()),
          end_(text.data() + text.size()),
          unambiguous_(unambiguous) {}

    bool scan() {
        skip_space();
        if (peek() != '{') return false;
        out_.members_.reserve(kUsualMembers);
        open_.reserve(kUsualDepth);
        if (unambiguous_) keys_.reserve(kUsualKeys);
        ++at_;
        out_.front_ = {at_, 0};
        if (!enter('}')) return false;
        while (!open_.empty())
            if (!take_element()) return false;
        return at_ == end_;
    }

  private:
    struct Container {
        char end;               // the bracket that closes it
        std::size_t first_key;  // of its keys, in keys_
    };

    char peek() const noexcept { return at_ != end_ ? *at_ : '\0'; }
    void skip_space() noexcept {
        while (at_ != end_ && is_blank(*at_))
            ++at_;
    }

    /// From just behind a container's opening to its first element, or, if it has none, to the next one.
    bool enter(char end) {
        if (open_.size() == kMaxDepth) return false;
        open_.push_back({end, keys_.size()});
        skip_space();
        return peek() != end || go_on();
    }

    /// From where an element ends to the next one, or to the end of the text.
    bool go_on() {
        for (skip_space(); !open_.empty() && peek() == open_.back().end; skip_space())
            if (!close()) return false;
        if (open_.empty()) return true;
        if (peek() != ',') return false;
        ++at_;
        skip_space();
        return true;
    }

    bool take_element() {
        const bool is_member = open_.back().end == '}';
        const bool is_outermost = open_.size() == 1;
        JsonMember member;
        if (is_member && !read_key(member)) return false;
        const char* const begin = at_;
        const char first = peek();
        const bool is_container = first == '{' || first == '[';
        if (is_container)
            ++at_;  // close() has the rest
        else if (first == '"' ? !skip_string() : !skip_word())
            return false;
        member.value = {begin, at_};
        if (is_member && admit_ && !admit_(member.key, member.value)) return false;
        if (is_outermost) out_.members_.push_back(member);
        return is_container ? enter(first == '{' ? '}' : ']') : go_on();
    }

    bool close() {
        const Container in = open_.back();
        open_.pop_back();
        ++at_;
        if (open_.size() == 1) {
            JsonMember& member = out_.members_.back();
            member.value = {member.value.data(), at_};
        }
        const bool is_clear = !unambiguous_ || !has_key_twice(in.first_key);
        keys_.resize(in.first_key);
        return is_clear;
    }

    bool read_key(JsonMember& member) {
        const char* const begin = at_;
        if (peek() != '"') return false;
        // Nearly all keys are short and plain.
        const char* const quote = begin + 1 + plain_front({begin + 1, end_});
        const bool is_whole = quote != end_ && *quote == '"';
        if (is_whole)
            at_ = quote + 1;
        else if (!skip_string())
            return false;
        member.key_text = {begin, at_};
        member.key = {begin + 1, at_ - 1};
        if (!is_whole && !unescape(member.key, out_.arena_, member.key)) return false;
        if (unambiguous_) keys_.push_back(member.key);
        skip_space();
        if (peek() != ':') return false;
        ++at_;
        skip_space();
        return true;
    }

    bool skip_string() noexcept {
        const std::size_t size = end_of_string({at_, end_}, 0);
        if (size == std::string_view::npos) return false;
        at_ += size;
        return true;
    }

    /// A number, true, false or null.
    bool skip_word() noexcept {
        const char* const begin = at_;
        const auto is_part = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
                   c == '.';
        };
        while (at_ != end_ && is_part(*at_))
            ++at_;
        return at_ != begin;
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
    const char* at_;
    const char* end_;
    bool unambiguous_;
    // What most texts need is on the stack.
    static constexpr std::size_t kUsualDepth = 8;
    static constexpr std::size_t kUsualKeys = 32;
    alignas(std::string_view)
        std::array<std::byte, kUsualDepth * sizeof(Container) + kUsualKeys * sizeof(std::string_view)> usual_;
    std::pmr::monotonic_buffer_resource memory_{usual_.data(), usual_.size()};
    std::pmr::vector<Container> open_{&memory_};
    std::pmr::vector<std::string_view> keys_{&memory_};  // of the open objects, innermost last
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
    constexpr std::size_t kUsualEdits = 4;
    edits_.reserve(kUsualEdits);
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
