#include "gateway/yaml_tree.hpp"

#include "wire/json_writer.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace sluice::gateway {
namespace {

using Kind = YamlNode::Kind;

Place place_of(const YAML::Mark& mark) {
    Place place;
    if (mark.is_null()) return place;
    place.line = mark.line + 1;
    place.column = mark.column + 1;
    return place;
}

/// Ends the parse: what is wrong cannot be passed over.
struct Refused {
    std::string code;
    std::string path;
    Place place;
    std::string message;
    std::string suggestion;
};

/// Builds the tree from the parser's events. Why not YAML::Node: it keeps neither duplicates apart nor
/// aliases bounded, and knows no place for a key.
class TreeBuilder final : public YAML::EventHandler {
  public:
    explicit TreeBuilder(Findings& findings) : findings_(findings) {}

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        YamlNode node;
        node.place = place_of(mark);
        add(std::move(node), anchor);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        YamlNode node;
        node.kind = Kind::scalar;
        node.place = place_of(mark);
        node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
        if (!node.quoted) demand_no_tag(tag, node.place);
        node.text = value;
        node.size = 1 + value.size() / 32;
        add(std::move(node), anchor);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchored_.find(anchor);
        if (found == anchored_.end()) refuse("E013", place_of(mark), "an alias inside of what it stands for");
        spend(found->second.size, place_of(mark));
        YamlNode copy = found->second;
        // What is wrong with it is wrong where it is used: the alias is the place to look at.
        copy.place = place_of(mark);
        attach(std::move(copy));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        begin(Kind::list, mark, tag, anchor);
    }
    void OnSequenceEnd() override { end(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        begin(Kind::map, mark, tag, anchor);
    }
    void OnMapEnd() override { end(); }

    std::optional<YamlNode> take() { return std::exchange(root_, std::nullopt); }

  private:
    struct Open {
        YamlNode node;
        YAML::anchor_t anchor = 0;
        bool has_key = false;               // of a map: the value comes next
        bool is_repeated = false;           // that key has stood here before: the value is dropped
        std::map<std::string, Place> seen;  // the keys
    };

    std::string path() const {
        std::string path;
        for (const Open& open : open_) {
            if (open.node.kind == Kind::list)
                path = item_path(path, open.node.items.size());
            else if (open.has_key)
                path = key_path(path, open.node.keys.back().text);
        }
        return path;
    }

    [[noreturn]] void refuse(std::string_view code, Place place, std::string message,
                             std::string suggestion = {}) const {
        throw Refused{std::string(code), path(), place, std::move(message), std::move(suggestion)};
    }

    void demand_no_tag(const std::string& tag, Place place) const {
        constexpr std::string_view kStandard = "tag:yaml.org,2002:";
        if (tag.empty() || tag == "?" || tag == "!" || tag.starts_with(kStandard)) return;
        refuse("E013", place, "the tag " + quoted(tag) + " is not known", "leave it out");
    }

    void spend(std::size_t size, Place place) {
        spent_ += size;
        if (spent_ > kMaxYamlSize)
            refuse("E012", place, "the file holds more than a configuration may",
                   "at most " + std::to_string(kMaxYamlSize) +
                       " values, with aliases counted as what they stand for");
    }

    void begin(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        const Place place = place_of(mark);
        demand_no_tag(tag, place);
        spend(1, place);
        if (open_.size() >= kMaxYamlDepth)
            refuse("E012", place, "nested deeper than " + std::to_string(kMaxYamlDepth) + " levels");
        if (expects_key()) refuse_key(place);
        Open open;
        open.node.kind = kind;
        open.node.place = place;
        open.anchor = anchor;
        open_.push_back(std::move(open));
    }

    void end() {
        Open done = std::move(open_.back());
        open_.pop_back();
        keep(done.node, done.anchor);
        attach(std::move(done.node));
    }

    void add(YamlNode node, YAML::anchor_t anchor) {
        spend(node.size, node.place);
        keep(node, anchor);
        attach(std::move(node));
    }

    void keep(const YamlNode& node, YAML::anchor_t anchor) {
        if (anchor == YAML::NullAnchor) return;
        spend(node.size, node.place);
        anchored_[anchor] = node;
    }

    bool expects_key() const {
        return !open_.empty() && open_.back().node.kind == Kind::map && !open_.back().has_key;
    }

    [[noreturn]] void refuse_key(Place place) const {
        refuse("E004", place, "a key must be a plain text", "put it in quotes if it is one");
    }

    void attach(YamlNode node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        if (expects_key()) {
            take_key(std::move(node));
            return;
        }
        Open& parent = open_.back();
        parent.has_key = false;
        if (std::exchange(parent.is_repeated, false)) {
            parent.node.keys.pop_back();
            return;
        }
        parent.node.size += node.size;
        parent.node.items.push_back(std::move(node));
    }

    void take_key(YamlNode node) {
        if (node.kind != Kind::scalar) refuse_key(node.place);
        if (node.text == "<<" && !node.quoted)
            refuse("E013", node.place, "merge keys (<<) are not supported: they are not part of YAML 1.2",
                   "write the keys out, or put what all targets share into the blocks at the top level, "
                   "which they "
                   "inherit");
        Open& map = open_.back();
        const auto [first, is_new] = map.seen.emplace(node.text, node.place);
        map.node.keys.push_back(YamlKey{std::move(node.text), node.place});
        map.has_key = true;
        map.is_repeated = !is_new;
        if (!is_new)
            findings_.error("E003", path(), map.node.keys.back().place,
                            "this key stands here twice; the first is at line " +
                                std::to_string(first->second.line) + ", column " +
                                std::to_string(first->second.column),
                            "keep one of them");
    }

    Findings& findings_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, YamlNode> anchored_;
    std::size_t spent_ = 0;
    std::optional<YamlNode> root_;
};

/// What the parser would misread, or crash into later.
bool is_text(std::string_view text, Findings& findings) {
    if (text.size() > kMaxYamlBytes) {
        findings.error("E012", "", Place(),
                       "the file has " + std::to_string(text.size()) + " bytes; at most " +
                           std::to_string(kMaxYamlBytes) + " are read");
        return false;
    }
    const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
    });
    std::string valid;
    wire::append_valid_utf8(valid, text);
    if (has_control || valid != text) {
        findings.error("E001", "", Place(), "this is not text in UTF-8", "save the file as UTF-8");
        return false;
    }
    return true;
}

}  // namespace

