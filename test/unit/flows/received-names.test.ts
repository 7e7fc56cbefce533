import { describe, expect, test } from 'vitest'
import { pollMailbox } from '../../../lib/flows/receive/poll-mailbox.js'
import { listReceived } from '../../../lib/flows/receive/received-list.js'
import { readReceived, readReceivedAttachment } from '../../../lib/flows/receive/received-read.js'
import { download } from '../../../lib/http/api/download.js'
import { everyAnswer } from '../../../lib/http/request/security-headers.js'
import { newId } from '../../../lib/model/ids.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { connectAs } from '../../support/connect/connect-as.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { everyReceiver, shipped } from '../../support/general/toolbox.js'
import { ScriptedMailbox } from '../../support/receive/scripted-mailbox.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const hostile = [
  '../../../../etc/passwd',
  '..\\..\\windows\\system32\\config',
  '/absolute/path',
  'C:\\CON',
  'NUL',
  'aux.txt',
  'a\u0000.exe',
  'invoice\u202efdp.exe',
  'a"; filename="evil.html',
  "x.html'\r\nSet-Cookie: a=b",
  '%2e%2e%2f%2e%2e%2fetc',
  '.',
  '~',
  'n'.repeat(10_000),
]

const mailWith = (filename: string): string => {
  const encoded = `=?utf-8?B?${Buffer.from(filename).toString('base64')}?=`
  return [
    'From: "../../x" <a@b.example>',
    `Subject: ${encoded.slice(0, 900)}`,
    'Message-ID: <../../../x@y>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'hello',
    '--b',
    `Content-Type: text/html; name*=utf-8''${encodeURIComponent(filename)}`,
    `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(filename)}`,
    '',
    '<script>alert(1)</script>',
    '--b--',
    '',
  ].join('\r\n')
}

async function place() {
  const clock = { now: () => Date.now(), sleep: async () => {} }
  const stores = await memoryStores(clock)
  const { names, tables, blobs } = stores
  const connectionId = newId()
  const server = new ScriptedMailbox()
  const mailbox = sampleMailbox({
    address: 'info@acme.example',
    receive: { transport: 'graph', connectionId, folder: 'inbox' },
  })
  await tables.insert(names.table('mailboxes'), toRow(mailbox))
  await connectAs(stores, connectionId, { kind: 'anonymous' })
  const deps = {
    ...stores,
    receivers: everyReceiver(server),
    config: { ...shipped, maxMailBytes: 1_000_000 },
  }
  return { deps, server, mailbox, names, blobs }
}

describe('SEC-32: names a sender chose', () => {
  test('never name a blob, and the bytes come back only through the mail’s own id', async () => {
    const { deps, server, mailbox, names, blobs } = await place()
    for (const [at, filename] of hostile.entries()) server.put(at + 1, '', { raw: mailWith(filename) })
    expect(await pollMailbox(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id })).toMatchObject({
      handedOver: hostile.length,
    })
    const stored: string[] = []
    for (const container of ['inbound', 'quarantine', 'outbound', 'cursors'] as const)
      for await (const { name } of blobs.list(names.container(container), '')) stored.push(name)
    expect(stored).toHaveLength(hostile.length)
    for (const name of stored) expect(name).toMatch(/^acme\/[a-z2-7]{26}\/[a-z2-7]{26}$/)

    const { mails } = await listReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id }, { limit: 50 })
    for (const { id } of mails) {
      const { parsed } = await readReceived(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id })
      expect(parsed.attachments).toHaveLength(1)
      const { bytes } = await readReceivedAttachment(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id }, 0)
      expect(Buffer.from(bytes).toString()).toContain('<script>')
      for (const index of [-1, 1, 0.5, Number.NaN])
        await expect(
          readReceivedAttachment(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id, id }, index),
        ).rejects.toMatchObject({
          code: 'not_found',
        })
      await expect(
        readReceivedAttachment(deps, { tenant: 'other', mailboxId: mailbox.id, id }, 0),
      ).rejects.toMatchObject({
        code: 'not_found',
      })
    }
  })

  test.each(['../x', '..%2fx', 'h~x', '', 'A'.repeat(26), `${'a'.repeat(26)}/../..`, 'a\u0000'])(
    'the id %j reaches no storage',
    async (id) => {
      const { deps, mailbox } = await place()
      const touched = { ...deps, tables: undefined as never, blobs: undefined as never }
      await expect(readReceived(touched, { tenant: mailbox.tenant, mailboxId: mailbox.id, id })).rejects.toMatchObject({
        code: 'not_found',
      })
      await expect(readReceived(touched, { tenant: mailbox.tenant, mailboxId: id, id: newId() })).rejects.toMatchObject(
        { code: 'not_found' },
      )
    },
  )

  test.each(hostile)('D18: of the name %j a download keeps what is harmless, beside a name of ours', (givenName) => {
    const { headers } = download(Buffer.from('x'), 'attachment-0', { givenName })
    const shown = String((headers as Record<string, string>)['content-disposition'])
    expect(shown).toMatch(/^attachment; filename="attachment-0"(; filename\*=UTF-8''[\w.%-]{1,1500})?$/)
    const kept = decodeURIComponent(/UTF-8''(.*)$/.exec(shown)?.[1] ?? '')
    expect(kept).not.toMatch(/[/\\:*?"<>|%;\p{C}]|^[.~]|^(con|nul|aux)(\.|$)/iu)
    expect([...kept].length).toBeLessThanOrEqual(120)
  })

  test('D18: an ordinary name in any language arrives as the sender wrote it', () => {
    const { headers } = download(Buffer.from('x'), 'attachment-0', { givenName: 'Rechnung März (2).pdf' })
    expect(headers).toMatchObject({
      'content-disposition': `attachment; filename="attachment-0"; filename*=UTF-8''Rechnung%20M%C3%A4rz%20%282%29.pdf`,
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    })
  })

  test('what is given out is a download of unknown content under a name of ours', () => {
    const { headers } = download(Buffer.from('<script>alert(1)</script>'), 'attachment-0')
    expect(headers).toEqual({
      ...everyAnswer,
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="attachment-0"',
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'",
    })
  })
})
