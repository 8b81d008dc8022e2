#include "gateway/server.hpp"
