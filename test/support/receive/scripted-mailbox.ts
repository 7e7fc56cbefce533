import { GatewayError } from '../../../lib/errors.js'
import type { AfterReceive } from '../../../lib/model/mailbox.js'
import type { FetchedMail, FetchLimits, Receiver, ReceiveSession } from '../../../lib/ports/receiver.js'

export interface ScriptedMail {
  uid: number
  raw: string
  receivedAt: number
  /** Thrown instead of giving the bytes. */
  fault?: Error
}

/** A mail server in memory behind the Receiver port: UIDs, a UID validity, and faults on demand. */
export class ScriptedMailbox implements Receiver {
  mails: ScriptedMail[] = []
  validity = 1
  opened = 0
  rawReads = 0
  /** Server ids by action, in order. */
  readonly actions: { action: string; serverId: string }[] = []
  openFault: Error | undefined
  /** Awaited before a session is open. */
  beforeOpen: Promise<void> = Promise.resolve()
  /** Never answers. */
  hangs = false
  /** Asks for the bytes of so many mails before it gives the first, as IMAP does, unless one at a time is wanted. */
  chunk = 1
  /** Awaited before the bytes of a mail are given. */
  beforeRaw: (mail: ScriptedMail) => Promise<void> = async () => {}

  put(uid: number, body = `mail ${uid}`, more: Partial<ScriptedMail> = {}): void {
    const raw = `From: a@example.com\r\nMessage-ID: <${uid}@example.com>\r\nSubject: ${body}\r\n\r\n${body}`
    this.mails.push({ uid, raw, receivedAt: Date.now(), ...more })
  }

  async open(): Promise<ReceiveSession> {
    this.opened++
    if (this.openFault) throw this.openFault
    await this.beforeOpen
    if (this.hangs) await new Promise(() => {})
    return this.#session()
  }

  #session(): ReceiveSession {
    const box = this
    let at = ''
    let more = false
    let resynced = false
    async function* fetch(cursor: string | undefined, limits: FetchLimits): AsyncGenerator<FetchedMail> {
      const [validity, uid] = (cursor ?? '').split('.').map(Number)
      resynced = cursor !== undefined && validity !== box.validity
      const known = cursor !== undefined && !resynced
      const last = known ? (uid ?? 0) : 0
      at = `${box.validity}.${last}`
      const waiting = box.mails.filter((mail) => mail.uid > last && (known || mail.receivedAt >= limits.since))
      more = waiting.length > limits.maxMails
      const chosen = waiting.slice(0, limits.maxMails)
      const idOf = (mail: ScriptedMail): string => `${box.validity}.${mail.uid}`
      if (box.chunk > 1 && !limits.alone && chosen.length > 0) {
        await limits.mayTake?.(chosen.map(idOf))
        for (const mail of chosen.slice(0, box.chunk)) await box.beforeRaw(mail)
      }
      for (const mail of chosen) {
        if (limits.alone && (await limits.mayTake?.([idOf(mail)])) === false) {
          at = idOf(mail)
          continue
        }
        at = idOf(mail)
        yield given(mail)
      }
    }
    const given = (mail: ScriptedMail): FetchedMail => ({
      serverId: `${box.validity}.${mail.uid}`,
      receivedAt: mail.receivedAt,
      size: mail.raw.length,
      raw: async () => {
        box.rawReads++
        await box.beforeRaw(mail)
        if (mail.fault) throw mail.fault
        return Buffer.from(mail.raw)
      },
    })
    return {
      fetch,
      one: (serverId) => {
        const mail = box.mails.find(({ uid }) => `${box.validity}.${uid}` === serverId)
        const gone = new GatewayError('mail_gone', 'permanent')
        return mail ? given(mail) : { serverId, receivedAt: 0, size: 0, raw: () => Promise.reject(gone) }
      },
      cursor: () => at,
      more: () => more,
      resynced: () => resynced,
      async after(serverIds: string[], { action }: AfterReceive) {
        for (const serverId of serverIds) {
          box.actions.push({ action, serverId })
          if (action === 'delete') box.mails = box.mails.filter((mail) => `${box.validity}.${mail.uid}` !== serverId)
        }
      },
      async close() {},
    }
  }
}

export const broken = (code: string, errorClass: 'transient' | 'permanent' | 'needs-reconnect'): GatewayError =>
  new GatewayError(code, errorClass, { description: `scripted ${code}`, remedy: 'scripted remedy' })
