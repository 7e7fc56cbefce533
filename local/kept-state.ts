/**
 * What the emulators keep on disk across a restart: one small JSON file per object (the directory, the vault, a
 * mailbox), written when its text changes, and one file per large part, written once and deleted when nothing refers to
 * it any more. Files are renamed into place, parts before the files that refer to them: a process that dies while
 * writing leaves the previous state.
 */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Parts, partName } from './emulators/parts.js'

export type Things = Record<string, unknown>

export interface KeptState extends Parts {
  /** What was kept by earlier saves, by name. */
  things: Things
  /**
   * Writes what changed. `snapshot` is called once, at once, and names every part that is still needed by `put`. Calls
   * must not overlap.
   */
  save(snapshot: () => Things): Promise<void>
}

/** Opens the state in a folder, made when absent. `write` replaces a file as a whole. */
export function openKeptState(folder: string, write: typeof replaceFile = replaceFile): KeptState {
  const partFolder = join(folder, 'parts')
  mkdirSync(partFolder, { recursive: true })
  const names = new WeakMap<object, string>()
  const texts = new Map<string, string>()
  const onDisk = new Set(readdirSync(partFolder))
  const waiting = new Map<string, Buffer>()
  let named = new Set<string>()

  for (const file of readdirSync(folder).filter((one) => one.endsWith('.json')))
    texts.set(decodeURIComponent(file.slice(0, -'.json'.length)), readFileSync(join(folder, file), 'utf8'))
  const fileOf = (name: string): string => join(folder, `${encodeURIComponent(name)}.json`)

  return {
    things: Object.fromEntries([...texts].map(([name, text]) => [name, JSON.parse(text) as unknown])),
    put: (of, bytes) => {
      let name = names.get(of)
      if (name === undefined) {
        name = `part-${randomUUID()}`
        names.set(of, name)
        waiting.set(name, bytes())
      }
      named.add(name)
      return name
    },
    get: (name, read) => {
      if (!partName.test(name)) throw new Error(`${name} is no part`)
      const object = read(readFileSync(join(partFolder, name)))
      names.set(object, name)
      return object
    },
    save: async (snapshot) => {
      named = new Set()
      const things = snapshot()
      const changed = Object.entries(things)
        .map(([name, value]) => [name, JSON.stringify(value)] as const)
        .filter(([name, text]) => texts.get(name) !== text)
      const needed = named
      for (const [name, bytes] of [...waiting]) {
        await write(join(partFolder, name), bytes)
        onDisk.add(name)
        waiting.delete(name)
      }
      for (const [name, text] of changed) {
        await write(fileOf(name), text)
        texts.set(name, text)
      }
      for (const name of [...texts.keys()].filter((one) => !(one in things))) {
        await rm(fileOf(name), { force: true })
        texts.delete(name)
      }
      for (const name of [...onDisk].filter((one) => !needed.has(one))) {
        await rm(join(partFolder, name), { force: true })
        onDisk.delete(name)
      }
    },
  }
}

/** Writes beside the file and renames into place. */
export async function replaceFile(path: string, data: Buffer | string): Promise<void> {
  await writeFile(`${path}.new`, data)
  await rename(`${path}.new`, path)
}

/** What version 0.1 kept, all in one file; empty for a file of today. */
export function earlierThings({ directory, vault, imap = {} }: Things): Things {
  if (typeof directory !== 'string') return {}
  const { mailboxes, ...rest } = JSON.parse(directory) as { mailboxes: Things }
  const named = (kind: string, things: Things): Things =>
    Object.fromEntries(Object.entries(things).map(([name, value]) => [`${kind} ${name}`, value]))
  return { directory: rest, ...named('mailbox', mailboxes), vault, ...named('imap', imap as Things) }
}
