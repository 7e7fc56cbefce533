import type { Sentence } from './words-of-code.js'

/** Nothing is left out: what the English page lets the error say itself stands in German too. */
export interface GermanWords {
  heading: string
  description: Sentence
  remedy: Sentence
}