std::optional<YamlNode> parse_yaml(std::string_view text, Findings& findings) {
    if (!is_text(text, findings)) return std::nullopt;
    std::optional<YamlNode> root;
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        TreeBuilder builder(findings);
        if (parser.HandleNextDocument(builder)) root = builder.take();
        if (!root || root->kind == Kind::null) {
            findings.error("E001", "", Place(), "the file is empty", "it begins with version: '1'");
            return std::nullopt;
        }
        TreeBuilder next(findings);
        if (parser.HandleNextDocument(next)) {
            const std::optional<YamlNode> second = next.take();
            findings.error("E013", "", second ? second->place : Place(),
                           "the file holds more than one document", "remove the line ---");
            return std::nullopt;
        }
    } catch (const Refused& refused) {
        findings.error(refused.code, refused.path, refused.place, refused.message, refused.suggestion);
        return std::nullopt;
    } catch (const YAML::Exception& error) {
        findings.error("E001", "", place_of(error.mark), "not valid YAML: " + error.msg);
        return std::nullopt;
    } catch (const std::runtime_error& error) {  // the parser's own, for what it did not foresee
        findings.error("E001", "", Place(), std::string("not valid YAML: ") + error.what());
        return std::nullopt;
    }
    return root;
}

}  // namespace sluice::gateway
