/**
 * One session over an open link. It finds new mail by number: everything after the last UID while the numbering is
 * unchanged, otherwise everything since a date. What a server says about a mail is a hint, and what it leaves out
 * proves nothing: a requested number without an answer is requested alone, then searched for, and counts as lost only
 * if the server no longer lists it. After a failure the session fetches the mails one by one from the start, so that
 * the error names the mail at fault.
 */
import type { MailboxObject } from 'imapflow'
import { GatewayError } from '../errors.js'
import type { AfterReceive } from '../model/mailbox.js'
import type { FetchedMail, FetchLimits, ReceiveSession } from '../ports/receiver.js'
import { actOnImapMails } from './act-on-imap-mails.js'
import { mailGone } from './fetch-faults.js'
import { type AskedFor, askedFor } from './imap-asked-for.js'
import { type ImapCursor, readCursor, serverIdOf, uidsUnder, writeCursor } from './imap-cursor.js'
import type { ImapLink } from './imap-link.js'
import { ImapReader, slackBytes } from './imap-reader.js'
import { chunked, type ImapRow, largestTogether } from './imap-rows.js'

const dayMs = 86_400_000
const rowBytes = 1000

interface Judges {
  isWanted(mail: ImapRow): boolean
  isListed(uid: number): boolean
}

const description = { uid: true, size: true, internalDate: true } as const

export class ImapSession implements ReceiveSession {
  #position: ImapCursor
  #resynced = false
  #more = false
  #fetched = false
  readonly #reader: ImapReader

