/** Receiving mails that cannot be read, stored or fetched, without harm to those behind them. */
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
import { readReceived, readReceivedRaw } from '../../lib/flows/receive/received-read.js'
import { listLog } from '../../lib/rows/logs.js'
import { everyNotImported } from '../support/general/every.js'
import { hour, names, rowsOf, useReceiveStorage, world } from '../support/receive/receive-world.js'
import { broken } from '../support/receive/scripted-mailbox.js'

useReceiveStorage()

describe('receive: bad mails', () => {
  test('M-107, M-109, P-13: the second strike quarantines, the log says why, and the mails behind arrive', async () => {
    const at = await world()
    at.server.put(1)
    at.server.put(2, 'bad', { fault: broken('imap_fetch_refused', 'permanent') })
    at.server.put(3)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 2, code: 'imap_fetch_refused' })
    at.pass(2 * 60_000)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 0, quarantined: 1 })
    expect(at.takeEvents().map(({ type }) => type)).toEqual(['mail.received', 'mail.received', 'mail.quarantined'])
    const missing = await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)
    const reason = {
      code: 'imap_fetch_refused',
      attempts: 2,
      description: 'scripted imap_fetch_refused',
      remedy: 'scripted remedy',
    }
    expect(missing).toMatchObject([{ state: 'quarantined', ...reason }])
    const failures = await listLog(at.deps, at.mailbox.tenant, { log: 'receiving', failed: true, limit: 10 })
    expect(failures.filter((row) => row['outcome'] === 'not-imported')).toMatchObject([
      { ...reason, mailboxId: at.mailbox.id, receivedId: missing[0]?.id, class: 'permanent' },
    ])
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toMatchObject([
      { rowKey: `mailbox-quarantine~${at.mailbox.id}` },
    ])
  })

  test('REL-25, M-108: raw bytes are kept in quarantine when they can be had', async () => {
    const at = await world()
    at.server.put(1)
    at.server.put(2)
    for (let strike = 0; strike < 2; strike++) {
      at.watch((when, request) => {
        if (when === 'before' && request === 'transaction') throw new Error('a bug of ours')
      })
      await at.poll()
      at.watch(() => {})
      at.pass(2 * 60_000)
    }
    at.pass(hour)
    await at.poll()
    const missing = await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)
    for (const mail of missing)
      expect(
        Buffer.from(
          await readReceivedRaw(at.deps, { tenant: mail.tenant, mailboxId: mail.mailboxId, id: mail.id }),
        ).toString(),
      ).toContain('mail')
    expect(at.takeEvents().length + missing.length).toBe(2)
  })

  test('M-109, P-13: whatever the bytes are, every mail is kept as it came, told once and readable as far as it goes', async () => {
    const at = await world()
    const noise = Array.from({ length: 3_000 }, (_, n) => String.fromCharCode((n * 7919) % 256)).join('')
    const corpus = [
      '',
      '\r\n\r\n\r\n',
      'no header at all',
      'Subject: no body',
      'Subject: bare\nline\rends\n\nx\ry',
      `From: a@example.com\r\nX: ${'x'.repeat(50_000)}\r\n\r\nlong line`,
      'Subject: =?utf-8?B?%%%?=\r\nContent-Type: text/plain; charset=x-none\r\n\r\n\xff\xfe',
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>open',
      'Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nno boundary',
      'Content-Transfer-Encoding: base64\r\n\r\n@@@not base64@@@',
      `${'Content-Type: multipart/mixed; boundary=n\r\n\r\n--n\r\n'.repeat(200)}deep`,
      'From: a\0b\r\nMessage-ID: <\0>\r\n\r\n\0',
      noise,
    ]
    for (const [n, raw] of corpus.entries()) {
      at.server.put(2 * n + 1)
      at.server.put(2 * n + 2, '', { raw })
    }
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 2 * corpus.length, quarantined: 0 })
    const events = at.takeEvents()
    expect(new Set(events.map((event) => event.id)).size).toBe(2 * corpus.length)
    const { tenant, id } = at.mailbox
    for (const [n, raw] of corpus.entries()) {
      const received = String(events[2 * n + 1]?.data['receivedId'])
      expect(
        Buffer.from(await readReceivedRaw(at.deps, { tenant, mailboxId: id, id: received })).equals(Buffer.from(raw)),
        `mail ${n}`,
      ).toBe(true)
      const read = await readReceived(at.deps, { tenant, mailboxId: id, id: received }).catch((error: unknown) => error)
      if (read instanceof GatewayError) expect(read.code, `mail ${n}`).toBe('mail_too_complex')
      else expect(read, `mail ${n}`).toMatchObject({ parsed: { text: expect.any(String) } })
    }
  })

  test('P-12: a mail its owner removed before it was fetched is nobody’s fault, and the next one arrives', async () => {
    const at = await world()
    at.server.put(1, 'removed', { fault: broken('mail_gone', 'permanent') })
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 1, quarantined: 0, code: '' })
    expect(await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)).toEqual([])
    expect(await at.row()).toMatchObject({ failures: 0, aside: '' })
  })

  test('a mail over the limit is listed as not imported at once', async () => {
    const at = await world({ action: 'leave' }, { maxMailBytes: 200 })
    at.server.put(1, 'x'.repeat(300))
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ handedOver: 1, quarantined: 1 })
    const [missing] = await everyNotImported(at.deps, at.mailbox.tenant, at.mailbox.id)
    expect(missing).toMatchObject({ code: 'mail_too_large' })
  })

  test('SEC-33: two different mails with one Message-ID are both handed over', async () => {
    const at = await world()
    at.server.put(1)
    at.server.put(2, 'other', { raw: at.server.mails[0]!.raw.replace('mail 1', 'another') })
    expect(await at.poll()).toMatchObject({ handedOver: 2 })
  })
})
