#include <algorithm>
#include <array>

#include "core/plan/graph.hpp"

namespace director::plan {
namespace {

constexpr std::size_t kWords = 8;
constexpr std::size_t kBatch = kWords * 64;
using Sources = std::array<std::uint64_t, kWords>;

/// A query by positions in topological order, so that `from` < `to` or the answer is no.
struct Placed {
  NodeIndex from;
  NodeIndex to;
  std::size_t query;
};

/// Carries, for each node in a range of positions, the set of the batch's sources that lead to it.
class Propagation {
 public:
  Propagation(const Graph& graph, const std::vector<NodeIndex>& order,
              const std::vector<NodeIndex>& position)
      : reached_(graph.size()), begin_(graph.size() + 1, 0) {
    for (std::size_t at = 0; at < order.size(); ++at) {
      for (const NodeIndex dependency : graph.dependencies[order[at]]) {
        edges_.push_back(position[dependency]);
      }
      begin_[at + 1] = edges_.size();
    }
  }

  /// `batch` is sorted by `from` and holds at most kBatch queries.
  void answer(const Placed* batch, std::size_t count, std::vector<std::uint8_t>& answers) {
    const NodeIndex first = batch[0].from;
    NodeIndex last = first;
    for (std::size_t i = 0; i < count; ++i) {
      last = std::max(last, batch[i].to);
    }
    std::size_t next_source = 0;
    for (NodeIndex at = first; at <= last; ++at) {
      Sources& sources = reached_[at];
      sources = {};
      for (std::size_t edge = begin_[at]; edge < begin_[at + 1]; ++edge) {
        if (edges_[edge] >= first) {
          merge(sources, reached_[edges_[edge]]);
        }
      }
      for (; next_source < count && batch[next_source].from == at; ++next_source) {
        sources[next_source / 64] |= std::uint64_t{1} << (next_source % 64);
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      answers[batch[i].query] = (reached_[batch[i].to][i / 64] >> (i % 64)) & 1U;
    }
  }

 private:
  static void merge(Sources& into, const Sources& from) {
    for (std::size_t word = 0; word < kWords; ++word) {
      into[word] |= from[word];
    }
  }

  std::vector<Sources> reached_;
  std::vector<std::size_t> begin_;  ///< of a position's edges
  std::vector<NodeIndex> edges_;    ///< positions of dependencies
};

}  // namespace

std::vector<std::uint8_t> answer_paths(const Graph& graph, const std::vector<NodeIndex>& order,
                                       const std::vector<PathQuery>& queries) {
  std::vector<NodeIndex> position(graph.size(), 0);
  for (NodeIndex at = 0; at < order.size(); ++at) {
    position[order[at]] = at;
  }
  std::vector<std::uint8_t> answers(queries.size(), 0);
  std::vector<Placed> open;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto [from, to] = queries[i];
    const std::vector<NodeIndex>& direct = graph.dependencies[to];
    if (std::binary_search(direct.begin(), direct.end(), from)) {
      answers[i] = 1;
    } else if (position[from] < position[to] && !direct.empty() &&
               !graph.dependents[from].empty()) {
      open.push_back({position[from], position[to], i});
    }
  }
  if (open.empty()) {
    return answers;
  }
  std::sort(open.begin(), open.end(), [](const Placed& a, const Placed& b) {
    return a.from != b.from ? a.from < b.from : a.to < b.to;
  });
  Propagation propagation(graph, order, position);
  for (std::size_t at = 0; at < open.size(); at += kBatch) {
    propagation.answer(&open[at], std::min(kBatch, open.size() - at), answers);
  }
  return answers;
}

}  // namespace director::plan
