/** What a session asks an open folder about its mails: which there are, how they are described, their bytes. */
import type { GatewayError } from '../errors.js'
import type { FetchLimits } from '../ports/receiver.js'
import { mailGone, mailNotGiven, mailTooLarge } from './fetch-faults.js'
import { uidSet } from './imap-cursor.js'
import type { ImapLink } from './imap-link.js'
import { type ImapRow, isSmall, largestTogether, mergedRows } from './imap-rows.js'

/** Exchange announces sizes that differ from what it sends. */
export const slackBytes = 1024 * 1024

interface Query {
  uid: true
  size?: true
  internalDate?: true
  source?: true | { start: number; maxLength: number }
}

export class ImapReader {
  constructor(private readonly link: ImapLink) {}

  async search(query: { uid: string } | { since: Date }): Promise<number[]> {
    const { client } = this.link
    const uids = await this.link.must(() => client.search(query, { uid: true }))
    return [...new Set(uids)].filter((uid) => Number.isInteger(uid) && uid > 0).sort((a, b) => a - b)
  }

  /** Small mails of a chunk with their bytes, as far as they were given; the others have to be asked for alone. */
  async sources(chunk: ImapRow[], { maxBytes }: FetchLimits): Promise<Map<number, Uint8Array>> {
    if (chunk.length === 1 && !isSmall(chunk[0]!, Math.min(maxBytes, largestTogether))) return new Map()
    const announced = chunk.reduce((sum, mail) => sum + mail.size * 2, 0)
    const bytes = announced + slackBytes * Math.min(chunk.length, 8)
    const range = uidSet(chunk.map((mail) => mail.uid))
    try {
      const rows = await this.rows(range, { uid: true, source: true }, bytes)
      return new Map(
        chunk.flatMap(({ uid, sequence, size }) => {
          const row = rows.get(uid)
          // Another sequence number than before: somebody removed mail meanwhile, or these are another mail's bytes.
          const isIts = row?.sequence === sequence && (size === 0 || row?.source?.length !== 0)
          return row?.source && isIts && row.source.length <= maxBytes ? [[uid, row.source]] : []
        }),
      )
    } catch (error) {
      // One mail the server cannot read must not take the others of its chunk along.
      if (this.link.usable) return new Map()
      throw error
    }
  }

  /** The bytes of one mail, whatever was announced. `onGone`: a second look says that it is no longer there. */
  async alone(mail: ImapRow, maxBytes: number, onGone: () => void): Promise<Uint8Array> {
    const { uid, size } = mail
    if (size > maxBytes && (await this.#isLongerThan(uid, maxBytes))) throw mailTooLarge(maxBytes)
    // Never more than the limit and one byte, where the announced size is no help.
    const source = size > largestTogether && size <= maxBytes ? true : ({ start: 0, maxLength: maxBytes + 1 } as const)
    let refusal: GatewayError | undefined
    const asked = this.rows(String(uid), { uid: true, source }, maxBytes + slackBytes)
    const rows = await asked.catch((error: GatewayError) => {
      refusal = error
      return undefined
    })
    if (refusal && !this.link.usable) throw refusal
    const given = rows?.get(uid)?.source
    if (given && given.length > maxBytes) throw mailTooLarge(maxBytes)
    if (given && (given.length > 0 || size === 0)) return given
    if (!(await this.#lists(uid))) {
      onGone()
      throw mailGone()
    }
    // The login works and the folder is open: whatever is refused now, it is this mail.
    throw refusal?.class === 'transient' ? refusal : mailNotGiven(refusal?.peerLine)
  }

  async #lists(uid: number): Promise<boolean> {
    return (await this.search({ uid: String(uid) })).includes(uid)
  }

  async #isLongerThan(uid: number, bytes: number): Promise<boolean> {
    const source = { start: bytes, maxLength: 1 }
    const rows = await this.rows(String(uid), { uid: true, source }, slackBytes)
    return (rows.get(uid)?.source?.length ?? 0) > 0
  }

  async rows(range: string, query: Query, bytes: number): Promise<Map<number, ImapRow>> {
    const { client } = this.link
    return mergedRows(await this.link.bring(() => client.fetchAll(range, query, { uid: true }), bytes))
  }
}
