import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { add, call, ones, schemaOf, scope, Tensor, tensor, tensorOp, tensorsOp, to, voidOp } from './index.js';
import '../space/fused.js'; // declares the operators of native/kernels
import { declared } from './operator.js';

describe('declared operators', () => {
  const names = [...declared.keys()];
  it('are many', () => expect(names.length).toBeGreaterThan(50));

  it.each(names)('%s exists in libtorch, with these leading parameters', (name) => {
    const parameters = declared.get(name) ?? [];
    expect(schemaOf(name).names.slice(0, parameters.length)).toEqual(parameters);
  });
});

describe('call', () => {
  it('reaches any operator, fills defaults, and gives tensors, lists and numbers', () => {
    scope(() => {
      const x = tensor([[3, 1, 2]]);
      const sorted = call('aten::sort', x);
      if (!Array.isArray(sorted)) throw new Error('aten::sort gave no array');
      expect(sorted.map((t) => (t instanceof Tensor ? t.toArray() : t))).toEqual([
        [1, 2, 3],
        [1, 2, 0],
      ]);
      expect(call('aten::size.int', x, 1)).toBe(3);
      expect(call('aten::is_floating_point', x)).toBe(true);
      expect(call('aten::cat', [x, x], undefined)).toHaveProperty('shape', [2, 3]);
    });
  });

  it('names operator and argument in errors', () => {
    scope(() => {
      const x = tensor([1]);
      expect(() => call('aten::nothing')).toThrow('Cannot resolve operator: "aten::nothing" is not an operator');
      expect(() => call('aten::mm', x)).toThrow("aten::mm: argument 'mat2' is missing");
      expect(() => call('aten::mm', x, 3)).toThrow("aten::mm: argument 'mat2' must be a Tensor, got number");
      expect(() => call('aten::mm', x, null)).toThrow("aten::mm: argument 'mat2' must be given, got null");
      expect(() => call('aten::relu', x, 1, 2)).toThrow('aten::relu: takes at most 1 arguments, got 3');
      expect(() => call('aten::relu', ...Array(40).fill(1))).toThrow(/^aten::relu: /);
      expect(() => call('aten::softmax.int', x, 0.5)).toThrow("argument 'dim' must be a whole number within 2^53");
      expect(() => call('aten::softmax.int', x, x)).toThrow("argument 'dim' must be no Tensor, got a Tensor");
      expect(() => call('aten::softmax.int', x, 0, 'half')).toThrow("argument 'dtype' must be one of uint8");
      expect(() => call('aten::softmax.int', x, 0, 1000)).toThrow("argument 'dtype' must be from 0 to");
      expect(() => call('aten::zeros', [1], 6, 3)).toThrow("argument 'layout' must not be Mkldnn");
      expect(() => call('aten::zeros', [1], 6, null, 'gpu')).toThrow("argument 'device' must name a device");
      expect(() => call('aten::cat', [x, null])).toThrow(/^aten::cat: argument 'tensors'/);
    });
  });

  it('refuses lists that operators would read beyond their end, or divide by the length of', () => {
    scope(() => {
      const x = ones([1, 1, 4, 4]);
      expect(() => call('aten::cat', [])).toThrow("argument 'tensors' must have at least one Tensor, got none");
      expect(() => call('aten::_foreach_copy', [x, x], [x, x, x])).toThrow(
        "argument 'src' must have as many Tensors as 'self', 2, got 3",
      );
      const bytes = call('aten::to_mkldnn', to(x, { dtype: 'uint8' }));
      expect(() => call('aten::_foreach_zero_', [bytes as Tensor])).toThrow('must be float32 in the layout of oneDNN');
      expect(() => call('aten::lstm_cell', x, [x], x, x)).toThrow("argument 'hx' must have 2 Tensors, got 1");
      expect(() => call('aten::avg_pool2d', x, [2, 2, 2])).toThrow("'kernel_size' must have 2 elements, got 3");
      expect(() => call('aten::avg_pool2d', x, [])).toThrow("'kernel_size' must have 2 elements, got 0");
      expect(call('aten::avg_pool2d', x, 2)).toHaveProperty('shape', [1, 1, 2, 2]);
      expect(call('aten::avg_pool2d', x, [2], [])).toHaveProperty('shape', [1, 1, 2, 2]);
      expect(call('aten::sum.dim_IntList', x, [0, 1, 2])).toHaveProperty('shape', [4]);
    });
  });

  it.each<[string, string, string, NodeJS.Signals]>([
    [
      'reads outside its memory',
      `const lengths = tensor([1e9], { dtype: 'int64' });
      call('aten::segment_reduce', ones([4]), 'sum', lengths, undefined, undefined, 0, true);`,
      'inside aten::segment_reduce: memory that is not its own.',
      'SIGSEGV',
    ],
    [
      'divides by nothing',
      `call('aten::_weight_norm', ones([0, 2]), ones([0, 2]));`,
      'inside aten::_weight_norm: a division by zero.',
      'SIGFPE',
    ],
    [
      'calls itself without end',
      `call('aten::_neg_view_copy.out', call('aten::quantize_per_tensor', ones([4]), 0.1, 3, 13), ones([4]));`,
      'inside aten::_neg_view_copy.out: memory that is not its own.',
      'SIGSEGV',
    ],
    [
      'is over, and what comes after it fails',
      `ones([4]); process.kill(process.pid, 'SIGBUS');`,
      'after aten::ones: memory that is not there. If that operator was called by name, look at',
      'SIGBUS',
    ],
    [
      'has no part in it: a library has no memory',
      `ones([4]); process.abort();`,
      'because a library gave up; why stands above. Where memory was short, close other programs, or lower',
      'SIGABRT',
    ],
    [
      'has no part in it: V8 gives up',
      `ones([4]); v8.setFlagsFromString('--allow-natives-syntax'); new Function('%SystemBreak()')();`,
      'because a library gave up; why stands above.',
      'SIGTRAP',
    ],
  ])('says which operator ended the process: one that %s', (_, code, said, how) => {
    const imports = `import v8 from 'node:v8'; import { call, ones, tensor } from '${import.meta.dirname}/index.ts';`;
    const program = `${imports}\n${code}`;
    const words = ['--import', 'tsx', '--input-type=module', '--eval', program];
    const { signal, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect(signal).toBe(how);
    expect(stderr).toContain(`\ntailnas: the process ends ${said}`);
  });

  it('shows the arguments of a failure inside libtorch, on one line', () => {
    scope(() => {
      expect(() => call('aten::mm', tensor([[1, 2]]), tensor([[1, 2]]))).toThrow(
        /^aten::mm: [^\n]* \(self: Float\[1, 2\], mat2: Float\[1, 2\]\)$/,
      );
      expect(() => add(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(/^aten::add.Tensor: [^\n]*size of tensor/);
    });
  });
});

describe('a declaration', () => {
  it('is held against what the operator returns', () => {
    scope(() => {
      const x = tensor([1]);
      expect(() => tensorOp('aten::sort', 'self')(x)).toThrow('aten::sort does not return one tensor');
      expect(() => tensorsOp('aten::relu', 'self')(x)).toThrow('aten::relu does not return several tensors');
      expect(() => voidOp('aten::relu', 'self')(x)).toThrow('aten::relu does not return nothing');
    });
  });
});
