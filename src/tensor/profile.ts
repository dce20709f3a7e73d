import { plainNative, timeCalls } from './native.js';

/**
 * One kind of work inside the engine: an operator, a fused operator's backward pass, or what the engine does besides
 * (`engine: call`).
 */
export interface EngineWork {
  readonly name: string;
  readonly calls: number;
  /** Its own: what it calls in turn is counted there. */
  readonly seconds: number;
}

const NANO = 1e-9;

// libtorch names the node of a fused operator after its C++ class, torch::autograd::CppNode<tailnas::…::NodeSum>; its
// own nodes call operators, which are counted by their names, and what is left of them is bookkeeping, as is what it
// does around every node.
const spelled = (name: string): string => {
  const fused = /^torch::autograd::CppNode<.*?(\w+?)(?:Function)?>$/.exec(name)?.[1];
  if (fused !== undefined) return `tailnas::${fused.replace(/(?<=[a-z0-9])[A-Z]/g, '_$&').toLowerCase()}, backward`;
  if (name.startsWith('autograd::') || /^\w+Backward\d*$/.test(name)) return 'engine: backward nodes';
  return name.includes('::') ? name : `engine: ${name}`;
};

/**
 * For finding what the time inside the engine goes to. On a CPU operators are seen one by one; of other devices only
 * how long they are waited for.
 */
export const engineProfile = {
  /** From now on every call and operator is timed, which makes each a little slower. */
  start: (): void => {
    plainNative().readProfile(); // what a step that failed has left
    plainNative().profile(true);
    timeCalls(true);
  },
  stop: (): void => {
    plainNative().profile(false);
    timeCalls(false);
  },
  /** Seconds inside the engine since the last `take`. */
  seconds: (): number => plainNative().profiledTime() * NANO,
  /** What was done since the last `take`; its seconds add up to `seconds()`. */
  take: (): EngineWork[] => {
    const found = new Map<string, EngineWork>();
    for (const [raw, calls, nanoseconds] of plainNative().readProfile()) {
      const name = spelled(raw);
      const before = found.get(name);
      found.set(name, {
        name,
        calls: (before?.calls ?? 0) + calls,
        seconds: (before?.seconds ?? 0) + nanoseconds * NANO,
      });
    }
    return [...found.values()];
  },
};
