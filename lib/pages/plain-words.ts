import type { Texts } from './texts/texts.js'
import { isPassing, type Sentence, type Values, wordKeyOf } from './texts/words-of-code.js'

export interface Said {
  code: string
  description: string
  remedy: string
  /** What the description names. */
  values?: Values | undefined
}

/**
 * An error in words for people, in the language of the page. Where the words leave something out, or a code has none,
 * the error speaks with its own text, which is English; other languages have a sentence for that. `isRetried`: the
 * gateway retries what failed; without it nothing is connected, and the person retries what is temporary.
 */
export function plainWords(
  said: Said,
  t: Texts,
  { isRetried = false }: { isRetried?: boolean } = {},
): { heading: string | undefined; description: string; remedy: string } {
  const key = wordKeyOf(said.code)
  if (key === undefined)
    return { heading: undefined, ...(t.otherProblem ?? { description: said.description, remedy: said.remedy }) }
  const { heading, description, remedy } = t.problems[key]
  const spoken = (sentence: Sentence | undefined, own: string): string =>
    sentence === undefined ? own : typeof sentence === 'string' ? sentence : sentence(said.values ?? {})
  return {
    heading,
    description: spoken(description, said.description),
    remedy: isPassing(said.code) && !isRetried ? t.error.tryLater : spoken(remedy, said.remedy),
  }
}
