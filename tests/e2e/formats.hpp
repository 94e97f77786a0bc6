/// What director wrote, held against the schemas of docs/formats. Failures fail the current test.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace director::e2e {

/// One document of a format; `where` is for the message.
void check_document(const std::string& format, std::string_view document,
                    const std::filesystem::path& where);

/// Every file of a .director folder that programs read, with its history and benches.
void check_formats(const std::filesystem::path& state);

}  // namespace director::e2e
