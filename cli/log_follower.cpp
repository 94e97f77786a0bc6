#include "cli/log_follower.hpp"

#include <limits>
#include <utility>

#include "cli/transcript_view.hpp"
#include "core/base/text.hpp"

namespace director::cli {
namespace {

constexpr std::size_t kLongestLine = std::size_t{4} << 20;
constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

}  // namespace

struct LogFollower::Stream {
  Stream(LogFollower& owner, std::size_t call, const std::filesystem::path& path)
      : index(call),
        id(owner.book_.calls()[call].id),
        events(path, owner.selection_.raw ? kNoLimit : kLongestLine,
               [&owner, this](std::string_view line) {
                 if (!owner.selection_.raw) {
                   owner.say(*this, show_event(line));
                 } else if (owner.selection_.escape_raw) {
                   owner.print_(text::printable(line) + "\n");
                 } else {
                   owner.print_(std::string(line) + "\n");
                 }
               }),
        errors(path.string() + ".stderr", kLongestLine,
               [&owner, this](std::string_view line) { owner.say(*this, show_stderr(line)); }) {}

  std::size_t index;  ///< in the book
  std::string id;
  FileTail events;
  FileTail errors;
  bool done = false;
};

LogFollower::LogFollower(std::filesystem::path state, LogSelection selection, AtWork at_work,
                         Print print)
    : state_(std::move(state)),
      selection_(std::move(selection)),
      at_work_(std::move(at_work)),
      print_(std::move(print)),
      journal_(state_ / "journal.jsonl", kNoLimit, [this](std::string_view line) {
        Result<engine::Entry> entry = engine::decode(line);
        if (entry) {
          book_.apply(*entry);
        } else if (journal_status_) {
          journal_status_ = std::move(entry).error().context("cannot read the journal");
        }
      }) {}

LogFollower::~LogFollower() = default;

bool LogFollower::is_selected(const CallRecord& call) const {
  return (selection_.node.empty() || call.node == selection_.node) &&
         (selection_.call.empty() || call.id == selection_.call);
}

/// A last line without its line feed is torn, or not whole yet: it is not read.
Status LogFollower::read_journal() {
  DIRECTOR_CHECK(journal_.read_on(false));
  DIRECTOR_CHECK(journal_status_);
  for (; seen_ < book_.calls().size(); ++seen_) {
    const CallRecord& call = book_.calls()[seen_];
    if (is_selected(call)) {
      streams_.push_back(
          std::make_unique<Stream>(*this, seen_, state_ / "logs" / (call.id + ".jsonl")));
    }
  }
  return ok();
}

/// The call's heading comes before its first line, and again when another call's lines came
/// between.
void LogFollower::say(const Stream& stream, const std::string& text) {
  if (text.empty()) {
    return;
  }
  if (speaking_ != stream.id) {
    print_((speaking_.empty() ? "== " : "\n== ") + call_header(book_.calls()[stream.index]) + "\n");
    speaking_ = stream.id;
  }
  print_(text);
}

Status LogFollower::show(Stream& stream, bool last) {
  const CallRecord& call = book_.calls()[stream.index];
  const bool at_end = call.ended() || last;
  DIRECTOR_CHECK(stream.events.read_on(at_end));
  if (!selection_.raw) {
    DIRECTOR_CHECK(stream.errors.read_on(at_end));
  }
  stream.done = last || (call.ended() && !book_.awaits_outcome(call));
  if (stream.done && !selection_.raw) {
    say(stream, "-- " + call_footer(call) + "\n");
  }
  return ok();
}

Result<bool> LogFollower::step() {
  // Asked first: what a director wrote before it ended is read below.
  const bool last = !at_work_();
  DIRECTOR_CHECK(read_journal());
  for (const std::unique_ptr<Stream>& stream : streams_) {
    DIRECTOR_CHECK(show(*stream, last));
  }
  std::erase_if(streams_, [](const std::unique_ptr<Stream>& stream) { return stream->done; });
  return !last;
}

}  // namespace director::cli
