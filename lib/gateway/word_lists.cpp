#include "gateway/policies.hpp"
