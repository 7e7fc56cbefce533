import type { FetchMessageObject, MailboxObject } from 'imapflow'
import { GatewayError } from '../errors.js'
import type { AfterReceive } from '../model/mailbox.js'
import type { FetchedMail, FetchLimits, ReceiveSession } from '../ports/receiver.js'
import { mailGone, mailTooLarge } from './fetch-faults.js'
import { type ImapCursor, readCursor, serverIdOf, uidSet, uidsUnder, writeCursor } from './imap-cursor.js'
import type { ImapLink } from './imap-link.js'

const dayMs = 86_400_000
/** Mails up to this size are fetched together; larger ones when they are asked for. */
const smallBytes = 512 * 1024
const chunkBytes = 2 * 1024 * 1024
const chunkMails = 100
/** Exchange announces sizes that differ from what it sends. */
const slackBytes = 1024 * 1024

interface Waiting {
  uid: number
  size: number
  receivedAt: number
}

export class ImapSession implements ReceiveSession {
  #position: ImapCursor
  #resynced = false
  #more = false

  constructor(
    private readonly link: ImapLink,
    private readonly folder: string,
  ) {
    this.#position = { validity: '0', uid: 0, folder }
  }

  cursor(): string {
    return writeCursor(this.#position)
  }

  resynced(): boolean {
    return this.#resynced
  }

  more(): boolean {
    return this.#more
  }

  async *fetch(cursor: string | undefined, limits: FetchLimits): AsyncGenerator<FetchedMail> {
    const box = await this.link.open(this.folder)
    const validity = String(box.uidValidity)
    const known = cursor === undefined ? undefined : readCursor(cursor)
    const valid = known?.validity === validity && known.folder === this.folder
    this.#resynced = cursor !== undefined && !valid
    this.#position = { validity, uid: valid ? known.uid : 0, folder: this.folder }
    const found = valid ? await this.#behind(known.uid, box) : await this.#since(limits.since)
    const chosen = found.slice(0, limits.maxMails)
    this.#more = found.length > chosen.length
    const waiting = await this.#describe(chosen)
    const wanted = valid ? waiting : waiting.filter((mail) => mail.receivedAt >= limits.since)
    yield* this.#yieldAll(wanted, validity, limits)
    this.#reached(chosen.at(-1) ?? 0)
    // An empty start: the next poll asks only for what comes after what is there now.
    if (!valid && !this.#more) this.#reached((box.uidNext ?? 1) - 1)
  }

  async after(serverIds: string[], action: AfterReceive): Promise<void> {
    if (action.action === 'leave' || serverIds.length === 0) return
    const box = await this.link.open(this.folder)
    const uids = uidsUnder(String(box.uidValidity), serverIds)
    if (uids.length === 0) return
    if (action.action === 'mark-read') await this.#flag(uids, '\\Seen')
    else if (action.action === 'move') await this.#move(uids, action.folder)
    else await this.#remove(uids)
  }

  async findSent(messageId: string): Promise<boolean> {
    const { client } = this.link
    const folders = await this.link.run(() => client.list())
    const sent = folders.find((folder) => folder.specialUse === '\\Sent')
    if (!sent) throw noSentFolder()
    await this.link.open(sent.path)
    const hits = await this.link.must(() => client.search({ header: { 'message-id': messageId } }, { uid: true }))
    return hits.length > 0
  }

  /** A login proves nothing about the folder: Exchange lets accounts in and then opens nothing. */
  async check(): Promise<void> {
    await this.link.open(this.folder)
  }

  close(): Promise<void> {
    return this.link.close()
  }

  /** UIDs behind `last`. `n:*` always contains the newest mail, even when its UID is below n. */
  async #behind(last: number, box: MailboxObject): Promise<number[]> {
    if (box.uidNext !== undefined && box.uidNext <= last + 1) return []
    return (await this.#search({ uid: `${last + 1}:*` })).filter((uid) => uid > last)
  }

  // Servers compare dates in their own time zone: one day earlier, and filtered by the exact time later.
  #since(since: number): Promise<number[]> {
    return this.#search({ since: new Date(Math.max(since - dayMs, 0)) })
  }

  async #search(query: { uid: string } | { since: Date }): Promise<number[]> {
    const { client } = this.link
    const uids = await this.link.must(() => client.search(query, { uid: true }))
    return [...new Set(uids)].filter((uid) => Number.isInteger(uid) && uid > 0).sort((a, b) => a - b)
  }

