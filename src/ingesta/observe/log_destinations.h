// Where log lines go beside stderr, chosen by text: `cloudwatch:GROUP`, `syslog[:SOCKET]`,
// `journald[:SOCKET]`, with commas between.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ingesta/observe/log_shipper.h"
#include "ingesta/observe/metric_sinks.h"

namespace ingesta::observe {

/// kUsage for what is no destination, with those that there are. `text` may be empty.
Result<std::vector<std::unique_ptr<LogDestination>>> MakeLogDestinations(const std::string& text,
                                                                         const SinkContext& context);

/// journald's native protocol: fields as `NAME=value`, or with the value's length where it has line feeds
/// (systemd: JOURNAL_NATIVE_PROTOCOL). The line's fields are `INGESTA_<NAME>`.
std::string JournalDatagram(const LogLine& line);
/// What syslog(3) writes into /dev/log (RFC 3164), facility user.
std::string SyslogDatagram(const LogLine& line);

}  // namespace ingesta::observe
