import { de } from './de.js'
import { en, type Texts } from './en.js'

export type { Texts } from './en.js'

const languages: Readonly<Record<string, Texts>> = { en, de }

/**
 * The first language of an `Accept-Language` header that the pages speak, by its weights (RFC 9110, 12.5.4); else
 * English.
 */
export function textsOf(header: string | null): Texts {
  const wanted = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
      const weight = parameters.map((one) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(one)?.[1]).find(Boolean)
      return { language: tag.split('-')[0] ?? '', weight: weight === undefined ? 1 : Number(weight) }
    })
    .filter(({ language, weight }) => weight > 0 && Object.hasOwn(languages, language))
    .sort((a, b) => b.weight - a.weight)
  return languages[wanted[0]?.language ?? 'en'] ?? en
}
