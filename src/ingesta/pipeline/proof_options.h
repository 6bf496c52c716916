// What the completeness proof may count on with a resource. Pure.
#pragma once

#include "ingesta/pipeline/completeness.h"
#include "ingesta/pipeline/stages.h"

namespace ingesta::pipeline {

ProofOptions ProofOptionsOf(const ResourceStages& stages);

}  // namespace ingesta::pipeline
