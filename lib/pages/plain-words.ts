import { html, type Markup } from './html.js'
import type { Texts } from './texts/texts.js'
import { type Sentence, type Values, wordKeyOf } from './texts/words-of-code.js'

export interface Said {
  code: string
  description: string
  remedy: string
  /** What the description names. */
  values?: Values | undefined
}

/**
 * An error that people meet on the way, in words for people; all others speak with the catalogue's own text, which is
 * English and marked so on pages of another language.
 */
export function plainWords(
  said: Said,
  t: Texts,
): { heading: string | undefined; description: string; remedy: string; language: Markup } {
  const key = wordKeyOf(said.code)
  if (key === undefined) {
    const language = t.lang === 'en' ? html`` : html` lang="en"`
    return { heading: undefined, description: said.description, remedy: said.remedy, language }
  }
  const { heading, description, remedy } = t.problems[key]
  const spoken = (sentence: Sentence | undefined, own: string): string =>
    sentence === undefined ? own : typeof sentence === 'string' ? sentence : sentence(said.values ?? {})
  return {
    heading,
    description: spoken(description, said.description),
    remedy: spoken(remedy, said.remedy),
    language: html``,
  }
}
