#include <sluice/gateway.hpp>