  async #describe(uids: number[]): Promise<Waiting[]> {
    if (uids.length === 0) return []
    this.link.allow(uids.length * 1000)
    const rows = await this.#fetchAll(uids, { uid: true, size: true, internalDate: true })
    return uids.flatMap((uid) => {
      const row = rows.get(uid)
      if (!row) return []
      const arrived = row.internalDate === undefined ? Number.NaN : new Date(row.internalDate).getTime()
      return [{ uid, size: row.size ?? 0, receivedAt: Number.isFinite(arrived) ? arrived : 0 }]
    })
  }

  async *#yieldAll(mails: Waiting[], validity: string, limits: FetchLimits): AsyncGenerator<FetchedMail> {
    const together = Math.min(limits.maxBytes, smallBytes)
    const chunks = chunked(mails, together)
    let next = chunks[0] ? this.#sources(chunks[0], together) : undefined
    for (const [index, chunk] of chunks.entries()) {
      const sources = await next!
      const following = chunks[index + 1]
      // The next chunk is on its way while the caller works on this one.
      next = following ? this.#sources(following, together) : undefined
      next?.catch(() => undefined)
      for (const mail of chunk) {
        if (sources && !sources.has(mail.uid)) continue
        this.#reached(mail.uid)
        yield {
          serverId: serverIdOf(validity, mail.uid),
          receivedAt: mail.receivedAt,
          size: mail.size,
          raw: () => this.#raw(mail, sources?.get(mail.uid), limits.maxBytes),
        }
      }
    }
  }

  /** Small mails of a chunk with their bytes; `undefined` when each has to be asked for alone. */
  async #sources(chunk: Waiting[], together: number): Promise<Map<number, Uint8Array> | undefined> {
    if (chunk.length === 1 && chunk[0]!.size > together) return undefined
    this.link.allow(chunk.reduce((sum, mail) => sum + mail.size * 2 + slackBytes, 0))
    try {
      const rows = await this.#fetchAll(
        chunk.map((mail) => mail.uid),
        { uid: true, source: true },
      )
      return new Map([...rows].flatMap(([uid, row]) => (row.source ? [[uid, row.source]] : [])))
    } catch (error) {
      // One mail the server cannot read must not take the others of its chunk along.
      if (this.link.usable) return undefined
      throw error
    }
  }

  async #raw(mail: Waiting, source: Uint8Array | undefined, maxBytes: number): Promise<Uint8Array> {
    if (mail.size > maxBytes || (source && source.length > maxBytes)) throw mailTooLarge(maxBytes)
    if (source) return source
    this.link.allow(mail.size * 2 + slackBytes)
    const row = (await this.#fetchAll([mail.uid], { uid: true, source: true })).get(mail.uid)
    if (!row?.source) throw mailGone()
    if (row.source.length > maxBytes) throw mailTooLarge(maxBytes)
    return row.source
  }

  async #fetchAll(uids: number[], query: { uid: true; source?: true; size?: boolean; internalDate?: boolean }) {
    const { client } = this.link
    const rows = await this.link.run(() => client.fetchAll(uidSet(uids), query, { uid: true }))
    const wanted = new Set(uids)
    return new Map<number, FetchMessageObject>(rows.filter((row) => wanted.has(row.uid)).map((row) => [row.uid, row]))
  }

  async #flag(uids: number[], flag: string): Promise<void> {
    const { client } = this.link
    await this.link.must(() => client.messageFlagsAdd(uidSet(uids), [flag], { uid: true, silent: true }))
  }

  async #move(uids: number[], folder: string): Promise<void> {
    const { client } = this.link
    if (client.capabilities.has('MOVE')) {
      await this.link.must(() => client.messageMove(uidSet(uids), folder, { uid: true }))
      return
    }
    await this.link.must(() => client.messageCopy(uidSet(uids), folder, { uid: true }))
    await this.#remove(uids)
  }

  /** Without UIDPLUS, EXPUNGE would also remove what somebody else has marked: then ours stay marked only. */
  async #remove(uids: number[]): Promise<void> {
    const { client } = this.link
    if (!client.capabilities.has('UIDPLUS')) {
      const marked = await this.link.must(() => client.search({ deleted: true }, { uid: true }))
      if (marked.some((uid) => !uids.includes(uid))) return this.#flag(uids, '\\Deleted')
    }
    await this.link.must(() => client.messageDelete(uidSet(uids), { uid: true }))
  }

  #reached(uid: number): void {
    if (uid > this.#position.uid) this.#position = { ...this.#position, uid }
  }
}

function chunked(mails: Waiting[], smallest: number): Waiting[][] {
  const chunks: Waiting[][] = []
  let open: Waiting[] = []
  let bytes = 0
  for (const mail of mails) {
    const alone = mail.size > smallest
    if (open.length > 0 && (alone || open.length >= chunkMails || bytes + mail.size > chunkBytes)) {
      chunks.push(open)
      open = []
      bytes = 0
    }
    if (alone) chunks.push([mail])
    else {
      open.push(mail)
      bytes += mail.size
    }
  }
  return open.length > 0 ? [...chunks, open] : chunks
}

function noSentFolder(): GatewayError {
  return new GatewayError('no_sent_folder', 'permanent', {
    hint: 'config',
    description: 'The mailbox has no folder for sent mail.',
    remedy: 'Look into the mailbox, then resolve the mail by hand.',
  })
}
