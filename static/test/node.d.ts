/** The few parts of Node that the tests use; @types/node would be the largest of our dependencies. */
declare module "node:test" {
  type Body = () => void | Promise<void>;
  export function test(name: string, body: Body): void;
  export function describe(name: string, body: () => void): void;
  export function beforeEach(body: Body): void;
  export function afterEach(body: Body): void;
}

declare module "node:assert/strict" {
  interface Assert {
    (value: unknown, message?: string): asserts value;
    ok(value: unknown, message?: string): asserts value;
    equal<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
    notEqual(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    match(value: string, pattern: RegExp, message?: string): void;
    throws(run: () => unknown, error?: RegExp | object | ((error: unknown) => boolean), message?: string): void;
    rejects(
      run: Promise<unknown> | (() => Promise<unknown>),
      error?: RegExp | object | ((error: unknown) => boolean),
      message?: string,
    ): Promise<void>;
    fail(message?: string): never;
  }
  const assert: Assert;
  export default assert;
}

declare module "node:process" {
  export const argv: string[];
  export const stdout: { write(text: string): void };
}
