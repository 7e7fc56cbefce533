import type { Clock } from '../ports/clock.js'
import type { Discovery } from '../ports/discovery.js'

const keptMs = 60_000
/** Nobody answered, or there is no record: the two look alike, and the first may last only seconds. */
const keptNothingMs = 5_000
const mostDomains = 1_000

/**
 * Asks once a minute for a domain, however often its link is opened; nobody else's links make it ask more than that.
 */
export function rememberedDiscovery(discovery: Discovery, now: Clock['now']): Discovery {
  return {
    mailExchangers: remembered((domain, signal) => discovery.mailExchangers(domain, signal), now),
    autoconfig: remembered((domain, signal) => discovery.autoconfig(domain, signal), now),
  }
}

interface Kept<T> {
  answer: Promise<T>
  until: number
}

function remembered<T extends { length: number } | undefined>(
  ask: (domain: string, signal: AbortSignal) => Promise<T>,
  now: Clock['now'],
): (domain: string, signal: AbortSignal) => Promise<T> {
  const kept = new Map<string, Kept<T>>()
  return (domain, signal) => {
    const known = kept.get(domain)
    if (known !== undefined && now() < known.until) return known.answer
    const asked: Kept<T> = { answer: ask(domain, signal), until: now() + keptMs }
    const forget = () => {
      if (kept.get(domain) === asked) kept.delete(domain)
    }
    asked.answer.then((found) => {
      // What was given up for one caller's time says nothing about the domain.
      if (signal.aborted) forget()
      else asked.until = now() + (found !== undefined && found.length > 0 ? keptMs : keptNothingMs)
    }, forget)
    kept.delete(domain)
    kept.set(domain, asked)
    if (kept.size > mostDomains) kept.delete(kept.keys().next().value as string)
    return asked.answer
  }
}
