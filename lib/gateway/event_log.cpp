#include "gateway/event_log.hpp"
