#include "ingesta/observe/notifier.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "ingesta/aws/sns.h"

namespace ingesta::observe {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class SnsChannel final : public AlertChannel {
 public:
  SnsChannel(std::string topic, const SinkContext& context) : topic_(std::move(topic)), context_(context) {}
  const std::string& name() const override { return name_; }

  Status Send(const Notice& notice) override {
    ARROW_ASSIGN_OR_RAISE(const auto settings, aws::LoadSettings(context_.environment));
    ARROW_ASSIGN_OR_RAISE(auto credentials,
                          aws::MakeDefaultCredentials(context_.environment, context_.client, context_.clock));
    return aws::SnsClient(settings, std::move(credentials), context_.client, context_.clock)
        .Publish(topic_, notice.title, fmt::format("{}\n\n{}\n", notice.title, notice.text));
  }

 private:
  const std::string name_ = "sns";
  const std::string topic_;
  const SinkContext context_;
};

/// A POST of JSON; the URL of a webhook is a secret.
class HttpChannel final : public AlertChannel {
 public:
  using Body = Json (*)(const Notice& notice);
  HttpChannel(std::string name, std::string url, Body body, const SinkContext& context)
      : name_(std::move(name)), url_(std::move(url)), body_(body), context_(context) {}
  const std::string& name() const override { return name_; }

  Status Send(const Notice& notice) override {
    http::Request request;
    request.method = "POST";
    request.url = url_;
    request.headers.Set("Content-Type", "application/json");
    request.body.bytes = Dump(body_(notice));
    request.follow_redirects = false;
    request.reach_hint = "check INGESTA_ALERTS and this machine's way to that service";
    const Status status = context_.client.Fetch(std::move(request)).status();
    return Redacted(status, {http::RedactUrl(url_), url_});
  }

 private:
  const std::string name_;
  const std::string url_;
  const Body body_;
  const SinkContext context_;
};

Json WebhookBody(const Notice& notice) {
  return Json{{"source", "ingesta"},         {"kind", notice.recovery ? "recovery" : "alert"},
              {"pipeline", notice.pipeline}, {"run", notice.run_id},
              {"key", notice.key},           {"title", notice.title},
              {"text", notice.text}};
}

/// Slack's mrkdwn takes `&`, `<` and `>` for its own.
std::string SlackEscaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  }
  return escaped;
}

Json SlackBody(const Notice& notice) {
  return Json{{"text", fmt::format("{} *{}*\n{}", notice.recovery ? ":white_check_mark:" : ":rotating_light:",
                                   SlackEscaped(notice.title), SlackEscaped(notice.text))}};
}

Result<std::shared_ptr<AlertChannel>> MakeChannel(const std::string& word, const SinkContext& context) {
  const size_t colon = word.find(':');
  const std::string kind = word.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : word.substr(colon + 1);
  if (kind == "sns" && rest.rfind("arn:", 0) == 0) return std::make_shared<SnsChannel>(rest, context);
  const bool url = http::OriginOf(rest).ok();
  if (kind == "webhook" && url) return std::make_shared<HttpChannel>(kind, rest, WebhookBody, context);
  if (kind == "slack" && url) return std::make_shared<HttpChannel>(kind, rest, SlackBody, context);
  // The word may hold a secret URL.
  return MakeError(ErrorCode::kUsage, fmt::format("INGESTA_ALERTS: {}:... is no channel of alerts", kind),
                   "there are sns:TOPIC_ARN, webhook:URL and slack:URL, with commas between");
}

}  // namespace

Result<std::vector<std::shared_ptr<AlertChannel>>> MakeAlertChannels(const std::string& text,
                                                                     const SinkContext& context) {
  std::vector<std::shared_ptr<AlertChannel>> channels;
  for (const std::string& word : SplitSinks(text)) {
    ARROW_ASSIGN_OR_RAISE(auto channel, MakeChannel(word, context));
    channels.push_back(std::move(channel));
  }
  return channels;
}

}  // namespace ingesta::observe
