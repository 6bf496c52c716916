// The one place that knows every concrete kind. Passed to main; nothing registers itself.
#pragma once

#include "ingesta/pipeline/toolbox.h"

namespace ingesta::builtin {

const pipeline::Toolbox& RegisterAll();

}  // namespace ingesta::builtin
