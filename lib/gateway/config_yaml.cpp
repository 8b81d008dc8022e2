#include <sluice/gateway_config.hpp>
