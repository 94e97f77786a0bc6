/// director::vcs over libgit2. docs: each function's contract stands in director/abi/vcs.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "director/host.hpp"
#include "director/instance.hpp"
#include "director/vcs.hpp"

namespace director::vcs_git {

class SlotMemory;
class UserRepository;

class GitVcs final : public director::vcs {
 public:
  static constexpr const char* summary = "git repositories, by libgit2; no git program needed";

  [[nodiscard]] static Result<std::unique_ptr<GitVcs>> create(const instance_info& info,
                                                              host& services);
  ~GitVcs() override;

  [[nodiscard]] Result<commit_info> resolve(std::string_view revision) override;
  [[nodiscard]] Result<std::vector<ref>> list_refs(std::string_view prefix) override;
  [[nodiscard]] Status update_ref(std::string_view name, std::string_view expected,
                                  std::string_view desired) override;
  [[nodiscard]] Result<std::vector<commit_info>> history(std::string_view tip,
                                                         std::string_view base) override;
  [[nodiscard]] Result<checkout_state> user_checkout() override;
  [[nodiscard]] Result<std::string> commit(std::string_view tree, std::string_view parent,
                                           std::string_view message) override;
  [[nodiscard]] Result<std::string> read_file(std::string_view tree,
                                              std::string_view path) override;
  [[nodiscard]] Result<merge_result> merge(std::string_view base_tree, std::string_view our_tree,
                                           std::string_view their_tree) override;
  [[nodiscard]] Result<std::vector<change>> changes(std::string_view old_tree,
                                                    std::string_view new_tree) override;
  [[nodiscard]] Result<std::string> diff(std::string_view old_tree,
                                         std::string_view new_tree) override;
  [[nodiscard]] Status checkout(const slot& where, std::string_view commit, std::string_view tree,
                                const std::vector<std::string>& keep) override;
  [[nodiscard]] Status checkout_untouched(const slot& where, std::string_view commit,
                                          std::string_view tree,
                                          const std::vector<std::string>& keep) override;
  [[nodiscard]] Result<snapshot_result> snapshot(const slot& where, std::string_view base_tree,
                                                 const std::vector<std::string>& ignore) override;

 private:
  explicit GitVcs(std::unique_ptr<UserRepository> user);
  [[nodiscard]] Status bring(const slot& where, std::string_view commit, std::string_view tree,
                             const std::vector<std::string>& keep, bool untouched);

  std::unique_ptr<UserRepository> user_;
  std::shared_ptr<SlotMemory> memory_;
};

}  // namespace director::vcs_git
