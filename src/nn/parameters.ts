import { createHash } from 'node:crypto';
import {
  cat,
  type Dtype,
  detach,
  div,
  full,
  fusedByDefault,
  inPlace,
  like,
  mul,
  narrow,
  noGrad,
  norm,
  ones,
  reshape,
  scope,
  type Tensor,
  zeros,
} from '../tensor/index.js';
import type { Pass } from './pass.js';

/**
 * How a weight starts: uniform in ±bound, normal with mean 0 and that standard deviation, constant, or each row uniform
 * in ±1 and then brought to that length.
 */
export type Init =
  | { readonly uniform: number }
  | { readonly normal: number }
  | { readonly constant: number }
  | { readonly rowLength: number };

/** A trainable weight. Its value exists once the store is allocated. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly component: string;
  /** Of `shape`: a view into the vector of all weights. */
  readonly value: Tensor;
}

/** Where a layer registers what it owns: a place in the tree of names. */
export interface Store {
  readonly root: ParameterStore;
  readonly component: string;
  /** A place below this one: its names start with `name` and a dot. */
  child(name: string | number): Store;
  weight(name: string, shape: readonly number[], init: Init): Parameter;
  /** A tensor that is saved but not trained, filled with `value`. */
  buffer(name: string, shape: readonly number[], value: number): Tensor;
  /** What `make` builds below `name`; built only the first time that it is asked for. */
  once<T>(name: string, make: (store: Store) => T): T;
}

