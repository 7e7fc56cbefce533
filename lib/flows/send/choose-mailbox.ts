import { GatewayError, invalidInput } from '../../errors.js'
import { isId } from '../../model/ids.js'
import type { MailSubmission, SubmittedRecipient } from '../../model/mail-submission.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { Person } from '../../protocol/compose-mail.js'
import { parseMailAddress, sameAddress } from '../../protocol/mail-address.js'
import { findMailbox, listMailboxes } from '../../rows/mailboxes.js'
import { findMailboxId, type MailboxName } from '../../rows/names.js'

/** The mailbox a mail goes out of: by id, key, name or address, purpose, or the tenant's default (M-020..M-022). */
export async function chooseMailbox(deps: Toolbox, tenant: string, mail: MailSubmission): Promise<Mailbox> {
  if (mail.mailboxId !== undefined)
    return usable(isId(mail.mailboxId) ? await findMailbox(deps, tenant, mail.mailboxId) : undefined, 'mailboxId')
  if (mail.mailbox !== undefined) return usable(await named(deps, tenant, mail.mailbox), 'mailbox')
  if (mail.purpose !== undefined) {
    const all = await listMailboxes(deps, tenant)
    return usable(
      all.find((one) => one.purpose === mail.purpose && one.active && one.send.transport !== 'none'),
      'purpose',
    )
  }
  return usable(await mailboxOf(deps, tenant, 'default'), undefined)
}

async function mailboxOf(deps: Toolbox, tenant: string, name: MailboxName): Promise<Mailbox | undefined> {
  const id = await findMailboxId(deps, tenant, name)
  return id === undefined ? undefined : findMailbox(deps, tenant, id)
}

async function named(deps: Toolbox, tenant: string, text: string): Promise<Mailbox | undefined> {
  if (text.includes('@')) return mailboxOf(deps, tenant, { address: parseMailAddress(text, 'mailbox') })
  return mailboxOf(deps, tenant, /^[a-z0-9]{1,5}$/.test(text) ? { key: text } : { name: text })
}

function usable(mailbox: Mailbox | undefined, field: string | undefined): Mailbox {
  if (mailbox?.active && mailbox.send.transport !== 'none') return mailbox
  const why =
    mailbox === undefined
      ? field === undefined
        ? 'The tenant has no default mailbox to send from.'
        : `No mailbox matches the given ${field}.`
      : `The mailbox ${mailbox.key} ${mailbox.active ? 'has no mail server for sending' : 'is switched off'}.`
  throw new GatewayError('no_mail_server', 'permanent', {
    status: 422,
    description: why,
    remedy: 'Connect a mailbox that can send, or name one that can.',
    ...(field === undefined ? {} : { field }),
  })
}

/** The sender, refused before anything is queued unless the mailbox may use it (SEC-30, M-038). */
export function allowedFrom(mailbox: Mailbox, from: Person | undefined): Person {
  if (from === undefined) return { address: mailbox.address, name: mailbox.displayName }
  if ([mailbox.address, ...mailbox.sendAs].some((address) => sameAddress(address, from.address)))
    return from.name === '' && sameAddress(from.address, mailbox.address)
      ? { ...from, name: mailbox.displayName }
      : from
  throw new GatewayError('from_not_allowed', 'permanent', {
    status: 422,
    field: 'from',
    description: `The mailbox ${mailbox.key} may not send as ${from.address}.`,
    remedy: `Leave from out, use ${mailbox.address}, or ask an administrator to add the address to the mailbox.`,
  })
}

export function toPerson(given: SubmittedRecipient, field: string): Person {
  return typeof given === 'string'
    ? { address: parseMailAddress(given, field), name: '' }
    : { address: parseMailAddress(given.address, `${field}.address`), name: given.name ?? '' }
}

export interface Envelope {
  to: Person[]
  cc: Person[]
  /** Every address once, in order of first mention. */
  recipients: string[]
}

export function envelopeOf(mail: MailSubmission, maxRecipients: number): Envelope {
  const people = (field: 'to' | 'cc' | 'bcc') => mail[field].map((one, at) => toPerson(one, `${field}[${at}]`))
  const [to, cc, bcc] = [people('to'), people('cc'), people('bcc')]
  const unique = new Map([...to, ...cc, ...bcc].map(({ address }) => [address.toLowerCase(), address]))
  if (unique.size > maxRecipients)
    throw invalidInput(
      'to',
      `has ${unique.size} recipients including cc and bcc; at most ${maxRecipients} are accepted, so split the mail`,
      {
        status: 422,
      },
    )
  return { to, cc, recipients: [...unique.values()] }
}
