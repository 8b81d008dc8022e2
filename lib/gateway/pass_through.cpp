#include "gateway/pass_through.hpp"
