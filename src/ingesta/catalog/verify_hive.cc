// What Glue has registered of a dataset, against what its files are (see verify_tables.h).
#include <fmt/format.h>

#include <map>

#include "ingesta/aws/glue.h"
#include "ingesta/catalog/glue/hive_tables.h"
#include "ingesta/catalog/hive_lake.h"
#include "ingesta/catalog/lake_history.h"
#include "ingesta/catalog/verify_tables.h"

namespace ingesta::catalog {
namespace {

constexpr const char* kRegister = "the next run registers it; `ingesta resume` if that run was cut off";

std::string WithoutSlash(std::string location) {
  while (location.ends_with('/')) location.pop_back();
  return location;
}

class HiveVerifier {
 public:
  HiveVerifier(const DatasetHistory& history, const ObjectIndex& objects, ObjectStore& store,
               const LakeAccess& access, TablesCheck& check)
      : history_(history), objects_(objects), store_(store), access_(access), check_(check) {}

  Status Run();

 private:
  void Add(FindingKind kind, const std::string& object, std::string meaning, std::string advice) {
    check_.findings.push_back(
        {kind, history_.pipeline, history_.dataset.name, object, std::move(meaning), std::move(advice)});
  }
  Status CheckPartitions(const aws::GlueTable& table, const HiveDataset& hive);
  void CheckRegistered(const std::string& table, const std::string& value, const std::string& location);

  const DatasetHistory& history_;
  const ObjectIndex& objects_;
  ObjectStore& store_;
  const LakeAccess& access_;
  TablesCheck& check_;
};

// A partition in Glue whose folder is empty reads as no rows, with no error.
void HiveVerifier::CheckRegistered(const std::string& table, const std::string& value,
                                   const std::string& location) {
  const auto prefix = store_.KeyOf(location);
  if (prefix && objects_.HasPrefix(*prefix)) return;
  Add(FindingKind::kHole, fmt::format("{}.{} partition {}", access_.database, table, value),
      fmt::format("it points at {}, where there is no file: its rows are not seen", location),
      "put the files back, or drop the partition in Glue");
}

Status HiveVerifier::CheckPartitions(const aws::GlueTable& table, const HiveDataset& hive) {
  ARROW_ASSIGN_OR_RAISE(const auto partitions,
                        RegisteredPartitions(*access_.glue, access_.database, table.name));
  std::map<std::string, std::string> there;
  for (const aws::GluePartition& partition : partitions) {
    if (partition.values.empty()) continue;
    there[partition.values.front()] = partition.storage.location;
    CheckRegistered(table.name, partition.values.front(), partition.storage.location);
  }
  for (const HivePartition& wanted : hive.partitions) {
    const auto found = there.find(wanted.value);
    const std::string name = fmt::format("{}.{} partition {}", access_.database, table.name, wanted.value);
    if (found == there.end()) {
      Add(FindingKind::kHole, name, "it is not in Glue: its rows are not seen", kRegister);
    } else if (WithoutSlash(found->second) != WithoutSlash(wanted.location) && !history_.switching()) {
      Add(FindingKind::kHole, name,
          fmt::format("it points at {}, the newest files are in {}", found->second, wanted.location),
          kRegister);
    }
  }
  return Status::OK();
}

Status HiveVerifier::Run() {
  const HiveDataset hive = HiveDatasetOf(CurrentVersion(history_), store_);
  if (hive.formats.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto tables, HiveTables(hive, access_.database));
  for (const aws::GlueTable& wanted : tables) {
    ARROW_ASSIGN_OR_RAISE(const auto table, access_.glue->GetTable(access_.database, wanted.name));
    const std::string name = access_.database + "." + wanted.name;
    if (!table) {
      Add(FindingKind::kHole, name, "it is not in Glue: queries do not find it", kRegister);
      continue;
    }
    ++check_.tables;
    if (WithoutSlash(table->storage.location) != WithoutSlash(wanted.storage.location)) {
      Add(FindingKind::kHole, name,
          fmt::format("it points at '{}', the files are in '{}'", table->storage.location,
                      wanted.storage.location),
          kRegister);
    }
    if (!wanted.partition_keys.empty()) ARROW_RETURN_NOT_OK(CheckPartitions(wanted, hive));
  }
  return Status::OK();
}

}  // namespace

Status VerifyHive(const DatasetHistory& history, const ObjectIndex& objects, ObjectStore& store,
                  const LakeAccess& access, TablesCheck& check) {
  return HiveVerifier(history, objects, store, access, check).Run();
}

}  // namespace ingesta::catalog
