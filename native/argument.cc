#include "argument.h"

#include <ATen/core/Tensor.h>

#include "table.h"

namespace tailnas {
namespace {

at::Scalar get_scalar(napi_env env, napi_value v) {
  if (type_of(env, v) == napi_boolean) return at::Scalar(get_bool(env, v));
  const double d = get_double(env, v);
  // A whole number keeps an integer tensor integer, as a Python int does.
  const bool whole = d >= -9007199254740991.0 && d <= 9007199254740991.0 && d == static_cast<double>(static_cast<int64_t>(d));
  return whole ? at::Scalar(static_cast<int64_t>(d)) : at::Scalar(d);
}

/// The number of one of libtorch's enumerations. It indexes tables with it and does not look whether it is inside them.
int64_t get_enum(napi_env env, napi_value v, int64_t count) {
  const auto n = get_int(env, v);
  if (n < 0 || n >= count) throw UsageError("must be from 0 to " + std::to_string(count - 1) + ", got " + std::to_string(n));
  return n;
}

c10::Device get_device(napi_env env, napi_value v) {
  const auto name = get_string(env, v);
  try {
    return c10::Device(name);
  } catch (const c10::Error&) {
    throw UsageError("must name a device such as cpu or cuda:0, got \"" + name + "\"");
  }
}

int64_t get_layout(napi_env env, napi_value v) {
  const auto n = get_enum(env, v, static_cast<int64_t>(at::Layout::NumOptions));
  // libtorch fills such tensors as if every element were a float32: with half floats it writes past their end.
  if (n == static_cast<int64_t>(at::Layout::Mkldnn)) throw UsageError("must not be Mkldnn (" + std::to_string(n) + ")");
  return n;
}

/// A list where the schema fixes its length: `int[2]` is two numbers, or one for both, or none where that is the default.
/// Operators read as many as they expect, also beyond the end of a shorter list. `int[1]` stands for any number of them.
template <class T>
std::vector<T> of_length(const Parameter& p, std::vector<T> list) {
  const size_t expected = p.fixed_length, got = list.size();
  const bool none = got == 0 && p.fallback && p.fallback->isList() && p.fallback->toListRef().empty();
  if (expected >= 2 && got != expected && got != 1 && !none)
    throw UsageError("must have " + std::to_string(expected) + " elements, got " + std::to_string(got));
  return list;
}

/// oneDNN's own layout holds float32 well; libtorch fills others in it as if they were, and writes past their end.
const at::Tensor& get_argument(double handle) {
  const auto& t = table().get(handle);
  if (t.is_mkldnn() && t.scalar_type() != at::kFloat)
    throw UsageError(std::string("must be float32 in the layout of oneDNN, got ") + c10::toString(t.scalar_type()));
  return t;
}

}  // namespace

Kind kind_of(const c10::Type& type) {
  using K = c10::TypeKind;
  switch (type.kind()) {
    case K::TensorType: return Kind::tensor;
    case K::IntType:
    case K::SymIntType: return Kind::integer;
    case K::FloatType:
    case K::SymFloatType: return Kind::real;
    case K::BoolType:
    case K::SymBoolType: return Kind::boolean;
    case K::NumberType: return Kind::scalar;
    case K::StringType:
    case K::AnyType: return Kind::string;  // c10d's functional collectives take the name of a group as one
    case K::ScalarTypeType: return Kind::dtype;
    case K::LayoutType: return Kind::layout;
    case K::DeviceObjType: return Kind::device;
    case K::MemoryFormatType: return Kind::memory_format;
    case K::ListType: {
      const auto& element = *type.containedType(0);
      switch (element.kind() == K::OptionalType ? kind_of(*element.containedType(0)) : kind_of(element)) {
        case Kind::tensor: return Kind::tensors;
        case Kind::integer: return Kind::integers;
        case Kind::real: return Kind::reals;
        case Kind::boolean: return Kind::booleans;
        default: return Kind::other;
      }
    }
    default: return Kind::other;
  }
}

Parameter parameter_of(const c10::Argument& argument, bool ours) {
  auto type = argument.real_type();
  const bool optional = type->kind() == c10::TypeKind::OptionalType;
  if (optional) type = type->containedType(0);
  const bool elements_optional =
      type->kind() == c10::TypeKind::ListType && type->containedType(0)->kind() == c10::TypeKind::OptionalType;
  return {argument.name(), kind_of(*type), optional, elements_optional, argument.N().value_or(0), ours,
          argument.default_value()};
}

c10::IValue to_ivalue(napi_env env, napi_value v, const Parameter& p) {
  double handle;
  if (p.kind == Kind::tensor && napi_get_value_double(env, v, &handle) == napi_ok) return get_argument(handle);
  if (is_nullish(env, v)) {
    if (p.optional) return {};
    throw UsageError("must be given, got " + js_type(env, v));
  }
  switch (p.kind) {
    case Kind::tensor: return get_argument(get_double(env, v));
    case Kind::tensors:
      if (p.elements_optional) {
        c10::List<std::optional<at::Tensor>> list;
        for (const double h : get_vector<double>(env, v, get_double))
          list.push_back(h == 0 ? std::nullopt : std::optional<at::Tensor>(get_argument(h)));
        return list;
      } else {
        c10::List<at::Tensor> list;
        for (const double h : get_vector<double>(env, v, get_double)) list.push_back(get_argument(h));
        // Some operators divide by their number.
        if (list.empty() && !p.ours) throw UsageError("must have at least one Tensor, got none");
        // Some of those that take a state of two, hidden and cell, read both without a look at the length.
        if (p.name == "hx" && list.size() != 2) throw UsageError("must have 2 Tensors, got " + std::to_string(list.size()));
        return list;
      }
    case Kind::integer: return get_int(env, v);
    case Kind::integers:
      if (p.fixed_length > 0 && type_of(env, v) == napi_number)
        return c10::List<int64_t>(std::vector<int64_t>(p.fixed_length, get_int(env, v)));
      return c10::List<int64_t>(of_length(p, get_vector<int64_t>(env, v, get_int)));
    case Kind::real: return get_double(env, v);
    case Kind::reals: return c10::List<double>(get_vector<double>(env, v, get_double));
    case Kind::boolean: return get_bool(env, v);
    case Kind::booleans: {
      c10::List<bool> list;
      for (const bool b : of_length(p, get_vector<bool>(env, v, get_bool))) list.push_back(b);
      return list;
    }
    case Kind::scalar: return get_scalar(env, v);
    case Kind::string: return get_string(env, v);
    case Kind::dtype: return get_enum(env, v, static_cast<int64_t>(at::ScalarType::NumOptions));
    case Kind::layout: return get_layout(env, v);
    case Kind::memory_format: return get_enum(env, v, static_cast<int64_t>(at::MemoryFormat::NumOptions));
    case Kind::device: return get_device(env, v);
    case Kind::other: break;
  }
  throw UsageError("has a type that cannot be passed from JavaScript; leave it out");
}

void require_equal_lists(const std::vector<Parameter>& parameters, const torch::jit::Stack& stack) {
  size_t first = stack.size();
  for (size_t i = 0; i < stack.size(); i++) {
    if (!stack[i].isTensorList()) continue;
    if (first == stack.size()) first = i;
    const size_t expected = stack[first].toListRef().size(), got = stack[i].toListRef().size();
    if (got != expected)
      throw UsageError("argument '" + parameters[i].name + "' must have as many Tensors as '" + parameters[first].name + "', " +
                       std::to_string(expected) + ", got " + std::to_string(got));
  }
}

}  // namespace tailnas
