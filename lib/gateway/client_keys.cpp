#include "gateway/client_keys.hpp"
