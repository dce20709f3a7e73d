#pragma once
#include "napi.h"

namespace tailnas {
std::vector<Export> dispatch_exports();
std::vector<Export> tensor_exports();
std::vector<Export> autograd_exports();
std::vector<Export> memory_exports();
std::vector<Export> system_exports();
std::vector<Export> profile_exports();
std::vector<Export> group_exports();

/// All of them, made once.
const std::vector<Export>& all_exports();
}  // namespace tailnas
