/**
 * Everything about a mail that only its tenant's mailboxes, settings and the clock can tell, judged at once: whoever
 * corrects a mail is told of every field in one answer, whichever check found it.
 */
import { GatewayError, invalidInput } from '../../errors.js'
import { earliestStart } from '../../model/mail.js'
import type { JudgedSubmission, MailSubmission } from '../../model/mail-submission.js'
import type { Mailbox } from '../../model/mailbox.js'
import { withDefaults } from '../../model/message-defaults.js'
import { mostProblems, refusedTogether } from '../../model/parse.js'
import type { FlowConfig } from '../../ports/flow-config.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { checkHeader, type Person } from '../../protocol/compose-mail.js'
import { fromOfMime } from '../../protocol/normalise-mime.js'
import { base64PartBytes, checkMailSize } from '../../protocol/size.js'
import { settingsOf } from '../../rows/settings.js'
import { allowedFrom, chooseMailbox, type Envelope, envelopeOf, toPerson } from './choose-mailbox.js'

export interface CheckedSubmission {
  /** With the defaults of the mailbox. */
  submission: MailSubmission
  mailbox: Mailbox
  settings: FlowConfig
  envelope: Envelope
  from: Person
  replyTo: Person | undefined
  /** Milliseconds; 0 unless the mail names a time to come. */
  plannedAt: number
  /** Milliseconds; now, or later. */
  notBefore: number
  /** Milliseconds; 0 for none yet. */
  deadline: number
}

const yearMs = 366 * 86_400_000

/** Rejects with one error for everything that is wrong, the form and what was `refused` before included. */
export async function checkSubmission(
  deps: Toolbox,
  tenant: string,
  judged: JudgedSubmission & { refused?: readonly GatewayError[] },
): Promise<CheckedSubmission> {
  const { submission: given, problems, unread, refused = [] } = judged
  const refusals = [...refused]
  const attempt = <T>(check: () => T): T | undefined => {
    try {
      if (refusals.length < mostProblems) return check()
    } catch (error) {
      if (!isRefusal(error)) throw error
      refusals.push(error)
    }
    return undefined
  }
  if (given) {
    checkSizes(given, deps.config.maxMailBytes, attempt)
    const mailbox = choosers.some((field) => unread.has(field))
      ? undefined
      : await chooseMailbox(deps, tenant, given).catch((error: unknown) => attempt<Mailbox>(() => raise(error)))
    const submission = mailbox ? withDefaults(given, mailbox.defaults ?? {}) : given
    for (const field of ['to', 'cc', 'bcc'] as const)
      for (const [at, one] of given[field].entries())
        attempt(() => toPerson(one, `${field}[${judged.places[field]?.[at] ?? at}]`))
    const { replyTo, headers } = submission
    const answerTo = replyTo === undefined ? undefined : attempt(() => toPerson(replyTo, 'replyTo'))
    const wanted = attempt(() => ({ from: wantedFrom(submission) }))
    for (const name of Object.keys(headers)) attempt(() => checkHeader(name))
    const now = deps.clock.now()
    const wantedStart = submission.notBefore === undefined ? 0 : Date.parse(submission.notBefore)
    const plannedAt = wantedStart > now ? wantedStart : 0
    const notBefore = earliestStart({ plannedAt }, now)
    // Behind the year 2286 a time has a digit more, and its hint would stand before everything else in the outbox.
    attempt(() => {
      if (notBefore > now + yearMs) throw invalidInput('notBefore', 'must be within a year; submit the mail later')
    })
    attempt(() => {
      if (submission.deadline !== undefined && Date.parse(submission.deadline) <= now)
        throw invalidInput('deadline', 'is in the past; give a later time or none')
    })
    if (mailbox) {
      const settings = await settingsOf(deps, mailbox)
      const from = wanted && attempt(() => allowedFrom(mailbox, wanted.from))
      // Addresses that are none were named above.
      const isAddressed = !refusals.some(({ field }) => /^(to|cc|bcc)\[/.test(field ?? ''))
      const envelope = isAddressed ? attempt(() => envelopeOf(submission, settings.maxRecipients)) : undefined
      const deadline = deadlineOf(submission, notBefore + settings.deadlineMs)
      if (problems.length + refusals.length === 0 && envelope && from)
        return { submission, mailbox, settings, envelope, from, replyTo: answerTo, plannedAt, notBefore, deadline }
    }
  }
  throw refusedTogether(problems, refusals) ?? invalidInput('body', 'must be an object')
}

const choosers = ['mailboxId', 'mailbox', 'purpose']

/** Of the mail, which its author corrects; what is wrong with our own services ends the check. */
const isRefusal = (error: unknown): error is GatewayError =>
  error instanceof GatewayError && error.class === 'permanent'

function raise(error: unknown): never {
  throw error
}

function checkSizes(given: MailSubmission, maxBytes: number, attempt: (check: () => void) => void): void {
  const parts = given.attachments.reduce((sum, { content }) => sum + base64PartBytes(content.length), 0)
  attempt(() => checkMailSize(parts, maxBytes))
  attempt(() => checkMailSize(Math.floor(((given.raw?.length ?? 0) * 3) / 4), maxBytes))
}

/** 0 for none yet: without one of its own, the time of a held mail begins with its release. */
function deadlineOf({ deadline, hold }: MailSubmission, usual: number): number {
  if (deadline !== undefined) return Date.parse(deadline)
  return hold ? 0 : usual
}

function wantedFrom(submission: MailSubmission): Person | undefined {
  if (submission.from !== undefined) return toPerson(submission.from, 'from')
  if (submission.raw === undefined) return undefined
  const address = fromOfMime(Buffer.from(submission.raw, 'base64'))
  return address === undefined ? undefined : { address, name: '' }
}
