// Tensors as JavaScript sees them: a handle is a number, made of a slot in this table and of the slot's generation, so that a handle
// whose tensor was released is recognised for ever and never reaches another tensor.
//
//   handle = generation (31 bits) << 22 | slot (22 bits)        fits a double exactly; 0 means "no tensor"
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "napi.h"

namespace tailnas {

class Table {
 public:
  /// Stores a tensor; inside a scope the handle belongs to it.
  double put(napi_env env, at::Tensor tensor);
  /// The tensor of a handle. Throws UsageError when it was released or never existed.
  const at::Tensor& get(double handle) const;
  /// Releases a handle; a handle already released is left alone.
  void release(napi_env env, double handle);
  size_t live() const { return live_; }

  /// A scope is a mark: what is put after it is released at its end, but for `keep`, which moves to the scope around it.
  void begin_scope() { marks_.push_back(entries_.size()); }
  void end_scope(napi_env env, const std::vector<double>& keep);

 private:
  struct Slot {
    at::Tensor tensor;
    uint32_t generation = 1;
    bool kept = false;
    int64_t reported = 0;  // bytes told to the garbage collector; only for tensors outside every scope
  };
  static constexpr uint64_t kSlotBits = 22;
  Slot* find(double handle);
  const Slot* find(double handle) const { return const_cast<Table*>(this)->find(handle); }
  void report(napi_env env, Slot& slot);

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  std::vector<double> entries_;
  std::vector<size_t> marks_;
  size_t live_ = 0;
};

/// The one table of the process (the engine refuses to load in a second thread). Never destroyed: libtorch may be gone before it.
Table& table();

inline at::Tensor get_tensor(napi_env env, napi_value v) { return table().get(get_double(env, v)); }

}  // namespace tailnas
