#include "ingesta/commands/one_page.h"

#include <arrow/record_batch.h>

#include <utility>

namespace ingesta::commands {

Result<OnePage> FetchOnePage(const config::PipelineSpec& pipeline, const pipeline::ResourceTree& tree,
                             pipeline::StageFactory& factory, http::Client& client) {
  OnePage result;
  ARROW_ASSIGN_OR_RAISE(result.stages, factory.MakeStages(pipeline, tree, client));
  pipeline::ResourceStages& stages = result.stages;
  RETURN_NOT_OK(stages.source->Start({.pass = 1, .max_pages = 1}));
  ARROW_ASSIGN_OR_RAISE(std::optional<Page> page, stages.source->Next());
  if (!page.has_value()) {
    ARROW_ASSIGN_OR_RAISE(result.batches, stages.rows->Finish(std::make_shared<std::string>()));
    return result;
  }
  stages.rows->BeginPage(page->index);
  ARROW_ASSIGN_OR_RAISE(decode::DecodedPage decoded,
                        stages.decoder->Decode(*page, stages.rows->fields(), *stages.rows));
  result.facts = decoded.facts;
  result.records = decoded.records;
  ARROW_ASSIGN_OR_RAISE(result.batches, stages.rows->Finish(std::move(decoded.buffer)));
  return result;
}

}  // namespace ingesta::commands