  constructor(
    private readonly link: ImapLink,
    private readonly folder: string,
  ) {
    this.#position = { validity: '0', rewinds: 0, uid: 0, folder }
    this.#reader = new ImapReader(link)
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
    const { uidNext = 0, exists } = box
    const validity = validityOf(box)
    const known = cursor === undefined ? undefined : readCursor(cursor)
    const same = known?.validity === validity && known.folder === this.folder
    const behind = same ? await this.#behind(known.uid, uidNext, exists) : undefined
    this.#resynced = cursor !== undefined && behind === undefined
    const rewinds = (known?.rewinds ?? 0) + (same && behind === undefined ? 1 : 0)
    this.#position = { validity, rewinds, uid: behind && known ? known.uid : 0, folder: this.folder }
    this.#fetched = true
    const found = behind ?? (await this.#since(limits.since))
    const newest = behind ? 0 : await this.#newest(exists, found)
    const asked = askedFor(found, { behind: behind && known ? known.uid + 1 : undefined, newest }, limits)
    if (!limits.alone && asked.range !== '') await limits.mayTake?.(asked.listed.map((uid) => this.#serverId(uid)))
    const rows = limits.alone ? new Map<number, ImapRow>() : await this.#describe(asked)
    const isListed = new Set(found)
    // What either answer names is there: one may leave out what the other has.
    const named = limits.alone ? asked.each : [...new Set([...asked.listed, ...rows.keys()])].sort((a, b) => a - b)
    const isWanted = ({ uid, receivedAt }: ImapRow) =>
      behind !== undefined || isSince(receivedAt, limits.since, isListed.has(uid))
    const wanted = named.filter((uid) => limits.alone || isWanted(rows.get(uid) ?? unknownMail(uid)))
    const chosen = limits.alone ? wanted : wanted.slice(0, limits.maxMails)
    this.#more = found.length > asked.listed.length || wanted.length > chosen.length
    yield* limits.alone
      ? this.#oneByOne(chosen, limits, { isWanted, isListed: (uid) => isListed.has(uid) })
      : this.#together(chosen, rows, limits)
    if (this.#more) return
    this.#reached(Math.max(0, ...rows.keys()))
    // The next poll asks only for what comes after what is there now; a number nobody confirms is none.
    if (uidNext > newest || rows.has(newest)) this.#reached(newest)
  }

  one(serverId: string, { maxBytes }: FetchLimits): FetchedMail {
    const [uid] = uidsUnder(this.#position, [serverId])
    const raw = async (room?: Room) => {
      if (uid === undefined) throw mailGone()
      const rows = await this.#reader.rows(String(uid), description, rowBytes).catch((error: unknown) => {
        if (!this.link.usable) throw error
      })
      const mail = rows?.get(uid) ?? unknownMail(uid)
      await room?.(bytesOf(mail, maxBytes))
      return this.#reader.alone(mail, maxBytes, () => {})
    }
    return { serverId, receivedAt: 0, size: 0, raw }
  }

  usable(): boolean {
    return this.link.usable && this.link.hasTimeToFetch
  }

  bytesArrived(): number {
    return this.link.bytesOfMail
  }

  async after(serverIds: string[], action: AfterReceive): Promise<void> {
    if (action.action === 'leave' || serverIds.length === 0) return
    const box = await this.link.open(this.folder)
    const validity = validityOf(box)
    // Owed by an earlier poll: a number that was never given means another mail, or will.
    const isGiven = (uid: number) => this.#fetched || !box.uidNext || uid < box.uidNext
    const uids = uidsUnder(this.#fetched ? this.#position : { validity }, serverIds).filter(isGiven)
    if (uids.length === 0) return
    await actOnImapMails(this.link, uids, action)
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

  /**
   * UIDs behind `last`; `undefined` when the numbers are no longer those we know. `n:*` always contains the newest mail
   * (RFC 3501 6.4.8), so that the folder itself says where it stands: UIDNEXT may be missing, old or wrong.
   */
  async #behind(last: number, uidNext: number, exists: number): Promise<number[] | undefined> {
    const range = `${Math.max(last, 1)}:*`
    let uids = await this.#reader.search({ uid: range })
    if (uids.length === 0 && exists > 0) uids = [...(await this.#reader.rows(range, description, slackBytes)).keys()]
    const newest = Math.max(0, ...uids)
    if (newest >= last) return uids.filter((uid) => uid > last).sort((a, b) => a - b)
    // Our last mail is not there: somebody removed it, or UIDs were given anew (RFC 3501 2.3.1.1: they only ever grow).
    return uidNext > last ? [] : undefined
  }

  // Servers compare dates in their own time zone: one day earlier, and filtered by the exact time later.
  #since(since: number): Promise<number[]> {
    return this.#reader.search({ since: new Date(Math.max(since - dayMs, 0)) })
  }

  async #newest(exists: number, found: number[]): Promise<number> {
    if (exists === 0 && found.length === 0) return 0
    return Math.max(0, ...(await this.#reader.search({ uid: '*' })))
  }

  async #describe({ range, from, to, listed }: AskedFor): Promise<Map<number, ImapRow>> {
    if (range === '') return new Map()
    const rows = await this.#reader.rows(range, description, listed.length * rowBytes)
    return new Map([...rows].filter(([uid]) => uid >= from && uid <= to))
  }

  async *#together(uids: number[], rows: Map<number, ImapRow>, limits: FetchLimits): AsyncGenerator<FetchedMail> {
    const together = Math.min(limits.maxBytes, largestTogether)
    const chunks = chunked(
      uids.map((uid) => rows.get(uid) ?? unknownMail(uid)),
      together,
    )
    let next = chunks[0] && this.#reader.sources(chunks[0], limits)
    let first = true
    for (const [index, chunk] of chunks.entries()) {
      const sources = await next!
      const following = chunks[index + 1]
      // The next chunk is on its way while the caller works on this one; its fault must not be that of a mail of this
      // one.
      const isComplete = chunk.every(({ uid }) => sources.has(uid))
      next = following && isComplete && this.link.hasTimeToFetch ? this.#reader.sources(following, limits) : undefined
      next?.catch(() => undefined)
      for (const mail of chunk) {
        const source = sources.get(mail.uid)
        if (!source && !first && !this.#goesOn()) return
        first = false
        if (rows.has(mail.uid)) this.#reached(mail.uid)
        yield* this.#given(mail, async (onGone, room) => {
          if (source) return source
          await room?.(bytesOf(mail, limits.maxBytes))
          return this.#reader.alone(mail, limits.maxBytes, onGone)
        })
      }
      if (!following || next) continue
      if (!this.#goesOn()) return
      next = this.#reader.sources(following, limits)
    }
  }

  async *#oneByOne(uids: number[], limits: FetchLimits, { isWanted, isListed }: Judges): AsyncGenerator<FetchedMail> {
    let first = true
    for (const uid of uids) {
      if (!first && !this.#goesOn()) return
      if (isListed(uid) && (await limits.mayTake?.([this.#serverId(uid)])) === false) {
        this.#reached(uid)
        continue
      }
      let fault: unknown
      const rows = await this.#reader.rows(String(uid), description, rowBytes).catch((error: unknown) => {
        fault = error
      })
      const row = rows?.get(uid)
      // A number in between that nobody has ever named.
      if (!row && !isListed(uid) && this.link.usable) continue
      first = false
      const mail = row ?? unknownMail(uid)
      if (!isWanted(mail)) {
        this.#reached(uid)
        continue
      }
      yield* this.#given(mail, async (onGone, room) => {
        if (fault && !this.link.usable) throw fault
        await room?.(bytesOf(mail, limits.maxBytes))
        return this.#reader.alone(mail, limits.maxBytes, onGone)
      })
    }
  }

  /** One mail, and the position behind it once the caller comes back; a number that names nothing moves nothing. */
  async *#given(
    { uid, receivedAt, size }: ImapRow,
    raw: (onGone: () => void, room: Room | undefined) => Promise<Uint8Array>,
  ): AsyncGenerator<FetchedMail> {
    let gone = false
    const onGone = () => {
      gone = true
    }
    yield { serverId: this.#serverId(uid), receivedAt, size, raw: (room) => raw(onGone, room) }
    if (!gone) this.#reached(uid)
  }

  /**
   * False when the rest has to wait for another session: nobody behind is blamed for the time or the link of one mail.
   */
  #goesOn(): boolean {
    const goesOn = this.link.usable && this.link.hasTimeToFetch
    if (!goesOn) this.#more = true
    return goesOn
  }

  #serverId(uid: number): string {
    return serverIdOf(this.#position, uid)
  }

  #reached(uid: number): void {
    if (uid > this.#position.uid) this.#position = { ...this.#position, uid }
  }
}

/** A server without UIDVALIDITY keeps no promise about its numbers; they are taken as one numbering. */
const validityOf = (box: MailboxObject): string => String(box.uidValidity ?? 0)

const unknownMail = (uid: number): ImapRow => ({
  uid,
  sequence: undefined,
  size: 0,
  receivedAt: 0,
  source: undefined,
})

/** A mail that the server found by this date and then dates long before has no date. */
const isSince = (receivedAt: number, since: number, isListed: boolean): boolean =>
  receivedAt === 0 || receivedAt >= since || (isListed && receivedAt < since - 2 * dayMs)

function noSentFolder(): GatewayError {
  return new GatewayError('no_sent_folder', 'permanent', {
    hint: 'config',
    description: 'The mailbox has no folder for sent mail.',
    remedy: 'Check the mailbox, then resolve the mail by hand.',
  })
}

type Room = (bytes: number) => Promise<void>

/** What a mail may have; its announced size is believed only upwards of nothing. */
const bytesOf = ({ size }: ImapRow, maxBytes: number): number => (size > 0 ? Math.min(size, maxBytes) : maxBytes)
