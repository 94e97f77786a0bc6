// Time to validate plans of 1,000, 10,000 and 100,000 nodes, in shapes that stress different parts.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "core/plan/plan_json.hpp"
#include "core/plan/validate.hpp"

namespace director::plan {
namespace {

std::vector<Node> make_nodes(std::size_t count) {
  std::vector<Node> nodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    nodes[i].id = NodeId("node-" + number);
    nodes[i].title = nodes[i].spec = "a node";
    nodes[i].files = {"src/module" + std::to_string(i % 97) + "/file" + number + ".cpp"};
    nodes[i].tests = {"tests/test" + number + ".cpp"};
    nodes[i].test_cmd = "ctest";
  }
  return nodes;
}

/// What planners write: nothing shared, one dependency for half of the nodes.
std::vector<Node> wide(std::size_t count) {
  std::vector<Node> nodes = make_nodes(count);
  for (std::size_t i = count / 2; i < count; ++i) {
    nodes[i].depends_on = {nodes[i - count / 2].id};
  }
  return nodes;
}

/// Every file has owners far apart along chains, so no question is answered by a direct edge.
std::vector<Node> shared(std::size_t count) {
  constexpr std::size_t kChains = 50;
  std::vector<Node> nodes = make_nodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i >= kChains) {
      nodes[i].depends_on = {nodes[i - kChains].id};
    }
    nodes[i].files.push_back("shared/" + std::to_string(i % (kChains * 10)));
  }
  return nodes;
}

/// Random dependencies and files at random owners: most questions are answered with no.
std::vector<Node> tangled(std::size_t count) {
  std::mt19937 dice(7);
  std::vector<Node> nodes = make_nodes(count);
  for (std::size_t i = 1; i < count; ++i) {
    for (int edge = 0; edge < 3; ++edge) {
      nodes[i].depends_on.push_back(nodes[dice() % i].id);
    }
    nodes[i].files.push_back("shared/" + std::to_string(dice() % (count / 2)));
  }
  return nodes;
}

template <std::vector<Node> (*make)(std::size_t)>
void BM_Validate(benchmark::State& state) {
  const std::vector<Node> nodes = make(static_cast<std::size_t>(state.range(0)));
  std::size_t problems = 0;
  for (auto _ : state) {
    problems = validate(nodes).size();
    benchmark::DoNotOptimize(problems);
  }
  state.counters["problems"] = static_cast<double>(problems);
}

void BM_ReadPlan(benchmark::State& state) {
  Plan plan;
  plan.nodes = wide(static_cast<std::size_t>(state.range(0)));
  const std::string json = to_json(plan);
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse_plan(json));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * json.size()));
}

#define DIRECTOR_PLAN_SIZES \
  Arg(1'000)->Arg(2'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond)
BENCHMARK(BM_Validate<wide>)->DIRECTOR_PLAN_SIZES;
BENCHMARK(BM_Validate<shared>)->DIRECTOR_PLAN_SIZES;
BENCHMARK(BM_Validate<tangled>)->DIRECTOR_PLAN_SIZES;
BENCHMARK(BM_ReadPlan)->DIRECTOR_PLAN_SIZES;

}  // namespace
}  // namespace director::plan
