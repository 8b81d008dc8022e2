#include "testing/script.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace sluice::testing {

bool Script::Step::is_terminal() const noexcept {
    if (const auto* event = as<OwnedEvent>()) return event->view().is_terminal();
    return as<Fail>() != nullptr;
}

Script::Script() = default;

Script& Script::add(Step step) {
    const bool ended =
        std::any_of(steps_.begin(), steps_.end(), [](const auto& earlier) { return earlier->is_terminal(); });
    if (ended && step.as<Step::Batch>() == nullptr)
        throw std::invalid_argument("a script has one end, as its last step");
    steps_.push_back(std::make_shared<const Step>(std::move(step)));
    return *this;
}

Script& Script::text(std::string what) {
    return add(Step(OwnedEvent(TextDelta{what})));
}

Script& Script::reasoning(std::string what) {
    return add(Step(OwnedEvent(ReasoningDelta{what, {}})));
}

Script& Script::tool_call(std::string id, std::string name, std::string arguments) {
    const std::uint32_t index = tool_calls_++;
    add(Step(OwnedEvent(ToolCallStart{index, id, name})));
    if (!arguments.empty()) add(Step(OwnedEvent(ToolCallDelta{index, arguments})));
    return add(Step(OwnedEvent(ToolCallEnd{index})));
}

Script& Script::extension(std::string name, std::string json) {
    return add(Step(OwnedEvent(Extension{name, json})));
}

Script& Script::finish(StopReason reason, std::optional<Usage> usage) {
    return add(Step(OwnedEvent(Finish{reason, to_string(reason), usage})));
}

Script& Script::fail(ErrorKind kind, std::string message) {
    const bool first = std::none_of(steps_.begin(), steps_.end(), [](const auto& step) {
        return step->template as<OwnedEvent>() != nullptr || step->template as<Step::Repeat>() != nullptr;
    });
    return fail(ErrorInfo(kind, first ? Phase::first_event : Phase::stream, std::move(message)));
}

Script& Script::fail(ErrorInfo error) {
    return add(Step(Step::Fail{std::move(error), false}));
}

Script& Script::fail_open(ErrorKind kind, std::string message) {
    return fail_open(ErrorInfo(kind, Phase::headers, std::move(message)));
}

Script& Script::fail_open(ErrorInfo error) {
    for (const auto& step : steps_) {
        if (step->as<OwnedEvent>() != nullptr || step->as<Step::Repeat>() != nullptr) {
            throw std::invalid_argument("a script that fails to open has no events");
        }
    }
    return add(Step(Step::Fail{std::move(error), true}));
}

Script& Script::delay(Duration how_long) {
    return add(Step(Step::Delay{how_long}));
}

Script& Script::hang() {
    return add(Step(Step::Hang{}));
}

Script& Script::batch() {
    return add(Step(Step::Batch{}));
}

Script& Script::repeat_text(std::string what, std::size_t times, std::size_t per_batch) {
    if (per_batch == 0) throw std::invalid_argument("a batch has at least one event");
    return add(Step(Step::Repeat{OwnedEvent(TextDelta{what}), times, per_batch}));
}

Performance::Performance(const Script& script, std::string_view provider, std::string_view model)
    : steps_(script.steps()) {
    const auto owned = [&](ErrorInfo error) {
        error.provider = provider;
        error.model = model;
        return error;
    };
    std::vector<StreamEvent> loose;  // events that no batch() has claimed yet
    const auto flush_each = [&] {
        for (const StreamEvent& event : loose)
            add_events({event});
        loose.clear();
    };
    for (const auto& step : steps_) {
        if (const auto* event = step->as<OwnedEvent>()) {
            loose.push_back(event->view());
        } else if (const auto* fail = step->as<Script::Step::Fail>()) {
            if (fail->open) {
                open_error_ = owned(fail->error);
            } else {
                errors_.push_back(std::make_unique<const ErrorInfo>(owned(fail->error)));
                loose.emplace_back(Failure{errors_.back().get()});
            }
        } else if (step->as<Script::Step::Batch>() != nullptr) {
            if (!loose.empty()) add_events(std::exchange(loose, {}));
        } else if (const auto* repeat = step->as<Script::Step::Repeat>()) {
            flush_each();
            const std::size_t rest = repeat->times % repeat->per_batch;
            add_events(std::vector<StreamEvent>(repeat->per_batch, repeat->event.view()),
                       repeat->times / repeat->per_batch);
            add_events(std::vector<StreamEvent>(rest, repeat->event.view()));
        } else {
            flush_each();
            const auto* delay = step->as<Script::Step::Delay>();
            Act& act = acts_.emplace_back();
            act.kind = delay != nullptr ? Act::Kind::delay : Act::Kind::hang;
            act.delay = delay != nullptr ? delay->how_long : Duration::zero();
        }
    }
    flush_each();
}

void Performance::add_events(std::vector<StreamEvent> events, std::size_t rounds) {
    if (events.empty() || rounds == 0) return;
    Act& act = acts_.emplace_back();
    act.events = std::move(events);
    act.rounds = rounds;
}

}  // namespace sluice::testing
