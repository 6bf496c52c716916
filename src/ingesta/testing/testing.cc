#include "ingesta/testing/fake_clock.h"