/** The names and shapes of all weights and buffers, in their order. */
export interface Layout {
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly buffers: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

interface Entry extends Parameter {
  readonly init: Init;
  readonly size: number;
  leaf: Tensor | undefined;
}

const fill = (leaf: Tensor, init: Init): void => {
  if ('constant' in init) inPlace.copy(leaf, full([1], init.constant, like(leaf)));
  // Drawn on the CPU, wherever the network is: it starts from the same weights on every device.
  else if (leaf.device !== 'cpu')
    scope(() => inPlace.copy(leaf, drawn(zeros(leaf.shape, { dtype: leaf.dtype }), init)));
  else drawn(leaf, init);
};

const drawn = (leaf: Tensor, init: Exclude<Init, { readonly constant: number }>): Tensor => {
  if ('uniform' in init) inPlace.uniform(leaf, -init.uniform, init.uniform);
  else if ('normal' in init) inPlace.normal(leaf, 0, init.normal);
  else {
    inPlace.uniform(leaf, -1, 1);
    inPlace.copy(leaf, mul(div(leaf, norm(leaf, { dim: -1, keepdim: true })), init.rowLength));
  }
  return leaf;
};

// By overload: the map holds values of any type, and the caller knows which.
function once<T>(made: Map<string, unknown>, name: string, make: () => T): T;
function once(made: Map<string, unknown>, name: string, make: () => unknown): unknown {
  if (!made.has(name)) made.set(name, make());
  return made.get(name);
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** How frozen components behave in training. */
export interface Freezing {
  /** What their batch norms normalise with: the running statistics unless said. */
  readonly statistics?: 'running' | 'batch';
}

/**
 * All weights and buffers of a network. The weights lie end to end in one vector, `flat`, and each is a view into it:
 * an optimizer, a checkpoint and second-order DARTS each work on one tensor instead of on two thousand.
 */
export class ParameterStore {
  readonly buffers = new Map<string, Tensor>();
  #entries: Entry[] = [];
  #names = new Set<string>();
  #shared = new Map<string, unknown>();
  #units = new Map<number, Tensor>();
  #owners = new Map<Tensor, string>();
  #flat: Tensor | undefined;
  readonly dtype: Dtype;
  readonly device: string;
  /** Whether layers run fused: the same mathematics in fewer passes over memory. */
  readonly fused: boolean;
  #frozen: ReadonlySet<string> = new Set();
  #frozenByBatch = false;
  #extend: ((store: ParameterStore) => void) | undefined;

  /** `extend` registers additional weights, of a wrapper of the network; they come last. */
  constructor({
    dtype = 'float32',
    device = 'cpu',
    fused = fusedByDefault(),
    extend,
  }: {
    dtype?: Dtype | undefined;
    device?: string | undefined;
    fused?: boolean | undefined;
    extend?: ((store: ParameterStore) => void) | undefined;
  } = {}) {
    this.#extend = extend;
    this.dtype = dtype;
    this.device = device;
    this.fused = fused && dtype === 'float32' && device === 'cpu';
  }

  get parameters(): readonly Parameter[] {
    return this.#entries;
  }
  /** The number of weights. */
  get size(): number {
    return this.#entries.reduce((sum, e) => sum + e.size, 0);
  }
  /** Every weight, in the order of `parameters`. [size] */
  get flat(): Tensor {
    if (this.#flat === undefined) throw new Error('Cannot use weights: allocate() must be called first');
    return this.#flat;
  }
  /** What `grad` differentiates with respect to: every weight, in order, but those of frozen components. */
  get leaves(): Tensor[] {
    return this.trainable.map((e) => e.value);
  }
  /** The parameters that are not frozen. */
  get trainable(): readonly Parameter[] {
    return this.#entries.filter((e) => !this.#frozen.has(e.component));
  }
  /** Components whose weights and buffers are to stay as they are. */
  get frozen(): ReadonlySet<string> {
    return this.#frozen;
  }

  /**
   * Freezes these components, and no others: their batch norms then normalise with the running statistics and leave
   * them alone, and no gradient is traced into their weights. With `statistics: 'batch'` they normalise with those of
   * the batch in training, which moves the running ones. Whoever moves `flat` must spare their ranges. Throws when
   * there is no such component, and when none is left.
   */
  freeze(components: readonly string[], { statistics = 'running' }: Freezing = {}): void {
    const unknown = components.find((name) => !this.components.includes(name));
    if (unknown !== undefined)
      throw new RangeError(`Cannot freeze: "${unknown}" must be one of the components ${this.components.join(', ')}`);
    if (this.components.every((name) => components.includes(name)))
      throw new RangeError(
        `Cannot freeze: one of the components ${this.components.join(', ')} must be left to train, all were named`,
      );
    this.#frozen = new Set(components);
    this.#frozenByBatch = statistics === 'batch';
    for (const e of this.#entries) e.value.requireGrad(!this.#frozen.has(e.component));
  }
  /** Whether a component trains in this pass: by the batch's statistics, and with dropped paths. */
  trains(component: string, { training }: Pass): boolean {
    return training && (this.#frozenByBatch || !this.#frozen.has(component));
  }
  /** The gradients of `leaves` laid end to end as all weights are, with 0 for those of frozen components. [size] */
  gather(gradients: readonly Tensor[]): Tensor {
    let next = 0;
    const parts = this.components.flatMap((name) => {
      if (this.#frozen.has(name)) return [zeros([this.range(name)[1]], like(this))];
      const own = this.trainable.filter((p) => p.component === name).length;
      next += own;
      return gradients.slice(next - own, next).map((g) => reshape(g, [-1]));
    });
    return cat(parts);
  }
  /** The running statistics of batch norms, but for those of frozen components: what a pass in training moves. */
  get statistics(): Tensor[] {
    return [...this.buffers].flatMap(([name, buffer]) => {
      const moves = /(^|\.)running_(mean|var)$/.test(name) && !this.#frozen.has(this.#owners.get(buffer) ?? '');
      return moves ? [buffer] : [];
    });
  }
  /** What a checkpoint of these weights must have. */
  get layout(): Layout {
    return {
      parameters: this.#entries.map(({ name, shape }) => ({ name, shape })),
      buffers: [...this.buffers].map(([name, { shape }]) => ({ name, shape })),
    };
  }
  /** SHA-256 of the layout's JSON, in hex. */
  get layoutHash(): string {
    return createHash('sha256').update(JSON.stringify(this.layout)).digest('hex');
  }

  /** The place of a component: its weights are registered together, so that they lie together in `flat`. */
  component(component: string): Store {
    return this.#place(component, '');
  }

  /** [start, length] of a component's weights in `flat`. */
  range(component: string): [start: number, length: number] {
    const first = this.#entries.findIndex((e) => e.component === component);
    const before = this.#entries.slice(0, Math.max(first, 0)).reduce((sum, e) => sum + e.size, 0);
    return [before, this.#entries.filter((e) => e.component === component).reduce((sum, e) => sum + e.size, 0)];
  }

  /** A vector of `length` ones that all layers share. */
  unit(length: number): Tensor {
    const unit = this.#units.get(length) ?? ones([length], like(this));
    this.#units.set(length, unit);
    return unit;
  }

  get components(): string[] {
    return [...new Set(this.#entries.map((e) => e.component))];
  }

  /** Makes the vector of weights, fills it by `rng`, and gives every parameter its view. Returns the store. */
  allocate(): this {
    this.#extend?.(this);
    this.#flat = zeros([this.size], like(this));
    let offset = 0;
    for (const entry of this.#entries) {
      const flat = this.#flat;
      entry.leaf = scope(() => {
        const leaf = detach(reshape(narrow(flat, 0, offset, entry.size), entry.shape));
        noGrad(() => fill(leaf, entry.init));
        return leaf.requireGrad();
      });
      offset += entry.size;
    }
    return this;
  }

  /** Releases weights and buffers. */
  dispose(): void {
    for (const entry of this.#entries) entry.leaf?.dispose();
    for (const t of [...this.buffers.values(), ...this.#units.values()]) t.dispose();
    this.#flat?.dispose();
  }

  #place(component: string, prefix: string): Store {
    const path = (name: string | number) => (prefix === '' ? `${name}` : `${prefix}.${name}`);
    return {
      root: this,
      component,
      child: (name) => this.#place(component, path(name)),
      weight: (name, shape, init) => {
        const entry: Entry = {
          name: path(name),
          shape,
          component,
          init,
          size: count(shape),
          leaf: undefined,
          get value(): Tensor {
            if (this.leaf === undefined)
              throw new Error(`Cannot use weight ${this.name}: the store must be allocated first`);
            return this.leaf;
          },
        };
        if (this.#flat !== undefined)
          throw new Error(`Cannot add weight ${entry.name}: the store is already allocated`);
        if (this.#names.has(entry.name)) throw new Error(`Cannot add weight ${entry.name}: it exists`);
        this.#names.add(entry.name);
        this.#entries.push(entry);
        return entry;
      },
      buffer: (name, shape, value) => {
        const buffer = full(shape, value, like(this));
        this.buffers.set(path(name), buffer);
        this.#owners.set(buffer, component);
        return buffer;
      },
      once: (name, make) => once(this.#shared, path(name), () => make(this.#place(component, path(name)))),
    };
  }
}
