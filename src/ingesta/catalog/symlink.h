// `<dataset>_csv_actual`: a SymlinkTextInputFormat table's folder holds one text file that names the newest
// run's objects. One write switches readers from the run before to this one. Stateless.
#pragma once

#include <string>

#include "ingesta/base/object_store.h"
#include "ingesta/catalog/catalog.h"

namespace ingesta::catalog {

/// `symlink/<dataset>/symlink.txt`.
std::string SymlinkKey(const std::string& dataset);

/// Point the dataset's symlink file at its CSV files of this run, if it has any.
Status SwitchSymlink(const DatasetVersion& dataset, ObjectStore& store);

}  // namespace ingesta::catalog
