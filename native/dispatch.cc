// Every operator of libtorch, and our own, through one boxed call: `resolve` finds an operator once, `call` runs it by number.
// What an argument may be is read from the operator's schema, so there is no line per operator here.
#include "exports.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <sstream>

#include "crash.h"
#include "shapes.h"
#include "table.h"

namespace tailnas {
namespace {

enum class Kind : char {
  tensor = 'T',
  tensors = 'L',
  integer = 'i',
  integers = 'I',
  real = 'f',
  reals = 'F',
  boolean = 'b',
  booleans = 'B',
  scalar = 's',
  string = 'z',
  dtype = 'd',
  layout = 'l',
  device = 'v',
  memory_format = 'm',
  other = '?',
};

struct Parameter {
  std::string name;
  Kind kind;
  bool optional;           // None is allowed
  bool elements_optional;  // Tensor?[]
  int32_t fixed_length;    // int[2] takes a single number too
  bool ours;               // our own operators look at what they are given
  std::optional<c10::IValue> fallback;
};

struct Op {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<Parameter> parameters;
  std::vector<Kind> returns;
  bool writes;  // it changes an argument in place
};

std::vector<Op>& ops() {
  static auto* instance = new std::vector<Op>;
  return *instance;
}

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
    case K::StringType: return Kind::string;
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

/// One argument as libtorch's value; `p` says what its schema allows.
c10::IValue to_ivalue(napi_env env, napi_value v, const Parameter& p) {
  double handle;
  if (p.kind == Kind::tensor && napi_get_value_double(env, v, &handle) == napi_ok) return table().get(handle);
  if (is_nullish(env, v)) {
    if (p.optional) return {};
    throw UsageError("must be given, got " + js_type(env, v));
  }
  switch (p.kind) {
    case Kind::tensor: return table().get(get_double(env, v));
    case Kind::tensors:
      if (p.elements_optional) {
        c10::List<std::optional<at::Tensor>> list;
        for (const double h : get_vector<double>(env, v, get_double))
          list.push_back(h == 0 ? std::nullopt : std::optional<at::Tensor>(table().get(h)));
        return list;
      } else {
        c10::List<at::Tensor> list;
        for (const double h : get_vector<double>(env, v, get_double)) list.push_back(table().get(h));
        // Some operators divide by their number.
        if (list.empty() && !p.ours) throw UsageError("must have at least one Tensor, got none");
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

napi_value from_ivalue(napi_env env, const c10::IValue& v) {
  if (v.isTensor()) {
    const auto& t = v.toTensor();
    return make(env, t.defined() ? table().put(env, t) : 0.0);
  }
  if (v.isTensorList())
    return make_array(env, v.toTensorVector(), [&](const at::Tensor& t) { return make(env, table().put(env, t)); });
  if (v.isInt()) return make(env, static_cast<double>(v.toInt()));
  if (v.isDouble()) return make(env, v.toDouble());
  if (v.isBool()) return make(env, v.toBool());
  if (v.isScalar()) return make(env, v.toScalar().toDouble());
  if (v.isString()) return make(env, v.toStringRef());
  if (v.isNone()) return make_undefined(env);
  throw UsageError("returned a value that cannot be passed to JavaScript");
}

/// `self: float32[2, 3], dim: 5`: what a shape error needs beside its message.
std::string describe(const Op& op, const std::vector<c10::IValue>& given) {
  std::ostringstream out;
  for (size_t i = 0; i < given.size() && i < op.parameters.size(); i++) {
    out << (i ? ", " : "") << op.parameters[i].name << ": ";
    const auto& v = given[i];
    if (v.isTensor() && v.toTensor().defined())
      out << c10::toString(v.toTensor().scalar_type()) << v.toTensor().sizes();
    else if (v.isTensorList())
      out << v.toListRef().size() << " tensors";
    else if (v.isIntList())
      out << at::IntArrayRef(v.toIntVector());
    else if (v.isNone())
      out << "none";
    else
      out << v;
  }
  return out.str();
}

napi_value resolve(napi_env env, napi_callback_info info) {
  return guarded(env, "Cannot resolve operator", [&] {
    const Args args(env, info);
    const auto full = get_string(env, args[0]);
    const auto dot = full.find('.');
    const auto name = full.substr(0, dot), overload = dot == std::string::npos ? "" : full.substr(dot + 1);
    auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found) throw UsageError("\"" + full + "\" is not an operator of this libtorch (write namespace::name or namespace::name.overload)");
    Op op{*found, full, {}, {}, found->schema().is_mutable()};
    std::string kinds, optionals, returns, names;
    for (const auto& a : found->schema().arguments()) {
      op.parameters.push_back(parameter_of(a, name.rfind("tailnas::", 0) == 0));
      kinds += static_cast<char>(op.parameters.back().kind);
      optionals += op.parameters.back().optional ? '1' : '0';
      names += (names.empty() ? "" : ",") + a.name();
    }
    for (const auto& r : found->schema().returns()) {
      op.returns.push_back(kind_of(*r.real_type()));
      returns += static_cast<char>(op.returns.back());
    }
    std::ostringstream schema;
    schema << found->schema();
    ops().push_back(std::move(op));
    const std::vector<std::string> parts{std::to_string(ops().size() - 1), kinds, optionals, returns, names, schema.str()};
    return make_array(env, parts, [&](const std::string& s) { return make(env, s); });
  });
}

napi_value call(napi_env env, napi_callback_info info) {
  // No `guarded` here: the message needs the operator's name and its arguments.
  const Op* op = nullptr;
  std::vector<c10::IValue> given;
  try {
    const Args args(env, info);
    const auto id = get_int(env, args[0]);
    if (id < 0 || id >= static_cast<int64_t>(ops().size())) throw UsageError("unknown operator number");
    op = &ops()[id];
    const size_t wanted = op->parameters.size(), got = args.count - 1;
    if (got > wanted) throw UsageError("takes at most " + std::to_string(wanted) + " arguments, got " + std::to_string(got));
    // One stack for all calls, emptied after each: a kernel cannot call back into JavaScript, so two never overlap.
    static auto& stack = *new torch::jit::Stack;
    const struct Emptied {
      ~Emptied() { stack.clear(); }
    } emptied;
    for (size_t i = 0; i < wanted; i++) {
      const auto& p = op->parameters[i];
      if (i < got && !(p.fallback && type_of(env, args[i + 1]) == napi_undefined)) {
        try {
          stack.push_back(to_ivalue(env, args[i + 1], p));
        } catch (const UsageError& e) {
          throw UsageError("argument '" + p.name + "' " + e.what());
        }
      } else if (p.fallback) {
        stack.push_back(*p.fallback);
      } else {
        throw UsageError("argument '" + p.name + "' is missing");
      }
    }
    Shapes before;
    if (op->writes) before.remember(stack);
    try {
      const InOperator inside(op->name.c_str());
      op->handle.callBoxed(stack);
    } catch (...) {
      before.restore();
      given = std::move(stack);  // the arguments are still on it, unless the kernel took them
      throw;
    }
    if (stack.empty()) return make_undefined(env);
    if (stack.size() == 1) return from_ivalue(env, stack[0]);
    return make_array(env, stack, [&](const c10::IValue& v) { return from_ivalue(env, v); });
  } catch (const PendingException&) {
  } catch (const UsageError& e) {
    napi_throw_type_error(env, nullptr, ((op ? op->name : std::string("call")) + ": " + e.what()).c_str());
  } catch (const std::exception& e) {
    auto message = (op ? op->name : std::string("call")) + ": " + first_line(e);
    if (op && !given.empty()) message += " (" + describe(*op, given) + ")";
    napi_throw_error(env, nullptr, message.c_str());
  } catch (...) {
    napi_throw_error(env, nullptr, ((op ? op->name : std::string("call")) + ": unknown failure in libtorch").c_str());
  }
  return nullptr;
}

}  // namespace

std::vector<Export> dispatch_exports() { return {{"resolve", resolve}, {"call", call}}; }

}  // namespace tailnas
