// 4. Who is to be billed for what: each failed leg by the hook, the answer by who answered. Money is whole
// pico-USD.
#include "service.hpp"

#include <map>

namespace {

class Bill {
  public:
    void add(const std::string& provider, const std::optional<sluice::Usage>& usage,
             const sluice::Price& price) {
        const std::optional<sluice::PicoUsd> cost = usage ? sluice::cost_of(*usage, price) : std::nullopt;
        if (cost)
            known_[provider] = known_[provider] + *cost;
        else
            ++unknown_[provider];  // a failed attempt may have cost money too: unknown is not zero
    }
    void print() const {
        for (const auto& [provider, cost] : known_)
            std::cout << provider << ": " << sluice::to_string(cost) << '\n';
        for (const auto& [provider, count] : unknown_)
            std::cout << provider << ": " << count << " attempt(s) of unknown cost\n";
    }

  private:
    std::map<std::string, sluice::PicoUsd> known_;
    std::map<std::string, int> unknown_;
};

sluice::ModelSpec priced(std::string model) {
    sluice::ModelSpec spec("", std::move(model));
    spec.price.input = sluice::Price::per_million("1.25");
    spec.price.cached_input = sluice::Price::per_million("0.125");
    spec.price.output = sluice::Price::per_million("10.00");
    return spec;
}

}  // namespace

asio::awaitable<void> billing_hook(example::Service& service) {
    Bill bill;
    sluice::BoundModel primary = service.provider("primary").model(priced(service.model_or("sim-503")));
    sluice::BoundModel fallback = service.provider("fallback").model(priced(service.model_id()));
    sluice::FallbackBoundModel model{
        {primary, fallback}, {.on_failover = [&bill](const sluice::Failover& failover) {
            bill.add(failover.failed.provider_id, failover.record.usage, failover.failed.price);
        }}};

    sluice::AssistantMessage answer = co_await model.generate("Capital of Mongolia?");
    std::cout << answer.text() << '\n';
    const sluice::BoundModel& who = answer.provider_id == "primary" ? primary : fallback;
    bill.add(answer.provider_id, answer.usage, who.spec().price);
    bill.print();
}

int main() {
    return example::run(billing_hook);
}
