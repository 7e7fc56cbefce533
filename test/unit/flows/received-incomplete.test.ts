/** H9: what cannot be parsed, and what was too large to be fetched, is there as far as it goes, with the reason. */
import { expect, test } from 'vitest'
import { pollMailbox } from '../../../lib/flows/receive/poll-mailbox.js'
import { listReceived } from '../../../lib/flows/receive/received-list.js'
import { readReceived, readReceivedAttachment, readReceivedRaw } from '../../../lib/flows/receive/received-read.js'
import { storeMail } from '../../../lib/flows/receive/store-mail.js'
import { newId } from '../../../lib/model/ids.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { connectAs } from '../../support/connect/connect-as.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { everyReceiver, shipped } from '../../support/general/toolbox.js'
import { ScriptedMailbox } from '../../support/receive/scripted-mailbox.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

async function place() {
  const clock = { now: () => Date.now(), sleep: async () => {} }
  const stores = await memoryStores(clock)
  const server = new ScriptedMailbox()
  const connectionId = newId()
  const mailbox = sampleMailbox({
    address: 'info@acme.example',
    receive: { transport: 'graph', connectionId, folder: 'inbox' },
  })
  await stores.tables.insert(stores.names.table('mailboxes'), toRow(mailbox))
  await connectAs(stores, connectionId, { kind: 'anonymous' })
  const config = { ...shipped, maxMailBytes: 100_000 }
  const deps = { ...stores, receivers: everyReceiver(server), config }
  const list = async () =>
    (await listReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id }, { limit: 10 })).mails
  return {
    deps,
    server,
    mailbox,
    list,
    poll: () => pollMailbox(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id }),
  }
}

function nested(depth: number): string {
  let text = 'From: Smith, Ana <ana@x.example>\r\nSubject: deep\r\n'
  text += 'Content-Type: multipart/mixed; boundary=n0\r\n\r\n--n0\r\n\r\nhello\r\n--n0\r\n'
  text += 'Content-Type: application/pdf; name=a.pdf\r\n\r\nfirst\r\n--n0\r\n'
  for (let level = 1; level < depth; level++)
    text += `Content-Type: multipart/mixed; boundary=n${level}\r\n\r\n--n${level}\r\n`
  return `${text}\r\nx`
}

test('H9: a mail of 200 nested multiparts is told and shown: headers, text, attachments, raw, and why it is not more', async () => {
  const { deps, server, mailbox, list, poll } = await place()
  server.put(1, '', { raw: nested(200) })
  expect(await poll()).toMatchObject({ handedOver: 1 })
  const [mail] = await list()
  // The page shows the list's description and remedy.
  expect(mail).toMatchObject({
    state: 'handed-over',
    code: 'mail_too_complex',
    description: expect.stringContaining('nested deeper than 30'),
    remedy: expect.stringContaining('Fetch its raw bytes'),
  })
  const { parsed, incomplete } = await readReceived(deps, {
    tenant: mailbox.tenant,
    mailboxId: mailbox.id,
    id: mail!.id,
  })
  expect(incomplete).toMatchObject({ code: 'mail_too_complex' })
  expect(parsed).toMatchObject({
    subject: 'deep',
    from: [{ name: 'Smith, Ana', address: 'ana@x.example' }],
    text: expect.stringContaining('hello'),
    attachments: [{ index: 0, filename: 'a.pdf' }],
  })
  const { bytes } = await readReceivedAttachment(
    deps,
    { tenant: mailbox.tenant, mailboxId: mailbox.id, id: mail!.id },
    0,
  )
  expect(Buffer.from(bytes).toString()).toContain('first')
  const raw = await readReceivedRaw(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id: mail!.id })
  expect(Buffer.from(raw).toString()).toBe(nested(200))
})

test('H9 negative control: an ordinary mail has no reason', async () => {
  const { deps, server, mailbox, list, poll } = await place()
  server.put(1, '', { raw: nested(3) })
  await poll()
  const [mail] = await list()
  expect(mail).toMatchObject({ code: '', description: '', remedy: '' })
  expect(
    (await readReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id: mail!.id })).incomplete,
  ).toBeNull()
})

test('H9: a mail too large to be fetched says that there is no raw and how to get it; raised, moved back, it is imported', async () => {
  const { deps, server, mailbox, list, poll } = await place()
  const large = `Subject: large\r\n\r\n${'x'.repeat(200_000)}`
  server.put(1, '', { raw: large })
  expect(await poll()).toMatchObject({ quarantined: 1 })
  const [mail] = await list()
  expect(mail).toMatchObject({ state: 'quarantined', code: 'mail_too_large' })
  const shown = await readReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id: mail!.id })
  expect(shown.incomplete).toMatchObject({ code: 'mail_not_kept', remedy: expect.stringContaining('MAX_MAIL_BYTES') })
  await expect(
    readReceivedRaw(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id: mail!.id }),
  ).rejects.toMatchObject({
    code: 'mail_not_kept',
    status: 404,
    description: expect.stringContaining('no bytes of this mail'),
    remedy: expect.stringContaining("import the mailbox's quarantine"),
  })

  // Graph keeps the id of a mail that is moved back (immutable ids).
  const again = { serverId: '1.1', receivedAt: Date.now(), size: large.length, raw: async () => Buffer.from(large) }
  const storedUpTo = (maxBytes: number) => storeMail(deps, mailbox, { mail: again as never, maxBytes })
  await expect(storedUpTo(100_000)).rejects.toMatchObject({ code: 'mail_too_large' })
  expect(await storedUpTo(1_000_000)).toBe('handed-over')
  expect(await storedUpTo(1_000_000)).toBe('known')
  expect(await list()).toMatchObject([
    { id: mail!.id, state: 'handed-over', code: '', remedy: '', bytes: large.length },
  ])
  expect(
    Buffer.from(
      await readReceivedRaw(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id: mail!.id }),
    ).toString(),
  ).toBe(large)
})
