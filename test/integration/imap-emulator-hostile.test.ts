/** The emulated IMAP server, hostile on order. */
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { client, failure, imap, useImapEmulator, user } from '../support/mail-servers/imap-clients.js'

useImapEmulator()

describe('IMAP emulator, hostile on order', () => {
  it.each(['endless-line', 'endless-untagged', 'huge-literal'] as const)(
    'SEC-34: %s as a greeting never ends, and ends with the connection',
    async (fault) => {
      const server = await imap({ mode: 'plain' })
      server.control.faults.order({ at: 'greeting', fault })
      const socket = connect(server.port, '127.0.0.1')
      let bytes = 0
      await new Promise<void>((resolve) => {
        socket.on('data', (chunk) => {
          bytes += chunk.length
          if (bytes > 8_000_000) resolve()
        })
      })
      socket.destroy()
      await expect.poll(() => server.open).toBe(0)
    },
  )

  it('SEC-34: drips, and repeats the line of a refused login', async () => {
    const server = await imap({ mode: 'plain' })
    server.control.faults.order({ at: 'greeting', fault: 'slow', everyMs: 5 })
    const socket = connect(server.port, '127.0.0.1')
    const received: string[] = []
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => received.push(chunk.toString()) >= 3 && resolve())
    })
    socket.destroy()
    expect(new Set(received.join(''))).toEqual(new Set(['*']))
    server.control.faults.order({ at: 'AUTHENTICATE', fault: 'echo' })
    const error = await failure(
      client(server, { secure: false, doSTARTTLS: false, auth: { user, accessToken: 'x' } }).connect(),
    )
    const line = server.commands.find((c) => c.line.includes('AUTHENTICATE'))!.line
    expect((error as { responseText: string }).responseText).toContain(line)
  })

  it('SEC-26: without STARTTLS, with a refused one, or preauthenticated, a strict client shows no credential', async () => {
    const server = await imap({ mode: 'starttls', clearLogin: true })
    const credentials = () => server.commands.filter((c) => / (LOGIN|AUTHENTICATE) /.test(c.line))
    const strict = { secure: false, doSTARTTLS: true } as const
    server.control.withhold('STARTTLS')
    expect(await failure(client(server, strict).connect())).toBeInstanceOf(Error)
    server.control.behave()
    server.control.faults.order({ at: 'STARTTLS', fault: 'no' })
    expect(await failure(client(server, strict).connect())).toBeInstanceOf(Error)
    server.control.faults.order({ at: 'greeting', fault: 'preauth' })
    await failure(client(server, strict).connect())
    expect(credentials()).toEqual([])
    server.control.faults.order({ at: 'STARTTLS', fault: 'injected' })
    await failure(client(server, strict).connect())
    expect(credentials().filter((c) => !c.secure)).toEqual([])
    // Negative control: a client that does not insist shows its password to the same server.
    server.control.faults.order({ at: 'STARTTLS', fault: 'no' })
    await failure(client(server, { secure: false }).connect())
    expect(credentials().some((c) => !c.secure)).toBe(true)
  })
})
