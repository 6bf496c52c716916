// The concrete stages of one resource, behind their interfaces. builtin/ makes them; the pipeline only sees
// these.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingesta/base/object_store.h"
#include "ingesta/base/status.h"
#include "ingesta/catalog/catalog.h"
#include "ingesta/config/pipeline_spec.h"
#include "ingesta/decode/decoder.h"
#include "ingesta/format/format.h"
#include "ingesta/http/client.h"
#include "ingesta/source/source.h"
#include "ingesta/transform/row_builder.h"

namespace ingesta::pipeline {

/// A resource with an endpoint, and the resources that explode out of it.
struct ResourceTree {
  const config::ResourceSpec* resource = nullptr;
  std::vector<const config::ResourceSpec*> children;

  /// Dataset `index`: 0 the resource, then the children.
  const config::ResourceSpec& dataset(size_t index) const {
    return index == 0 ? *resource : *children[index - 1];
  }
  size_t size() const { return 1 + children.size(); }

  /// The trees of `pipeline`, in its order. They point into it.
  static std::vector<ResourceTree> AllOf(const config::PipelineSpec& pipeline);
};

struct ResourceStages {
  ResourceTree tree;
  std::unique_ptr<source::Source> source;
  std::unique_ptr<decode::Decoder> decoder;
  std::unique_ptr<transform::RowBuilder> rows;
  std::vector<std::vector<std::unique_ptr<format::Format>>> formats;  ///< by dataset
  std::vector<std::shared_ptr<arrow::Schema>> schemas;                ///< of the files, by dataset

  /// Whether files of `format` are written for dataset `index`.
  bool Writes(size_t index, std::string_view format) const;
};

class StageFactory {
 public:
  using OnRetry = std::function<void(const std::string& url, int attempt, Millis wait, const Status& cause)>;

  virtual ~StageFactory() = default;
  /// The client of a run; its retries are reported to `on_retry`.
  virtual Result<std::unique_ptr<http::Client>> MakeClient(
      const config::PipelineSpec& pipeline,
      std::function<void(const std::string& url, int attempt, Millis wait, const Status& cause)>
          on_retry) = 0;
  virtual Result<ResourceStages> MakeStages(const config::PipelineSpec& pipeline, const ResourceTree& tree,
                                            http::Client& client) = 0;
  /// The store that the pipeline or the environment names; on S3 this asks for the bucket.
  virtual Result<std::unique_ptr<ObjectStore>> MakeStore(const config::PipelineSpec& pipeline) = 0;
  /// The catalog that the pipeline or the environment names, over `store`, which outlives it.
  virtual Result<std::unique_ptr<catalog::Catalog>> MakeCatalog(const config::PipelineSpec& pipeline,
                                                                ObjectStore& store) = 0;
  /// What to call that store when it can't be made: `s3://bucket` or the local root.
  virtual std::string StoreUri(const config::PipelineSpec& pipeline) const = 0;
};

}  // namespace ingesta::pipeline
