/** The selected folder as one client knows it: its sequence numbers, and the commands on messages. */
import { atPace } from '../at-pace.js'
import { fetchItem, fetchItems, marksSeen } from './fetch-items.js'
import { type ImapCommand, inSet, type Token, text } from './imap-grammar.js'
import type { ImapLie } from './imap-lies.js'
import type { ImapConnection, Outcome } from './imap-state.js'
import type { MailFolder, StoredMessage } from './mail-store.js'
import { type Candidate, searchFor } from './search.js'

type RowLie = Extract<ImapLie, { lie: 'row' }>

const systemFlags = '\\Answered \\Flagged \\Deleted \\Seen \\Draft'

export class OpenFolder {
  /** Messages by sequence number - 1, as far as the client has been told. */
  #known: StoredMessage[]

  constructor(
    readonly session: ImapConnection,
    readonly user: string,
    readonly folder: MailFolder,
    readonly readOnly: boolean,
    readonly forget: () => void,
  ) {
    this.#known = [...folder.messages]
    const unseen = this.#known.findIndex((message) => !message.flags.includes('\\Seen'))
    session.untagged(`FLAGS (${systemFlags})`)
    session.untagged(`OK [PERMANENTFLAGS (${readOnly ? '' : `${systemFlags} \\*`})] Flags permitted`)
    const said = (kind: 'exists' | 'uid-next' | 'uid-validity', truth: number) => {
      const lie = session.state.lies.tell(kind, { user })
      return lie ? lie.value : String(truth)
    }
    const exists = said('exists', Math.max(0, this.#known.length + session.state.lie.exists))
    if (exists !== null) session.untagged(`${exists} EXISTS`)
    session.untagged('0 RECENT')
    if (unseen >= 0) session.untagged(`OK [UNSEEN ${unseen + 1}] First unseen`)
    const [validity, next] = [said('uid-validity', folder.uidValidity), said('uid-next', folder.uidNext)]
    if (validity !== null) session.untagged(`OK [UIDVALIDITY ${validity}] UIDs valid`)
    if (next !== null) session.untagged(`OK [UIDNEXT ${next}] Predicted next UID`)
  }

  close(): void {
    this.#known = []
  }

  /** Tells the client what has happened to the folder since it was told last. */
  sync(): void {
    const present = new Set(this.folder.messages)
    for (let i = this.#known.length - 1; i >= 0; i--) {
      if (present.has(this.#known[i]!)) continue
      this.#known.splice(i, 1)
      this.session.untagged(`${i + 1} EXPUNGE`)
    }
    if (this.folder.messages.length === this.#known.length) return
    this.#known = [...this.folder.messages]
    this.session.untagged(`${this.#known.length} EXISTS`)
  }

  async perform(command: ImapCommand): Promise<Outcome> {
    const name = command.name.replace(/^UID /, '')
    const byUid = command.name.startsWith('UID ')
    const changes = ['STORE', 'EXPUNGE', 'MOVE'].includes(name)
    if (changes && this.readOnly) return 'NO [READ-ONLY] Folder is open for reading only'
    switch (name) {
      case 'FETCH':
        return this.#fetch(command, byUid)
      case 'SEARCH':
        return this.#search(command, byUid)
      case 'STORE':
        return this.#store(command, byUid)
      case 'COPY':
      case 'MOVE':
        return this.#copy(command, byUid, name)
      case 'EXPUNGE':
        return this.#expunge(command, byUid)
      case 'IDLE':
        return this.#idle()
      case 'CHECK':
        return 'OK CHECK completed'
      case 'UNSELECT':
      case 'CLOSE':
        if (name === 'CLOSE' && !this.readOnly) this.#remove((message) => message.flags.includes('\\Deleted'))
        this.forget()
        return `OK ${name} completed`
    }
    return `BAD Unknown command ${command.name}`
  }

  #chosen(token: Token | undefined, byUid: boolean): Candidate[] {
    const all = this.#known.map((message, index) => ({ message, sequence: index + 1 }))
    const here = all.filter(({ message }) => this.folder.messages.includes(message))
    const has = inSet(text(token), byUid ? this.#lastUid() : this.#known.length)
    return here.filter(({ message, sequence }) => has(byUid ? message.uid : sequence))
  }

  #lastUid(): number {
    return this.#known.at(-1)?.uid ?? 0
  }

  async #fetch(command: ImapCommand, byUid: boolean): Promise<Outcome> {
    const asked = fetchItems(command.tokens[1])
    const items = byUid && !asked.includes('UID') ? ['UID', ...asked] : asked
    const ofBody = items.some((item) => /^(BODY(\.PEEK)?\[|RFC822(\.TEXT)?$)/.test(item))
    const { lies } = this.session.state
    const chosen = this.#chosen(command.tokens[0], byUid)
    if (lies.tell('reversed', { user: this.user })) chosen.reverse()
    for (const { message } of chosen) {
      const refusal = this.#rowLie(message, ofBody, (how) => how === 'no')
      if (refusal) return `NO ${refusal.text ?? 'Some messages could not be fetched'}`
    }
    const later: (Buffer | string)[] = []
    let sent = 0
    for (const { message, sequence } of chosen) {
      if (sent++ > 0 && (await this.session.diesAt('FETCH data', command))) return ''
      if (await this.session.diesAt('FETCH row', command, message.uid)) return ''
      if (ofBody && (await this.session.diesAt('FETCH body', command, message.uid))) return ''
      const reads = items.some(marksSeen) && !this.readOnly && !message.flags.includes('\\Seen')
      if (reads) message.flags.push('\\Seen')
      const values: Buffer[] = []
      const lie = this.#rowLie(message, ofBody, (how) => how !== 'no')
      for (const item of reads && !items.includes('FLAGS') ? [...items, 'FLAGS'] : items) {
        const value = fetchItem(message, item)
        if (!value) return `BAD This server does not offer ${item}`
        if (item.includes('BODY[') || item.startsWith('BODY.PEEK')) this.session.state.counts.bodies += 1
        const told = this.#told(message, item, value, lie)
        if (told) values.push(Buffer.from(values.length === 0 ? '' : ' '), told)
      }
      const row = Buffer.concat([Buffer.from(`${sequence} FETCH (`), ...values, Buffer.from(')')])
      const changed = this.#changedFlags(message, sequence)
      const untagged = lies.tell('untagged', { user: this.user, uid: message.uid })
      if (untagged) this.session.untagged(untagged.text)
      if (changed?.where === 'before') this.session.untagged(changed.row)
      if (lie?.how === 'cut') {
        this.session.wire.write(Buffer.concat([Buffer.from('* '), row]).subarray(0, row.length / 2))
        this.session.wire.end()
        return ''
      }
      if (lie?.how === 'garbage') this.session.untagged(`${sequence} FETCH (UID ${message.uid} BODY[] {x\xff} )((`)
      else if (lie?.how !== 'left-out') await this.#give(message, row, ofBody)
      if (lie?.how === 'twice') later.push(row)
      if (changed?.where === 'after') this.session.untagged(changed.row)
      if (changed?.where === 'last') later.push(changed.row)
      await this.session.wire.drained()
    }
    for (const row of later) this.session.untagged(row)
    return `OK ${command.name} completed`
  }

  async #give({ uid }: StoredMessage, row: Buffer, ofBody: boolean): Promise<void> {
    const { state, wire } = this.session
    const pace = ofBody ? state.lies.tell('pace', { user: this.user, uid }) : undefined
    if (!pace) return this.session.untagged(row)
    const bytes = Buffer.concat([Buffer.from('* '), row, Buffer.from('\r\n')])
    const peer = { write: (part: Buffer) => wire.write(part), isOver: () => wire.over }
    await atPace(bytes, pace.bytesPerSecond, peer)
  }

  #rowLie({ uid }: StoredMessage, ofBody: boolean, isMeant: (how: RowLie['how']) => boolean): RowLie | undefined {
    const here = ofBody ? 'body' : 'description'
    const about = { user: this.user, uid }
    return this.session.state.lies.tell('row', about, ({ how, of = here }) => isMeant(how) && of === here)
  }

  /** One item of a row as it is told; `undefined`: left out. */
  #told({ uid }: StoredMessage, item: string, truth: Buffer, row: RowLie | undefined): Buffer | undefined {
    const about = { user: this.user, uid }
    if (item === 'UID' && row?.how === 'no-uid') return undefined
    if (item === 'UID' && row?.how === 'other-uid') return Buffer.from(`UID ${row.as ?? uid + 1}`)
    if (item.startsWith('BODY') && row?.how === 'nil') return Buffer.from('BODY[] NIL')
    if (item.startsWith('BODY') && row?.how === 'empty') return Buffer.from('BODY[] {0}\r\n')
    const kind = item === 'RFC822.SIZE' ? 'size' : item === 'INTERNALDATE' ? 'internal-date' : undefined
    const lie = kind && this.session.state.lies.tell(kind, about)
    if (!lie) return truth
    return lie.value === null ? undefined : Buffer.from(`${item} ${lie.value}`)
  }

  #changedFlags({ uid }: StoredMessage, sequence: number) {
    const lie = this.session.state.lies.tell('flags', { user: this.user, uid })
    if (!lie) return undefined
    const at = lie.about === undefined ? sequence : this.#known.findIndex((message) => message.uid === lie.about) + 1
    const said = [lie.bare ? '' : `UID ${lie.about ?? uid} `, lie.modSeq ? `MODSEQ ${lie.modSeq} ` : '']
    return { where: lie.where, row: `${at} FETCH (${said.join('')}FLAGS (\\Seen))` }
  }

