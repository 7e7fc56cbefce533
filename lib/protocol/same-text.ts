import { timingSafeEqual } from 'node:crypto'

/** Compares two texts in constant time for equal lengths; an empty expectation never matches. */
export function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return b.length > 0 && a.length === b.length && timingSafeEqual(a, b)
}
