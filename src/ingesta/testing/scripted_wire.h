// The wire side of the scripted server: one connection's bytes, plain or TLS, requests read and answers
// written as scripted. Used by one connection thread, but for Abort().
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ingesta/testing/scripted_server.h"

namespace ingesta::testing {

/// A connected socket, owned.
class Channel {
 public:
  explicit Channel(int fd) : fd_(fd) {}
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Do the TLS handshake. False: the peer refused.
  bool Accept(SSL_CTX* context);
  /// False at the end of the stream or on an error.
  bool ReadMore(std::string& buffer);
  bool Write(std::string_view bytes);
  /// Close with RST instead of FIN.
  void ResetOnClose();
  /// Close the socket at once: with FIN, or RST after ResetOnClose.
  void Close();
  /// Wake the thread that reads or writes; it sees an error. From any thread.
  void Abort();
  /// True when the peer has closed, without waiting.
  bool PeerClosed() const;

 private:
  int fd_;
  SSL* ssl_ = nullptr;
  bool reset_ = false;
  std::mutex closing_;  ///< between Close and Abort
};

/// Read one request; `buffer` holds what came beyond it. nullopt: the peer closed or sent no HTTP.
std::optional<ReceivedRequest> ReadRequest(Channel& channel, std::string& buffer);

/// Waits for that long; false when the server stops meanwhile.
using Pause = std::function<bool(Millis)>;

/// Write `answer` to `request`. False: the connection is over.
bool WriteAnswer(Channel& channel, const ReceivedRequest& request, const ScriptedAnswer& answer,
                 const Pause& pause);

}  // namespace ingesta::testing
