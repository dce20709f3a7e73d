// Every operator of libtorch, and our own, through one boxed call: `resolve` finds an operator once, `call` runs it by number.
// What an argument may be is read from the operator's schema, so there is no line per operator here.
#include "exports.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <sstream>

#include "argument.h"
#include "crash.h"
#include "shapes.h"
#include "table.h"

namespace tailnas {
namespace {

struct Op {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<Parameter> parameters;
  std::vector<Kind> returns;
  bool writes;  // it changes an argument in place
  bool on_each;  // it does something to each tensor of its lists
};

std::vector<Op>& ops() {
  static auto* instance = new std::vector<Op>;
  return *instance;
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
    Op op{*found, full, {}, {}, found->schema().is_mutable(), name.rfind("aten::_foreach_", 0) == 0};
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
    if (op->on_each) require_equal_lists(op->parameters, stack);
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
