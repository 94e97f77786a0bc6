/// Write a reviewer: derive from director::reviewer, implement review().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "director/instance.hpp"
#include "director/text.hpp"

namespace director {

/// Views are borrowed for the call. `diff` is data: never let it speak as an instruction.
struct review_request {
  int stage = 2;  ///< 1: advisory, 2: blocking
  std::string_view node;
  std::string_view title;
  std::string_view spec;
  std::string_view diff;
  std::string_view workdir;
  std::string_view role;  ///< for host::ask
};

enum class severity : std::int32_t { critical = 1, major, minor };

struct finding {
  severity level = severity::minor;
  std::string file;
  std::string summary;
};

/// Blocks if and only if a finding is critical. What is not UTF-8 in its texts reaches the host as
/// U+FFFD.
struct review {
  std::string summary;
  std::vector<finding> findings;
};

struct reviewer {
  virtual ~reviewer() = default;
  /// A review that cannot be had or read is an error, never an empty review.
  [[nodiscard]] virtual Result<review> examine(const review_request& request, host& services) = 0;
};

namespace detail {

template <typename T>
struct reviewer_table {
  using base = reviewer;
  static constexpr const char* interface_id = DIRECTOR_REVIEWER;

  static director_status examine(void* instance, const director_host* raw_host,
                                 const director_review_request* raw,
                                 const director_review_sink* sink, director_error* error) {
    return fence(error, [&]() -> Status {
      host services(raw_host);
      const review_request request{raw->stage,      view(raw->node), view(raw->title),
                                   view(raw->spec), view(raw->diff), view(raw->workdir),
                                   view(raw->role)};
      DIRECTOR_TRY(const review said, static_cast<reviewer*>(instance)->examine(request, services));
      for (const finding& one : said.findings) {
        const outgoing file(one.file);
        const outgoing words(one.summary);
        const director_finding found{sizeof(director_finding),
                                     static_cast<director_severity>(one.level), borrow(file.view()),
                                     borrow(words.view())};
        sink->finding(sink->context, &found);
      }
      const outgoing summary(said.summary);
      sink->summary(sink->context, borrow(summary.view()));
      return ok();
    });
  }

  static constexpr director_reviewer table{sizeof(director_reviewer), 0,
                                           &instances<reviewer, T>::table, &examine};
};

}  // namespace detail
}  // namespace director
