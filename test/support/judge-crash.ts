import { expect } from 'vitest'
import type { CrashRun } from './crash-run.js'

/** Nothing lost, nothing twice, every doubt explained, every count accounted for. */
export function judgeCrash(run: CrashRun, accepted: number): void {
  const why = `seed ${run.seed}`
  const mails = [...run.mails]
  const inState = (state: string) => mails.filter(([, mail]) => mail.state === state)
  expect(run.killsAtWork, `${why}: no kill met work`).toBeGreaterThan(0)
  expect(run.secondIds, `${why}: the same Idempotency-Key made two mails`).toBe(0)
  expect(new Set(mails.map(([, mail]) => mail.id)).size, why).toBe(accepted)
  expect(inState('sent').length + inState('unknown').length, `${why}: accepted = sent + unknown`).toBe(accepted)
  const lost = inState('sent').filter(([subject]) => run.copies.get(subject) === 0)
  expect(lost, `${why}: called sent, never arrived`).toEqual([])
  expect(
    [...run.copies].filter(([, count]) => count > 1),
    `${why}: arrived twice`,
  ).toEqual([])
  expect(
    [...run.copies.keys()].filter((subject) => !run.mails.has(subject)),
    `${why}: arrived, never accepted`,
  ).toEqual([])
  for (const [subject, mail] of inState('unknown')) {
    expect(mail.whenUnknown, `${why}: ${subject}`).toBe('stop')
    expect(mail.lastError?.code, `${why}: ${subject} has no code`).toBeTruthy()
    expect(mail.lastError?.text, `${why}: ${subject} has no description`).toBeTruthy()
    expect(mail.lastError?.remedy, `${why}: ${subject} has no remedy`).toBeTruthy()
  }
}
