import {
  type Dtype,
  detach,
  full,
  fusedByDefault,
  inPlace,
  narrow,
  noGrad,
  ones,
  reshape,
  scope,
  type Tensor,
  zeros,
} from '../tensor/index.js';
import type { BatchNorm } from './layers.js';

/** How a weight starts: uniform in ±bound, or constant. */
export type Init = { readonly uniform: number } | { readonly constant: number };

/** A trainable weight. Its value exists once the store is allocated. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly component: string;
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
  /** The batch norm that `make` builds below `name`; built only the first time that it is asked for. */
  once(name: string, make: (store: Store) => BatchNorm): BatchNorm;
}

interface Entry extends Parameter {
  readonly init: Init;
  readonly size: number;
  leaf: Tensor | undefined;
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * All weights and buffers of a network. The weights lie end to end in one vector, `flat`, and each is a view into it: an optimizer,
 * a checkpoint and second-order DARTS each work on one tensor instead of on two thousand.
 */
export class ParameterStore {
  readonly buffers = new Map<string, Tensor>();
  /** Whether batch norms use the batch's statistics, and drop-path drops. */
  training = true;
  #entries: Entry[] = [];
  #names = new Set<string>();
  #shared = new Map<string, BatchNorm>();
  #units = new Map<number, Tensor>();
  #flat: Tensor | undefined;
  readonly dtype: Dtype;
  readonly device: string;
  /** Whether layers run fused: the same mathematics in fewer passes over memory. */
  readonly fused: boolean;
  #frozen: ReadonlySet<string> = new Set();

  constructor({
    dtype = 'float32',
    device = 'cpu',
    fused = fusedByDefault(),
  }: { dtype?: Dtype | undefined; device?: string | undefined; fused?: boolean | undefined } = {}) {
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
   * Freezes these components, and no others: their batch norms then normalise with the running statistics and leave them alone, and no gradient is
   * traced into their weights. Whoever moves `flat` must spare their ranges. Throws when there is no such component, and when none is left.
   */
  freeze(components: readonly string[]): void {
    const unknown = components.find((name) => !this.components.includes(name));
    if (unknown !== undefined)
      throw new RangeError(`Cannot freeze: "${unknown}" must be one of the components ${this.components.join(', ')}`);
    if (this.components.every((name) => components.includes(name)))
      throw new RangeError(
        `Cannot freeze: one of the components ${this.components.join(', ')} must be left to train, all were named`,
      );
    this.#frozen = new Set(components);
    for (const e of this.#entries) e.value.requireGrad(!this.#frozen.has(e.component));
  }
  /** Whether the batch norms of a component use the batch's statistics. */
  trains(component: string): boolean {
    return this.training && !this.#frozen.has(component);
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
    const unit = this.#units.get(length) ?? ones([length], this);
    this.#units.set(length, unit);
    return unit;
  }

  get components(): string[] {
    return [...new Set(this.#entries.map((e) => e.component))];
  }

  /** Makes the vector of weights, fills it by `rng`, and gives every parameter its view. Returns the store. */
  allocate(): this {
    this.#flat = zeros([this.size], this);
    let offset = 0;
    for (const entry of this.#entries) {
      const flat = this.#flat;
      entry.leaf = scope(() => {
        const leaf = detach(reshape(narrow(flat, 0, offset, entry.size), entry.shape));
        noGrad(() =>
          'uniform' in entry.init
            ? inPlace.uniform(leaf, -entry.init.uniform, entry.init.uniform)
            : inPlace.copy(leaf, full([1], entry.init.constant, this)),
        );
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
        const buffer = full(shape, value, this);
        this.buffers.set(path(name), buffer);
        return buffer;
      },
      once: (name, make) => {
        const shared = this.#shared.get(path(name)) ?? make(this.#place(component, path(name)));
        this.#shared.set(path(name), shared);
        return shared;
      },
    };
  }
}