  #search(command: ImapCommand, byUid: boolean): Outcome {
    try {
      const matches = searchFor(command.tokens, this.#lastUid(), this.#known.length)
      const found = this.#chosen('1:*', false).filter(matches)
      const truth = found.map(({ message, sequence }) => (byUid ? message.uid : sequence))
      const lie = byUid ? this.session.state.lies.tell('search', { user: this.user }) : undefined
      const numbers = [...truth.filter((number) => !lie?.omit?.includes(number)), ...(lie?.add ?? [])]
      this.session.untagged(['SEARCH', ...numbers].join(' '))
      return `OK ${command.name} completed`
    } catch (error) {
      return `BAD ${(error as Error).message}`
    }
  }

  #store(command: ImapCommand, byUid: boolean): Outcome {
    const [set, how, ...given] = command.tokens
    const mode = text(how).toUpperCase()
    const flags = given.flat(2).map((token) => text(token as Token))
    if (!/^[+-]?FLAGS(\.SILENT)?$/.test(mode)) return `BAD Unknown store item ${mode}`
    for (const { message, sequence } of this.#chosen(set, byUid)) {
      const kept = message.flags.filter((flag) => !flags.includes(flag))
      message.flags = mode.startsWith('+') ? [...kept, ...flags] : mode.startsWith('-') ? kept : [...flags]
      if (mode.endsWith('.SILENT')) continue
      this.session.untagged(
        `${sequence} FETCH (${byUid ? `UID ${message.uid} ` : ''}FLAGS (${message.flags.join(' ')}))`,
      )
    }
    return `OK ${command.name} completed`
  }

  #copy(command: ImapCommand, byUid: boolean, name: string): Outcome {
    if (name === 'MOVE' && !this.session.offers('MOVE')) return 'BAD Unknown command MOVE'
    const { store } = this.session.state
    const target = store.folder(this.user, text(command.tokens[1]))
    if (!target) return 'NO [TRYCREATE] Folder does not exist'
    const sources = this.#chosen(command.tokens[0], byUid).map(({ message }) => message)
    if (sources.length === 0) return `OK ${command.name} completed, nothing to do`
    const copies = sources.map(({ raw, flags, internalDate }) =>
      store.append(this.user, target, raw, { flags: [...flags], internalDate }),
    )
    const uids = (messages: StoredMessage[]) => messages.map((message) => message.uid).join(',')
    const code = `[COPYUID ${target.uidValidity} ${uids(sources)} ${uids(copies)}] `
    const told = this.session.offers('UIDPLUS') ? code : ''
    if (name === 'COPY') return `OK ${told}${command.name} completed`
    this.session.untagged(`OK ${told}Moved`)
    store.remove(this.user, this.folder, sources)
    this.sync()
    return `OK ${command.name} completed`
  }

  #expunge(command: ImapCommand, byUid: boolean): Outcome {
    if (byUid && !this.session.offers('UIDPLUS')) return 'BAD Unknown command UID EXPUNGE'
    const has = byUid ? inSet(text(command.tokens[0]), this.#lastUid()) : () => true
    this.#remove((message) => message.flags.includes('\\Deleted') && has(message.uid))
    this.sync()
    return `OK ${command.name} completed`
  }

  #remove(isGone: (message: StoredMessage) => boolean): void {
    const gone = this.folder.messages.filter(isGone)
    if (gone.length > 0) this.session.state.store.remove(this.user, this.folder, gone)
  }

  async #idle(): Promise<Outcome> {
    if (!this.session.offers('IDLE')) return 'BAD Unknown command IDLE'
    const stop = this.session.state.store.onChange((user, folder) => {
      if (user === this.user && folder === this.folder) this.sync()
    })
    this.session.wire.write('+ idling\r\n')
    const line = await this.session.wire.line()
    stop()
    return line?.toUpperCase() === 'DONE' ? 'OK IDLE terminated' : 'BAD Expected DONE'
  }
}
