import { expect, test } from 'vitest'
import type { Authority } from '../../lib/ports/authority.js'
import { lazyReceiver, lazySender } from '../../lib/ports/lazy-ports.js'
import { Secret } from '../../lib/secret.js'

const server = { host: 'mail.example.com', port: 143 }
const secrets: Authority[] = [
  { kind: 'password', user: 'ana', password: new Secret('p') },
  { kind: 'bearer', user: 'ana', token: async () => new Secret('t') },
]

/** Adapters that count how often they are reached. */
function adapters() {
  const opened: string[] = []
  const open = async (): Promise<never> => {
    opened.push('opened')
    throw new Error('reached')
  }
  return {
    opened,
    receiver: lazyReceiver(async () => ({ open })),
    sender: lazySender(async () => ({ open }) as never, false),
  }
}

const never = new AbortController().signal

test.each(secrets)(
  'A7, SEC-26: a stored plain server never gets a $kind, whichever way it was stored',
  async (authority) => {
    const { opened, receiver, sender } = adapters()
    const imap = { ...server, tls: 'plain' as const, folder: 'INBOX' }
    await expect(receiver.open({ transport: 'imap', imap }, authority, never)).rejects.toMatchObject({
      code: 'clear_text_refused',
      class: 'needs-admin',
      hint: 'tenant',
    })
    const smtp = { ...server, tls: 'plain' as const }
    await expect(sender.open({ transport: 'smtp', smtp }, authority, never)).rejects.toMatchObject({
      code: 'clear_text_refused',
    })
    expect(opened).toEqual([])
    // Control: encrypted, the adapter is asked.
    await expect(
      sender.open({ transport: 'smtp', smtp: { ...server, tls: 'starttls' } }, authority, never),
    ).rejects.toThrow('reached')
  },
)

test('A7: a server that asks for no sign-in has no secret to lose', async () => {
  const { opened, sender } = adapters()
  const smtp = { ...server, tls: 'plain' as const }
  await expect(sender.open({ transport: 'smtp', smtp }, { kind: 'anonymous' }, never)).rejects.toThrow('reached')
  expect(opened).toHaveLength(1)
})
