import { expect, test } from 'vitest'
import { mailboxChangeSchema } from '../../../lib/model/admin-schemas.js'
import { parse } from '../../../lib/model/parse.js'

const connectionId = 'a'.repeat(26)
const change = (protocol: 'imap' | 'smtp', server: object) =>
  parse(
    mailboxChangeSchema,
    protocol === 'imap'
      ? { receive: { transport: 'imap', connectionId, imap: server } }
      : { send: { transport: 'smtp', connectionId, smtp: server } },
  )
const addressOf = (protocol: 'imap' | 'smtp', server: object) => {
  const { receive, send } = change(protocol, server)
  const found = receive?.transport === 'imap' ? receive.imap : send?.transport === 'smtp' ? send.smtp : undefined
  return [found?.host, found?.port]
}

test.each([
  ['imap', 'h', undefined, 'plain', 'h', 143],
  ['imap', 'h', undefined, 'starttls', 'h', 143],
  ['imap', 'h', undefined, 'implicit', 'h', 993],
  ['smtp', 'h', undefined, 'plain', 'h', 25],
  ['smtp', 'h', undefined, 'starttls', 'h', 587],
  ['smtp', 'h', undefined, 'implicit', 'h', 465],
  ['smtp', 'h:2525', undefined, 'plain', 'h', 2525],
  ['smtp', 'h:2525', undefined, 'starttls', 'h', 2525],
  ['smtp', 'h:2525', undefined, 'implicit', 'h', 2525],
  ['smtp', 'h:2525', 2525, 'implicit', 'h', 2525],
  ['smtp', 'h', 2525, 'starttls', 'h', 2525],
  ['imap', '2001:db8::25', undefined, 'implicit', '2001:db8::25', 993],
] as const)('M-023: %s at %s, port %s, %s is %s:%i', (protocol, host, port, tls, wantedHost, wantedPort) => {
  const given = { host, tls, ...(port === undefined ? {} : { port }) }
  expect(addressOf(protocol, given)).toEqual([wantedHost, wantedPort])
})

test.each([
  [
    { host: 'h:2525', port: 465, tls: 'implicit' },
    'send.smtp.port',
    'differs from the port in host; give it only once',
  ],
  [{ host: 'h:70000', tls: 'implicit' }, 'send.smtp.host', 'must have a port from 1 to 65535'],
  [{ host: 'h', port: 0, tls: 'implicit' }, 'send.smtp.port', 'must be at least 1'],
  [{ host: 'h', tls: 'ssl' }, 'send.smtp.tls', 'must be implicit or starttls or plain'],
  [{ tls: 'implicit' }, 'send.smtp.host', 'is missing; give text'],
])('M-023: %j is refused', (server, field, message) => {
  expect(() => change('smtp', server)).toThrow(expect.objectContaining({ problems: [{ field, message }] }))
})
