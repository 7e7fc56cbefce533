import { createServer, type Server } from 'node:http'
import { connect, type TLSSocket } from 'node:tls'
import { ImapFlow, type ImapFlowOptions } from 'imapflow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Certificates, makeCertificates } from '../../local/emulators/certificate.js'
import { type ImapEmulator, startImap } from '../../local/emulators/imap/start-imap.js'
import { type Dovecot, dovecotAvailable, startDovecot } from '../support/mail-servers/dovecot.js'

const user = 'ana@contoso.example'
const pass = 'right'
const mail = (n: number) =>
  `From: kim@example.com\r\nTo: ${user}\r\nSubject: Mail ${n}\r\nMessage-ID: <m${n}@example.com>\r\n\r\nBody ${n}\r\n`

/** Says who `token-of-ana` belongs to, as an introspection endpoint. */
async function startIntrospection(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('token')
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(token === 'token-of-ana' ? { active: 'true', username: user } : { active: 'false' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}/introspect`, server }
}

const suite = () =>
  describe('the IMAP emulator behaves like Dovecot', () => {
    let certificates: Certificates
    let introspection: Awaited<ReturnType<typeof startIntrospection>>
    let dovecot: Dovecot
    let emulator: ImapEmulator

    beforeAll(async () => {
      certificates = await makeCertificates()
      introspection = await startIntrospection()
      dovecot = await startDovecot({ users: { [user]: pass }, tls: certificates, introspectionUrl: introspection.url })
      emulator = await startImap({
        accounts: (name) => (name === user ? { password: pass } : undefined),
        verifyToken: (token) => (token === 'token-of-ana' ? { upn: user } : undefined),
        mode: 'implicit',
        tls: certificates,
      })
    })
    afterAll(async () => {
      await dovecot?.stop()
      await emulator?.stop()
      introspection?.server.close()
    })

    async function connected(port: number, more: Partial<ImapFlowOptions> = {}): Promise<ImapFlow> {
      const tls = { ca: certificates.ca }
      const flow = new ImapFlow({
        host: 'localhost',
        port,
        secure: true,
        tls,
        auth: { user, pass },
        logger: false,
        ...more,
      })
      flow.on('error', () => undefined)
      await flow.connect()
      return flow
    }

    async function story(port: number): Promise<unknown[]> {
      const flow = await connected(port)
      const told: unknown[] = []
      for (let n = 1; n <= 4; n++)
        await flow.append('INBOX', mail(n), n === 1 ? ['\\Seen'] : [], new Date(Date.UTC(2026, 10, n, 12)))
      const inbox = await flow.mailboxOpen('INBOX')
      told.push(inbox.exists, inbox.uidNext)
      const uids = async (range: string) => {
        const found: number[] = []
        for await (const message of flow.fetch(range, { uid: true }, { uid: true })) found.push(message.uid)
        return found
      }
      const one = await flow.fetchOne(
        '2',
        { source: true, size: true, envelope: true, internalDate: true },
        { uid: true },
      )
      if (!one) throw new Error('nothing fetched')
      told.push(one.source?.toString(), one.size, one.envelope?.messageId, one.envelope?.from, one.internalDate)
      told.push(await uids('100:*'))
      told.push(await flow.search({ seen: false }, { uid: true }))
      told.push(await flow.search({ since: new Date('2026-11-03') }, { uid: true }))
      told.push(await flow.search({ header: { 'message-id': '<m3@example.com>' } }, { uid: true }))
      const moved = await flow.messageMove('1:2', 'Archive', { uid: true })
      told.push(moved ? moved.uidMap : 'not moved')
      await flow.messageDelete('3', { uid: true })
      told.push(await uids('1:*'))
      told.push(await flow.status('Archive', { messages: true, unseen: true, uidNext: true }))
      told.push((await flow.list()).map((folder) => [folder.path, folder.specialUse]).sort())
      await flow.logout()
      return told
    }

    it('tells the same story', async () => {
      const [real, ours] = await Promise.all([story(dovecot.imapsPort), story(emulator.port)])
      expect(ours).toEqual(real)
    })

    it('Dovecot takes tokens and STARTTLS, and refuses what is wrong', async () => {
      const token = { auth: { user, accessToken: 'token-of-ana' } }
      await (await connected(dovecot.imapsPort, token)).logout()
      await (await connected(dovecot.imapPort, { secure: false, doSTARTTLS: true })).logout()
      const stale = { auth: { user, accessToken: 'stale' } }
      for (const port of [dovecot.imapsPort, emulator.port]) {
        await expect(connected(port, stale)).rejects.toMatchObject({
          authenticationFailed: true,
          oauthError: expect.anything(),
        })
        await expect(connected(port, { auth: { user, pass: 'wrong' } })).rejects.toMatchObject({
          authenticationFailed: true,
        })
      }
    })

    it('Dovecot serves POP3', async () => {
      const socket: TLSSocket = connect({ host: 'localhost', port: dovecot.pop3sPort, ca: certificates.ca })
      const lines: string[] = []
      socket.on('data', (chunk) => lines.push(...chunk.toString().trim().split('\r\n')))
      for (const [sent, expected] of [
        ['', '+OK'],
        [`USER ${user}`, '+OK'],
        [`PASS ${pass}`, '+OK Logged in.'],
        ['QUIT', '+OK'],
      ]) {
        const before = sent ? lines.length : 0
        if (sent) socket.write(`${sent}\r\n`)
        await expect.poll(() => lines[before]).toContain(expected)
      }
      socket.destroy()
    })
  })

if (dovecotAvailable()) suite()
else it('Dovecot is not installed, which was announced on standard error', () => expect(dovecotAvailable()).toBe(false))
