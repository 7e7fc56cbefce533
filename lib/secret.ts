import { inspect } from 'node:util'

/**
 * A value that cannot print: `String`, `JSON.stringify` and `console.log` show a placeholder; only `reveal()` gives it.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** To be called only in the adapter that puts the value on the wire or into the vault. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}
