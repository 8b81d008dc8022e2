// Everything a user of the library needs, in one include. Each header also stands alone.
#pragma once

#include <sluice/attempt.hpp>
#include <sluice/bound_model.hpp>
#include <sluice/clock.hpp>
#include <sluice/config.hpp>
#include <sluice/connector.hpp>
#include <sluice/deadlines.hpp>
#include <sluice/entropy.hpp>
#include <sluice/error.hpp>
#include <sluice/event.hpp>
#include <sluice/fallback.hpp>
#include <sluice/log.hpp>
#include <sluice/message.hpp>
#include <sluice/model_spec.hpp>
#include <sluice/money.hpp>
#include <sluice/openai.hpp>
#include <sluice/request.hpp>
#include <sluice/result.hpp>
#include <sluice/round_loop.hpp>
#include <sluice/runtime.hpp>
#include <sluice/token_stream.hpp>
#include <sluice/usage.hpp>
