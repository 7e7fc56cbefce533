/**
 * One emulated mailbox: folders, messages and a change log. Every change takes the next number of the log, so that a
 * delta link is just "folder, number" and the mail servers can share the same mailbox through per-folder UIDs.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Folder, Message, Tombstone } from './directory-types.js'

export interface MailboxState {
  folders: Folder[]
  messages: Message[]
  tombstones: Tombstone[]
  seq: number
}

const wellKnownFolders: [wellKnown: string, displayName: string][] = [
  ['inbox', 'Inbox'],
  ['drafts', 'Drafts'],
  ['sentitems', 'Sent Items'],
  ['deleteditems', 'Deleted Items'],
  ['junkemail', 'Junk Email'],
  ['archive', 'Archive'],
  ['outbox', 'Outbox'],
]

/** What a new message brings along; the rest has defaults. */
export type NewMessage = Partial<Omit<Message, 'id' | 'immutableId' | 'uid' | 'seq' | 'arrivedSeq' | 'folderId'>> & {
  raw: Buffer
}

export class Mailbox {
  readonly folders: Folder[]
  readonly messages = new Map<string, Message>()
  readonly tombstones: Tombstone[]
  seq: number
  readonly #byMutableId = new Map<string, Message>()
  readonly #listeners = new Set<(message: Message) => void>()

  constructor(
    readonly now: () => number,
    state?: MailboxState,
  ) {
    this.folders = state?.folders ?? wellKnownFolders.map(([wellKnown, name]) => newFolder(name, now(), { wellKnown }))
    this.tombstones = state?.tombstones ?? []
    this.seq = state?.seq ?? 0
    for (const message of state?.messages ?? []) this.#keep(message)
  }

  state(): MailboxState {
    return { folders: this.folders, messages: [...this.messages.values()], tombstones: this.tombstones, seq: this.seq }
  }

  /** A folder by id, well-known name or display name (the last for IMAP). */
  folder(name: string): Folder | undefined {
    const lower = name.toLowerCase()
    return this.folders.find(
      (f) => f.id === name || f.wellKnown === lower || (!f.wellKnown && f.displayName.toLowerCase() === lower),
    )
  }

  createFolder(displayName: string, parentId?: string): Folder {
    const folder = newFolder(displayName, this.now(), parentId ? { parentId } : {})
    this.folders.push(folder)
    return folder
  }

  /** Messages of one folder, oldest arrival first. */
  in(folder: Folder): Message[] {
    return [...this.messages.values()].filter((m) => m.folderId === folder.id).sort((a, b) => a.uid - b.uid)
  }

  /** A message by either kind of id; ids are case-sensitive. */
  message(id: string): Message | undefined {
    return this.messages.get(id) ?? this.#byMutableId.get(id)
  }

  add(folderName: string, fields: NewMessage): Message {
    const folder = this.#need(folderName)
    const now = this.now()
    const seq = ++this.seq
    const message: Message = {
      isRead: false,
      isDraft: false,
      categories: [],
      flagStatus: 'notFlagged',
      conversationId: randomBytes(24).toString('base64url'),
      receivedAt: now,
      createdAt: now,
      modifiedAt: now,
      ...fields,
      immutableId: `AAkALg${randomBytes(54).toString('base64url')}`,
      id: newMutableId(),
      uid: folder.uidNext++,
      folderId: folder.id,
      seq,
      arrivedSeq: seq,
    }
    this.#keep(message)
    for (const listener of this.#listeners) listener(message)
    return message
  }

  change(message: Message, fields: Partial<Message>): Message {
    Object.assign(message, fields, { seq: ++this.seq, modifiedAt: this.now() })
    return message
  }

  /** Moves inside the mailbox: new UID and new mutable id, same immutable id. */
  move(message: Message, folderName: string): Message {
    const target = this.#need(folderName)
    this.#bury(message, 'changed')
    this.#byMutableId.delete(message.id)
    const seq = ++this.seq
    Object.assign(message, {
      id: newMutableId(),
      folderId: target.id,
      uid: target.uidNext++,
      seq,
      arrivedSeq: seq,
      modifiedAt: this.now(),
    })
    this.#keep(message)
    for (const listener of this.#listeners) listener(message)
    return message
  }

  /** Removes permanently. */
  remove(message: Message): void {
    this.#bury(message, 'deleted')
    this.messages.delete(message.immutableId)
    this.#byMutableId.delete(message.id)
  }

  /** Calls back for each message that arrives in any folder; returns the function that ends it. */
  onArrival(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #keep(message: Message): void {
    this.messages.set(message.immutableId, message)
    this.#byMutableId.set(message.id, message)
  }

  #bury(message: Message, reason: Tombstone['reason']): void {
    const { id, immutableId, folderId } = message
    this.tombstones.push({ id, immutableId, folderId, seq: ++this.seq, reason })
  }

  #need(name: string): Folder {
    const folder = this.folder(name)
    if (!folder) throw new Error(`No such folder: ${name}`)
    return folder
  }
}

function newFolder(displayName: string, now: number, more: Partial<Folder>): Folder {
  const id = `AQMkAD${randomUUID().replaceAll('-', '')}AAA=`
  return { id, displayName, uidValidity: Math.floor(now / 1000), uidNext: 1, ...more }
}

const newMutableId = () => `AAMkAG${randomBytes(54).toString('base64url')}AAA=`
