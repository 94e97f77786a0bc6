// A disk that is full, read-only or broken, and a machine that has run out of something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "faulty_job.hpp"

namespace director::fault {
namespace {

using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

struct Case {
  const char* name;
  Order order;           ///< `from` counts upwards from 1
  bool for_ever;         ///< from there on, or that call only
  const char* reason;    ///< of it the error speaks; empty: nothing has to fail
  unsigned long stride;  ///< between two tries
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

/// Whatever call is hit: a named error and a documented exit status, or no harm at all; nothing
/// that is wrong on the branch; and the next run ends the job.
class Hit : public ::testing::TestWithParam<Case> {};

TEST_P(Hit, IsNamedAndTheNextRunGoesOn) {
  const Case& one = GetParam();
  const std::vector<std::string> arguments{"--parallel", "2"};
  unsigned tries = 0;
  unsigned named = 0;
  for (unsigned long nth = 1;; nth += one.stride) {
    FaultyJob job(2);
    Order order = one.order;
    order.from = nth;
    order.until = one.for_ever ? kForEver : nth;
    if (order.under == "all") {
      order.under = job.root();
    }
    const Struck struck = job.strike(order, arguments);
    if (struck.fired == 0) {
      EXPECT_EQ(struck.ran.exit_code, 0) << struck.ran.err;
      break;
    }
    SCOPED_TRACE("call " + std::to_string(nth) + ": " + struck.where + "\n" + struck.ran.err);
    ++tries;
    ASSERT_THAT(struck.ran.exit_code, AnyOf(0, 1, 2));
    if (struck.ran.exit_code != 0) {
      // Of an object that it cannot look at while it makes a tree, libgit2 does not say why.
      EXPECT_THAT(struck.ran.err + struck.ran.out,
                  AnyOf(HasSubstr(one.reason), HasSubstr("invalid object specified")));
      ++named;
    }
    job.expect_sound();
    const e2e::Ran again = job.go_on({"--parallel", "2", "--retry"});
    ASSERT_EQ(again.exit_code, 0) << again.out << again.err;
    job.expect_complete();
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(tries, 3U) << "the faults did not reach the program";
  EXPECT_TRUE(*one.reason == '\0' || named > 0);
}

INSTANTIATE_TEST_SUITE_P(
    Disk, Hit,
    ::testing::Values(
        Case{"FullFromHereOn", {"disk", 1, 1, "ENOSPC"}, true, "no space left on device", 3},
        Case{"FullForOneCall", {"disk", 1, 1, "ENOSPC"}, false, "no space left on device", 5},
        Case{"FullEverywhere", {"disk", 1, 1, "ENOSPC", 0, "", "all"}, true, "o space left", 23},
        Case{"ReadOnlyFromHereOn", {"disk", 1, 1, "EROFS"}, true, "read-only file system", 7},
        Case{"BrokenForOneCall", {"disk", 1, 1, "EIO"}, false, "input/output error", 5},
        Case{"ShortWriteOnce", {"disk", 1, 1, "short"}, false, "", 7},
        Case{"ShortWrites", {"disk", 1, 1, "short"}, true, "", 19}),
    [](const auto& each) { return each.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Exhausted, Hit,
    ::testing::Values(
        Case{"Descriptors", {"open", 1, 1, "EMFILE"}, false, "oo many open files", 37},
        Case{"DescriptorsFromHereOn", {"open", 1, 1, "EMFILE"}, true, "oo many open files", 71},
        Case{"DescriptorsOfTheMachine", {"open", 1, 1, "ENFILE"}, false, "oo many open files", 53},
        Case{"Processes", {"fork", 1, 1, "EAGAIN"}, false, "esource temporarily unavailable", 1}),
    [](const auto& each) { return each.param.name; });

/// What stands in the way from the start: nothing is started, and exit status 2 says so.
void expect_refused(FaultyJob& job, const e2e::Ran& ran, const std::string& pattern) {
  EXPECT_EQ(ran.exit_code, 2) << ran.out << ran.err;
  EXPECT_THAT(ran.err, ContainsRegex(pattern));
  EXPECT_TRUE(job.landings().empty());
  job.expect_sound();
}

TEST(ReadOnly, FromTheStartIsRefused) {
  FaultyJob job(2);
  const Struck struck = job.strike({"disk", 1, kForEver, "EROFS", 0, "", job.repo()});
  expect_refused(job, struck.ran, "\\.director/.*read-only file system");
  EXPECT_EQ(job.go_on().exit_code, 0);
  job.expect_complete();
}

}  // namespace
}  // namespace director::fault
