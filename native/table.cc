#include "table.h"

namespace tailnas {

Table& table() {
  static Table* instance = new Table;
  return *instance;
}

Table::Slot* Table::find(double handle) {
  if (!(handle > 0 && handle < 9007199254740992.0)) return nullptr;
  const auto bits = static_cast<uint64_t>(handle);
  const auto slot = bits & ((1ull << kSlotBits) - 1);
  if (slot >= slots_.size()) return nullptr;
  Slot& s = slots_[slot];
  return s.generation == bits >> kSlotBits && s.tensor.defined() ? &s : nullptr;
}

const at::Tensor& Table::get(double handle) const {
  const Slot* s = find(handle);
  if (!s) throw UsageError("the tensor was disposed (by dispose(), or at the end of the scope that made it)");
  return s->tensor;
}

// Outside every scope only the garbage collector releases a forgotten tensor, and it cannot see native memory unless told.
void Table::report(napi_env env, Slot& slot) {
  int64_t total = 0;
  slot.reported = static_cast<int64_t>(slot.tensor.nbytes());
  napi_adjust_external_memory(env, slot.reported, &total);
}

double Table::put(napi_env env, at::Tensor tensor) {
  uint32_t index;
  if (free_.empty()) {
    if (slots_.size() >> kSlotBits) throw UsageError("4194304 tensors are alive: release some with scope() or dispose()");
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& s = slots_[index];
  s.tensor = std::move(tensor);
  live_++;
  const double handle = static_cast<double>((static_cast<uint64_t>(s.generation) << kSlotBits) | index);
  if (marks_.empty())
    report(env, s);
  else
    entries_.push_back(handle);
  return handle;
}

void Table::release(napi_env env, double handle) {
  Slot* s = find(handle);
  if (!s) return;
  if (s->reported) {
    int64_t total = 0;
    napi_adjust_external_memory(env, -s->reported, &total);
    s->reported = 0;
  }
  s->tensor.reset();
  s->generation = s->generation == 0x7fffffff ? 1 : s->generation + 1;
  s->kept = false;
  free_.push_back(static_cast<uint32_t>(s - slots_.data()));
  live_--;
}

void Table::end_scope(napi_env env, const std::vector<double>& keep) {
  if (marks_.empty()) throw UsageError("no scope is open");
  const size_t mark = marks_.back();
  marks_.pop_back();
  for (const double handle : keep)
    if (Slot* s = find(handle)) s->kept = true;
  size_t end = mark;
  for (size_t i = mark; i < entries_.size(); i++) {
    const double handle = entries_[i];
    Slot* s = find(handle);
    if (!s) continue;
    if (!s->kept)
      release(env, handle);
    else if (marks_.empty())
      report(env, *s);
    else
      entries_[end++] = handle;
  }
  entries_.resize(end);
  for (const double handle : keep)
    if (Slot* s = find(handle)) s->kept = false;
}

}  // namespace tailnas
