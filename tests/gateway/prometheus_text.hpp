// A strict reader of Prometheus' text format 0.0.4, for tests: what it takes, every scraper takes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::tests {

class PrometheusText {
  public:
    using Labels = std::map<std::string, std::string>;

    explicit PrometheusText(std::string_view text) {
        if (!text.empty() && text.back() != '\n') fail("the last line has no end", "");
        while (!text.empty() && error_.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(line.size() + 1);
            if (line.empty()) continue;
            if (line.front() == '#')
                comment(line);
            else
                sample(line);
        }
        if (error_.empty()) check_histograms();
    }

    const std::string& error() const { return error_; }

    double value(const std::string& name, const Labels& labels) const {
        const auto found = samples_.find({name, labels});
        return found != samples_.end() ? found->second : std::numeric_limits<double>::quiet_NaN();
    }
    /// Of a sample as the format spells it, its labels in any order: name{a="b"}.
    double value(std::string_view spelt) const {
        PrometheusText reader;
        std::string name;
        Labels labels;
        return reader.take_series(spelt, name, labels) && spelt.empty()
                   ? value(name, labels)
                   : std::numeric_limits<double>::quiet_NaN();
    }
    std::size_t samples_of(std::string_view name) const {
        std::size_t count = 0;
        for (const auto& sample : samples_)
            count += sample.first.first == name;
        return count;
    }

  private:
    PrometheusText() = default;

    void fail(std::string_view why, std::string_view line) {
        if (error_.empty()) error_.append(why).append(": ").append(line);
    }

    static bool is_name(std::string_view name, bool colons) {
        if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
        for (const char c : name) {
            const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
            if (!is_letter && !(c >= '0' && c <= '9') && !(colons && c == ':')) return false;
        }
        return true;
    }

    void comment(std::string_view line) {
        const bool is_help = line.starts_with("# HELP ");
        if (!is_help && !line.starts_with("# TYPE ")) return fail("neither HELP nor TYPE", line);
        const std::string_view rest = line.substr(7);
        const std::string name(rest.substr(0, rest.find(' ')));
        if (!is_name(name, true) || rest.size() == name.size()) return fail("no metric's name", line);
        const std::string_view what = rest.substr(name.size() + 1);
        if (is_help) {
            for (std::size_t i = 0; i < what.size(); ++i)
                if (what[i] == '\\' && (++i == what.size() || (what[i] != '\\' && what[i] != 'n')))
                    return fail("a bad escape", line);
            if (!helped_.insert(name).second) return fail("a second HELP", line);
            return;
        }
        if (what != "counter" && what != "gauge" && what != "histogram") return fail("no type", line);
        if (!types_.emplace(name, what).second) return fail("a second TYPE", line);
        if (what == "counter" && !name.ends_with("_total")) return fail("a counter without _total", line);
        family_ = name;
    }

    bool take_text(std::string_view& line, std::string& text) {
        if (line.empty() || line.front() != '"') return false;
        line.remove_prefix(1);
        while (!line.empty() && line.front() != '"') {
            char c = line.front();
            line.remove_prefix(1);
            if (c == '\\') {
                if (line.empty()) return false;
                c = line.front();
                line.remove_prefix(1);
                if (c == 'n')
                    c = '\n';
                else if (c != '\\' && c != '"')
                    return false;
            }
            text += c;
        }
        if (line.empty()) return false;
        line.remove_prefix(1);
        return true;
    }

    bool take_series(std::string_view& line, std::string& name, Labels& labels) {
        name = line.substr(0, line.find_first_of("{ "));
        line.remove_prefix(name.size());
        if (!is_name(name, true)) return false;
        if (line.empty() || line.front() != '{') return true;
        do {
            line.remove_prefix(1);
            const std::string label(line.substr(0, line.find('=')));
            if (!is_name(label, false) || label.starts_with("__") || line.size() == label.size())
                return false;
            line.remove_prefix(label.size() + 1);
            std::string text;
            if (!take_text(line, text) || !labels.emplace(label, text).second || line.empty()) return false;
        } while (line.front() == ',');
        if (line.front() != '}') return false;
        line.remove_prefix(1);
        return true;
    }

    void sample(std::string_view line) {
        std::string_view rest = line;
        std::string name;
        Labels labels;
        if (!take_series(rest, name, labels) || rest.empty() || rest.front() != ' ')
            return fail("not a sample", line);
        const std::string number(rest.substr(1));
        char* end = nullptr;
        const double value = std::strtod(number.c_str(), &end);
        if (number.empty() || *end != '\0' || std::isnan(value)) return fail("not a number", line);
        const auto type = types_.find(family_);
        if (type == types_.end() || !helped_.contains(family_)) return fail("before its TYPE and HELP", line);
        const bool is_histogram = type->second == "histogram";
        const std::string_view suffix = std::string_view(name).substr(std::min(name.size(), family_.size()));
        const bool belongs =
            name.starts_with(family_) &&
            (is_histogram ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count" : suffix.empty());
        if (!belongs) return fail("not of the family before it", line);
        if (type->second != "gauge" && value < 0) return fail("below zero", line);
        if (!samples_.emplace(std::pair(name, labels), value).second) return fail("a second time", line);
        if (is_histogram && suffix == "_bucket") {
            const auto le = labels.find("le");
            if (le == labels.end()) return fail("a bucket without le", line);
            const double bound = le->second == "+Inf" ? std::numeric_limits<double>::infinity()
                                                      : std::strtod(le->second.c_str(), nullptr);
            labels.erase("le");
            buckets_[{family_, labels}][bound] = value;
        }
    }

    void check_histograms() {
        for (const auto& [series, buckets] : buckets_) {
            double before = 0;
            for (const auto& bucket : buckets) {
                if (bucket.second < before) return fail("buckets that fall", series.first);
                before = bucket.second;
            }
            const double count = value(series.first + "_count", series.second);
            if (!std::isinf(buckets.rbegin()->first) || before != count ||
                std::isnan(value(series.first + "_sum", series.second)))
                return fail("a histogram that does not add up", series.first);
        }
    }

    std::string error_;
    std::string family_;
    std::map<std::string, std::string, std::less<>> types_;
    std::set<std::string, std::less<>> helped_;
    std::map<std::pair<std::string, Labels>, double> samples_;
    std::map<std::pair<std::string, Labels>, std::map<double, double>> buckets_;
};

}  // namespace sluice::tests
