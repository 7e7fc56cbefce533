import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Directory } from '../../local/emulators/directory.js'
import { MailStore } from '../../local/emulators/imap/mail-store.js'
import { earlierThings, openKeptState, replaceFile } from '../../local/kept-state.js'

const large = 5_000_000
let folder: string
let written: { name: string; bytes: number }[]

const open = () =>
  openKeptState(folder, async (path, data) => {
    written.push({ name: path.slice(folder.length + 1), bytes: Buffer.byteLength(data) })
    await replaceFile(path, data)
  })
const made = () => {
  const directory = new Directory()
  directory.addTenant({ id: 't1', name: 'Contoso', domains: ['contoso.example'] })
  for (const name of ['ana', 'ben']) directory.addUser({ upn: `${name}@contoso.example`, oid: name })
  return { directory, store: new MailStore() }
}
const bytesWritten = () => written.reduce((sum, { bytes }) => sum + bytes, 0)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kept-state-'))
  written = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the state of the emulators on disk', () => {
  test('a change writes what it changed: a large mail once, afterwards only the list of its mailbox', async () => {
    const { directory, store } = made()
    const kept = open()
    const save = async () => {
      written = []
      await kept.save(() => ({ ...directory.snapshot(kept), imap: store.snapshot(kept) }))
    }
    for (let n = 0; n < 3; n++) directory.deliver('ana@contoso.example', Buffer.alloc(large, n))
    directory.deliver('ben@contoso.example', 'Subject: x\r\n\r\nx')
    store.append('paula@postbox.example', store.folder('paula@postbox.example', 'INBOX')!, Buffer.alloc(large, 9))
    await save()
    expect(bytesWritten()).toBeGreaterThan(4 * large)
    expect(bytesWritten()).toBeLessThan(4 * large + 20_000)

    await save()
    expect(written).toEqual([])

    const inbox = directory.mailbox(directory.user('ana@contoso.example')!)
    inbox.change([...inbox.messages.values()][0]!, { isRead: true })
    await save()
    expect(written.map(({ name }) => name)).toEqual(['mailbox%20ana.json'])
    expect(bytesWritten()).toBeLessThan(5_000)

    directory.deliver('ben@contoso.example', Buffer.alloc(large, 7))
    await save()
    expect(written.map(({ name }) => name)).toEqual([expect.stringMatching(/^parts\//), 'mailbox%20ben.json'])
    expect(bytesWritten()).toBeLessThan(large + 5_000)
  })

  test('everything is there again after a restart, and the next save writes nothing', async () => {
    const { directory, store } = made()
    const first = open()
    directory.deliver('ana@contoso.example', 'Subject: kept\r\n\r\nbytes \xff')
    const attachment = {
      id: 'a',
      name: 'a',
      contentType: 'text/plain',
      isInline: false,
      contentBytes: 'x'.repeat(9_000),
    }
    const content = {
      subject: 's',
      to: [],
      cc: [],
      bcc: [],
      replyTo: [],
      importance: 'normal',
      messageId: '<m>',
      headers: [],
      attachments: [attachment],
    }
    directory.mailbox(directory.user('ana@contoso.example')!).add('drafts', { raw: Buffer.from('draft'), content })
    store.append('paula@postbox.example', store.folder('paula@postbox.example', 'INBOX')!, Buffer.from([0, 255, 10]))
    await first.save(() => ({ ...directory.snapshot(first), imap: store.snapshot(first) }))

    written = []
    const next = open()
    const [copy, copiedStore] = [new Directory(), new MailStore()]
    copy.restore(next.things, next)
    copiedStore.restore(next.things['imap'] as never, next)
    expect(copy.mailbox(copy.user('ana@contoso.example')!).state()).toEqual(
      directory.mailbox(directory.user('ana@contoso.example')!).state(),
    )
    expect(copiedStore.folders('paula@postbox.example')).toEqual(store.folders('paula@postbox.example'))
    await next.save(() => ({ ...copy.snapshot(next), imap: copiedStore.snapshot(next) }))
    expect(written).toEqual([])
    expect(readdirSync(join(folder, 'parts'))).toHaveLength(4)
  })

  test('the bytes of a removed mail, and what a killed process left of an unfinished write, are deleted', async () => {
    const { directory } = made()
    const kept = open()
    const mailbox = directory.mailbox(directory.user('ana@contoso.example')!)
    const mail = directory.deliver('ana@contoso.example', 'Subject: x\r\n\r\nx')
    await kept.save(() => directory.snapshot(kept))
    expect(readdirSync(join(folder, 'parts'))).toHaveLength(1)
    mailbox.remove(mail)
    await kept.save(() => directory.snapshot(kept))
    expect(readdirSync(join(folder, 'parts'))).toEqual([])

    writeFileSync(join(folder, 'parts', 'part-half.new'), 'half')
    const next = open()
    await next.save(() => directory.snapshot(next))
    expect(readdirSync(join(folder, 'parts'))).toEqual([])
  })

  test('the one file of version 0.1, with the bytes inside, is taken over', () => {
    const { directory, store } = made()
    directory.deliver('ana@contoso.example', 'Subject: old\r\n\r\nx')
    store.append('paula@postbox.example', store.folder('paula@postbox.example', 'INBOX')!, Buffer.from('Subject: mine'))
    const inline = { put: (of: object) => (of as Buffer).toString('base64'), get: () => expect.unreachable() }
    const { directory: rest, 'mailbox ana': ana } = directory.snapshot(inline) as Record<string, object>
    const file = { directory: JSON.stringify({ ...rest, mailboxes: { ana } }), vault: [], imap: store.snapshot(inline) }
    const things = earlierThings(JSON.parse(JSON.stringify(file)))
    expect(Object.keys(things)).toEqual(['directory', 'mailbox ana', 'vault', 'imap paula@postbox.example'])
    const [copy, copiedStore] = [new Directory(), new MailStore()]
    copy.restore(things, open())
    copiedStore.restore({ 'paula@postbox.example': things['imap paula@postbox.example'] } as never, open())
    const [mail] = copy.mailbox(copy.user('ana@contoso.example')!).messages.values()
    expect(mail?.raw.toString()).toContain('Subject: old')
    expect(copiedStore.folder('paula@postbox.example', 'INBOX')?.messages[0]?.raw.toString()).toBe('Subject: mine')
    expect(earlierThings({ port: 7071 })).toEqual({})
  })
})
