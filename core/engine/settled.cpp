#include "core/engine/settled.hpp"

#include "core/engine/records.hpp"

namespace director::engine {
namespace {

/// The node that an event is about; nullptr: the run as a whole.
const NodeId* node_of(const run::RunEvent& event) {
  return std::visit(
      [](const auto& one) -> const NodeId* {
        if constexpr (requires { one.node; }) {
          return &one.node;
        } else {
          return nullptr;
        }
      },
      event);
}

}  // namespace

void offer_settled(Books& books, const config::Settings& settings, const plan::Plan& plan,
                   const run::RunState& state, const run::RunEvent& event, run::At at,
                   const std::vector<run::RunEffect>& effects) {
  const auto offer = [&](std::size_t index) {
    books.emit("node", at.sequence, books.read_ledger([&](const run::Ledger& ledger) {
      return node_record(plan, state, index, ledger);
    }));
  };
  if (const NodeId* node = node_of(event)) {
    const std::size_t index = state.index_of(*node);
    if (run::is_final(state.nodes[index].status)) {
      offer(index);
    }
  }
  for (const run::RunEffect& effect : effects) {
    if (const auto* blocked = std::get_if<run::NodeBlocked>(&effect)) {
      offer(state.index_of(blocked->node));
    }
  }
  if (std::holds_alternative<run::RunFinished>(event)) {
    books.emit("run", at.sequence, run_record(plan, state, books.ledger(), settings));
  }
}

}  // namespace director::engine
