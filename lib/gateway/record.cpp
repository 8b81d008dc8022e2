#include "gateway/record.hpp"
