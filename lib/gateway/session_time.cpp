// A connection's deadlines.
#include "gateway/session.hpp"

#include "net/tcp_listener.hpp"

namespace sluice::gateway {

// Deadlines move at every turn, nearly always to later: that is a store. The timer is set again when it has
// rung too early.
void Session::expect_by(TimePoint when) {
    deadline_ = when;
    if (when >= armed_for_ || closed_) return;
    armed_for_ = when;
    timer_->arm(when);
}

void Session::expect_within(Duration limit) {
    const TimePoint now = server_->clock->now();
    expect_by(limit > kNever - now ? kNever : now + limit);
}

void Session::on_ring() {
    armed_for_ = kNever;
    if (closed_) return;
    if (server_->clock->now() < deadline_) return expect_by(deadline_);
    deadline_ = kNever;
    if (writing_ || beating_) {
        net::set_reset_on_close(*connection_);  // or the kernel would hold what it never took
        return end(Cut::slow_client);
    }
    switch (phase_) {
        case Phase::reading:
            if (part_ == wire::RequestDecoder::Part::none) return close();
            timed_out_ = true;
            changed_.notify();
            break;
        case Phase::serving:
            if (reply_ == ReplyState::streaming && in_service_) {
                server_->tasks.spawn(server_->executor, beat(shared_from_this()));
            } else {
                close();
            }
            break;
        case Phase::discarding:
            close();
            break;
    }
}

}  // namespace sluice::gateway
