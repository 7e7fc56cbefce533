import { GatewayError } from '../../lib/errors.js'
import type { AfterReceive } from '../../lib/model/mailbox.js'
import type { FetchedMail, FetchLimits, Receiver, ReceiveSession } from '../../lib/ports/receiver.js'

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
  /** Never answers. */
  hangs = false
  /** Awaited before the bytes of a mail are given. */
  beforeRaw: () => Promise<void> = async () => {}

  put(uid: number, body = `mail ${uid}`, more: Partial<ScriptedMail> = {}): void {
    const raw = `From: a@example.com\r\nMessage-ID: <${uid}@example.com>\r\nSubject: ${body}\r\n\r\n${body}`
    this.mails.push({ uid, raw, receivedAt: Date.now(), ...more })
  }

  async open(): Promise<ReceiveSession> {
    this.opened++
    if (this.openFault) throw this.openFault
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
      for (const mail of waiting.slice(0, limits.maxMails)) {
        at = `${box.validity}.${mail.uid}`
        yield {
          serverId: `${box.validity}.${mail.uid}`,
          receivedAt: mail.receivedAt,
          size: mail.raw.length,
          raw: async () => {
            box.rawReads++
            await box.beforeRaw()
            if (mail.fault) throw mail.fault
            return Buffer.from(mail.raw)
          },
        }
      }
    }
    return {
      fetch,
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
