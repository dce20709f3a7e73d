import { explainedMemory } from './failure.js';

/** Events of something under way, and what it comes to. */
export interface Underway<E, R> {
  next(): Promise<IteratorResult<E, R>>;
  /** Ends it at once; saved work is kept. */
  return(value: R | PromiseLike<R>): Promise<IteratorResult<E, R>>;
  [Symbol.asyncIterator](): Underway<E, R>;
  /**
   * How it ends. Where nobody has asked for an event yet, asking for the result carries it out; else it comes when the
   * events have been taken to their end. Rejects when it fails, and when the events are left before their end.
   */
  readonly result: Promise<R>;
}

/** Adds the result as a promise, so that events can be followed with `for await`, which gives no value back. */
export const withResult = <E, R>(events: AsyncGenerator<E, R>): Underway<E, R> => {
  let asked = false;
  let settle: { done(value: R): void; fail(error: unknown): void } | undefined;
  const promise = new Promise<R>((done, fail) => {
    settle = { done, fail };
  });
  promise.catch(() => {}); // the events report it to their reader
  const taken = async (next: Promise<IteratorResult<E, R>>): Promise<IteratorResult<E, R>> => {
    try {
      const given = await next;
      if (given.done) settle?.done(given.value);
      return given;
    } catch (error) {
      const told = explainedMemory(error);
      settle?.fail(told);
      throw told;
    }
  };
  const next = (): Promise<IteratorResult<E, R>> => {
    asked = true;
    return taken(events.next());
  };
  const left = (): void => settle?.fail(new Error('The run was left before its end: iterate over all of its events'));
  const drain = async (): Promise<void> => {
    while (!(await next()).done);
  };
  return {
    next,
    return: (value) => {
      left();
      return events.return(value);
    },
    get result() {
      if (!asked) drain().catch(() => {});
      return promise;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};
