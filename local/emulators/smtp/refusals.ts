/** Addresses that make the SMTP emulator refuse, with the replies real services give; plus orders given by a test. */

/** `text` begins with the enhanced status code, such as `5.1.1 User unknown`. */
export interface SmtpReply {
  code: number
  text: string
}

export type SmtpPhase = 'connect' | 'auth' | 'mail-from' | 'rcpt-to' | 'data'

/** Beyond the limits of a mailbox, in Exchange's words. */
export const overLimit: Record<'connections' | 'minute' | 'day', SmtpReply> = {
  connections: { code: 432, text: '4.3.2 STOREDRV.ClientSubmit; concurrent connection limit exceeded' },
  minute: { code: 451, text: '4.7.500 Server busy. Please try again later.' },
  day: { code: 550, text: '5.1.90 Your message can not be sent because the daily recipient limit was reached.' },
}

const greylisted: SmtpReply = { code: 451, text: '4.7.1 Greylisted, please try again in 300 seconds.' }

/** By recipient. */
export const byRecipient: Record<string, SmtpReply> = {
  greylisted,
  busy: { code: 451, text: '4.7.500 Server busy. Please try again later.' },
  unknown: { code: 550, text: '5.1.1 The e-mail account that you tried to reach does not exist.' },
  full: { code: 552, text: '5.2.2 Mailbox full.' },
  blocked: { code: 550, text: '5.7.1 Message refused by policy.' },
  toomany: { code: 452, text: '4.5.3 Too many recipients.' },
}
/** By sender, at MAIL FROM. */
export const bySender: Record<string, SmtpReply> = {
  storing: { code: 432, text: '4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded [Hostname=LOCAL.example]' },
  dailylimit: overLimit.day,
}
/** By sender, once the body was read. */
export const afterBody: Record<string, SmtpReply> = { sendasdenied: sendAsDenied('sendasdenied') }
/** By login name. */
export const byLogin: Record<string, SmtpReply> = {
  disabled: {
    code: 535,
    text: '5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.',
  },
  throttled: { code: 421, text: '4.7.0 Too many login attempts, please try again later.' },
  locked: { code: 454, text: '4.7.0 Temporary authentication failure.' },
}

export const badCredentials: SmtpReply = { code: 535, text: '5.7.3 Authentication unsuccessful [LOCAL.example]' }

/** The login works, and the mailbox stays shut: an application without a permission on it. */
export const mailboxShut: SmtpReply = {
  code: 430,
  text: '4.2.0 STOREDRV; mailbox logon failure; failure:ClientSubmit.MapiExceptionLogonFailed [LOCAL.example]',
}

export function sendAsDenied(sender: string): SmtpReply {
  return {
    code: 554,
    text: `5.2.252 SendAsDenied; ${sender} not allowed to send as the sender; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied`,
  }
}

interface Order {
  phase: SmtpPhase
  reply: SmtpReply
  left: number
  address: string | undefined
}

/** Decides who is refused. `greylisted@` is refused once per sender and recipient, then accepted. */
export class Refusals {
  #orders: Order[] = []
  readonly #seen = new Set<string>()

  /** The next `times` commands of this phase (of this address, when given) get `reply`. */
  order(phase: SmtpPhase, reply: SmtpReply, options: { times?: number; address?: string } = {}): void {
    this.#orders.push({ phase, reply, left: options.times ?? 1, address: options.address?.toLowerCase() })
  }

  clear(): void {
    this.#orders = []
    this.#seen.clear()
  }

  of(phase: SmtpPhase, address: string, peer = ''): SmtpReply | undefined {
    const lower = address.toLowerCase()
    const order = this.#orders.find((o) => o.phase === phase && o.left > 0 && (o.address ?? lower) === lower)
    if (order) {
      order.left -= 1
      return order.reply
    }
    const local = lower.split('@')[0] ?? ''
    if (phase === 'auth') return byLogin[local]
    if (phase === 'mail-from') return bySender[local]
    if (phase === 'data') return afterBody[local]
    if (phase !== 'rcpt-to') return undefined
    if (local === 'greylisted') return this.#greylist(`${peer} ${lower}`)
    return byRecipient[local]
  }

  #greylist(pair: string): SmtpReply | undefined {
    if (this.#seen.has(pair)) return undefined
    this.#seen.add(pair)
    return greylisted
  }
}
