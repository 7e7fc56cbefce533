import { deLinkProblems } from './de-link-problems.js'
import { deMicrosoftProblems } from './de-microsoft-problems.js'
import { deServerProblems } from './de-server-problems.js'
import type { GermanWords } from './german-words.js'
import type { WordKey } from './words-of-code.js'

/** Every error that people meet, in German. */
export const deProblems: Record<WordKey, GermanWords> = {
  ...deLinkProblems,
  ...deMicrosoftProblems,
  ...deServerProblems,
}

/** What no page of a link is known to meet, so that a German page still says it in German. */
export const deOther = {
  description: 'Der Maildienst hat das nicht angenommen.',
  remedy: 'Versuchen Sie es in einigen Minuten noch einmal. Bleibt es so, zeigen Sie diese Seite Ihrer IT.',
}
