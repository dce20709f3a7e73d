#pragma once
#include "napi.h"

namespace tailnas {
std::vector<Export> dispatch_exports();
std::vector<Export> tensor_exports();
std::vector<Export> autograd_exports();
std::vector<Export> memory_exports();
std::vector<Export> system_exports();
}  // namespace tailnas
