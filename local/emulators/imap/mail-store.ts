/** Mail in memory: users, folders, messages with UIDs. It notifies listeners, and is saved and loaded as plain data. */

import { bytesOf, type Parts } from '../parts.js'

export interface StoredMessage {
  uid: number
  raw: Buffer
  /** System flags (`\Seen`) and keywords. */
  flags: string[]
  /** Milliseconds since the epoch. */
  internalDate: number
}

export interface MailFolder {
  name: string
  /** `\Sent`, `\Trash`, … */
  specialUse?: string
  uidValidity: number
  uidNext: number
  /** In UID order. */
  messages: StoredMessage[]
}

/** `raw` is a reference here; everything is JSON. */
export type MailStoreState = Record<
  string,
  (Omit<MailFolder, 'messages'> & { messages: (Omit<StoredMessage, 'raw'> & { raw: string })[] })[]
>

export interface NewMessage {
  flags?: string[]
  internalDate?: number
}

type Listener = (user: string, folder: MailFolder) => void

const standardFolders: [name: string, specialUse?: string][] = [
  ['INBOX'],
  ['Sent', '\\Sent'],
  ['Trash', '\\Trash'],
  ['Archive', '\\Archive'],
]

export class MailStore {
  readonly #users = new Map<string, MailFolder[]>()
  readonly #listeners = new Set<Listener>()
  #lastValidity = 0

  constructor(readonly now: () => number = Date.now) {}

  /** The user's folders; a user not seen before gets INBOX, Sent, Trash and Archive. */
  folders(user: string): MailFolder[] {
    const key = user.toLowerCase()
    const known = this.#users.get(key)
    if (known) return known
    const made = standardFolders.map(([name, specialUse]) => this.#newFolder(name, specialUse))
    this.#users.set(key, made)
    return made
  }

  folder(user: string, name: string): MailFolder | undefined {
    const isInbox = name.toUpperCase() === 'INBOX'
    return this.folders(user).find((folder) => (isInbox ? folder.name === 'INBOX' : folder.name === name))
  }

  createFolder(user: string, name: string): MailFolder {
    const folder = this.folder(user, name) ?? this.#newFolder(name)
    if (!this.folders(user).includes(folder)) this.folders(user).push(folder)
    return folder
  }

  removeFolder(user: string, folder: MailFolder): void {
    const folders = this.folders(user)
    folders.splice(folders.indexOf(folder), 1)
  }

  append(user: string, folder: MailFolder, raw: Buffer, more: NewMessage = {}): StoredMessage {
    const message = {
      uid: folder.uidNext++,
      raw,
      flags: more.flags ?? [],
      internalDate: more.internalDate ?? this.now(),
    }
    folder.messages.push(message)
    this.changed(user, folder)
    return message
  }

  remove(user: string, folder: MailFolder, gone: StoredMessage[]): void {
    folder.messages = folder.messages.filter((message) => !gone.includes(message))
    this.changed(user, folder)
  }

  /** What a server does that lost its index: new UIDVALIDITY, UIDs counted from 1 again. */
  flipUidValidity(user: string, folder: MailFolder, first = 1): void {
    folder.uidValidity = this.#nextValidity()
    this.rewindUids(user, folder, first)
  }

  /** What a server does that was restored: UIDs counted from 1 again, or from a later one, and nothing says so. */
  rewindUids(user: string, folder: MailFolder, first = 1): void {
    folder.messages.forEach((message, index) => {
      message.uid = first + index
    })
    folder.uidNext = first + folder.messages.length
    this.changed(user, folder)
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  changed(user: string, folder: MailFolder): void {
    for (const listener of this.#listeners) listener(user.toLowerCase(), folder)
  }

  /** Each user as plain JSON; the bytes of mail go to `parts`. */
  snapshot(parts: Parts): MailStoreState {
    const plain = (folder: MailFolder) => ({
      ...folder,
      messages: folder.messages.map((message) => ({
        ...message,
        flags: [...message.flags],
        raw: parts.put(message.raw, () => message.raw),
      })),
    })
    return Object.fromEntries([...this.#users].map(([user, folders]) => [user, folders.map(plain)]))
  }

  restore(state: MailStoreState, parts: Parts): void {
    this.#users.clear()
    for (const [user, folders] of Object.entries(structuredClone(state))) {
      const live = folders.map((folder) => ({
        ...folder,
        messages: folder.messages.map((message) => ({ ...message, raw: bytesOf(message.raw, parts) })),
      }))
      this.#users.set(user, live)
      this.#lastValidity = Math.max(this.#lastValidity, ...live.map((folder) => folder.uidValidity))
    }
  }

  #newFolder(name: string, specialUse?: string): MailFolder {
    const more = specialUse === undefined ? {} : { specialUse }
    return { name, ...more, uidValidity: this.#nextValidity(), uidNext: 1, messages: [] }
  }

  #nextValidity(): number {
    this.#lastValidity = Math.max(this.#lastValidity + 1, Math.floor(this.now() / 1000))
    return this.#lastValidity
  }
}
