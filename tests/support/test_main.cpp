// The one translation unit with Boost.Test's main.
#define BOOST_TEST_MODULE sluice
#include <boost/test/unit_test.hpp>
