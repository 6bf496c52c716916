// Makes the stages that a pipeline names out of the registered kinds.
#pragma once

#include <memory>
#include <vector>

#include "ingesta/format/format.h"
#include "ingesta/http/auth.h"
#include "ingesta/pipeline/toolbox.h"
#include "ingesta/source/paginator.h"

namespace ingesta::builtin {

struct Kinds {
  std::vector<source::PaginatorKind> paginators;
  std::vector<http::AuthKind> auths;
  std::vector<format::FormatKind> formats;
};

/// `kinds` outlives the factory.
std::unique_ptr<pipeline::StageFactory> MakeStageFactory(const Kinds& kinds,
                                                         pipeline::FactoryContext context);

}  // namespace ingesta::builtin
