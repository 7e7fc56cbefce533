import { expect } from 'vitest'
import type { CrashMail, CrashRun } from './crash-run.js'

/** One line for people: what was killed and what became of the mails. */
export function crashFigures(run: CrashRun): string {
  const mails = [...run.mails]
  const among = (what: (mail: CrashMail, copies: number) => boolean): number =>
    mails.filter(([subject, mail]) => what(mail, run.copies.get(subject) ?? 0)).length
  const said = (text: RegExp): number => among(({ history }) => history.some((attempt) => text.test(attempt.text)))
  return JSON.stringify({
    seed: run.seed,
    kills: run.kills,
    killsAtWork: run.killsAtWork,
    mails: mails.length,
    sent: among(({ state }) => state === 'sent'),
    unknown: among(({ state }) => state === 'unknown'),
    unknownYetArrived: among(({ state }, copies) => state === 'unknown' && copies > 0),
    foundSentAfterInterruption: said(/^The hand-over was interrupted/),
    foundUnsentAndSentAgain: said(/had not left/),
    difference: run.difference,
    lost: among(({ state }, copies) => state === 'sent' && copies === 0),
    doubled: among((_, copies) => copies > 1),
  })
}

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
  expect(run.drafts, `${why}: a draft was left in the mailbox`).toBe(0)
  expect(run.difference, `${why}: the counts did not add up`).toBe(0)
  for (const [subject, mail] of inState('unknown')) {
    expect(mail.whenUnknown, `${why}: ${subject}`).toBe('stop')
    expect(mail.lastError?.code, `${why}: ${subject} has no code`).toBeTruthy()
    expect(mail.lastError?.text, `${why}: ${subject} does not say what happened`).toMatch(
      /worker ended|connection broke/i,
    )
    expect(mail.lastError?.text, `${why}: ${subject} does not say what was found`).toMatch(
      /Sent folder|could not search/,
    )
    expect(mail.lastError?.remedy, `${why}: ${subject} has no remedy`).toMatch(
      /then decide: sent, not sent, or send again/,
    )
    const shown = run.attention.filter((item) => item.id === mail.id)
    expect(shown, `${why}: ${subject} is not shown to a person once`).toHaveLength(1)
  }
}
