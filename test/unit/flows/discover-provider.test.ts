import { expect, test } from 'vitest'
import { discoverProvider } from '../../../lib/flows/connect/discover-provider.js'
import { readAutoconfig } from '../../../lib/protocol/autoconfig.js'

const config = (host: string, port = 993, socket = 'SSL') =>
  `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x"><incomingServer type="pop3"><hostname>pop.x.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer><incomingServer type="imap"><hostname>${host}</hostname><port>${port}</port><socketType>${socket}</socketType><authentication>OAuth2</authentication></incomingServer><outgoingServer type="smtp"><hostname>smtp.${host}</hostname><port>587</port><socketType>STARTTLS</socketType></outgoingServer></emailProvider></clientConfig>`

const never = new Promise<never>(() => {})
const table: [string, () => Promise<string[]>, () => Promise<string | undefined>, string, RegExp][] = [
  [
    'MX microsoft',
    async () => ['contoso-com.mail.protection.outlook.com'],
    async () => undefined,
    'microsoft',
    /arrives at contoso-com/,
  ],
  [
    'MX microsoft, DNSSEC',
    async () => ['contoso-com.o-v1.mx.microsoft.'],
    async () => undefined,
    'microsoft',
    /mx\.microsoft/,
  ],
  ['MX google', async () => ['aspmx.l.google.com'], async () => undefined, 'google', /google/],
  [
    'a gateway in front, autoconfig microsoft',
    async () => ['mx1.pphosted.com'],
    async () => config('outlook.office365.com'),
    'microsoft',
    /name outlook/,
  ],
  [
    'autoconfig of somebody else',
    async () => ['mx.x.example'],
    async () => config('imap.x.example'),
    'basic',
    /imap\.x\.example/,
  ],
  ['nothing', async () => [], async () => undefined, 'unknown', /No public record/],
  [
    'both fail',
    async () => Promise.reject(new Error('x')),
    async () => Promise.reject(new Error('x')),
    'unknown',
    /No public record/,
  ],
  [
    'a name that only ends like Microsoft',
    async () => ['mail.protection.outlook.com.evil.example'],
    async () => undefined,
    'unknown',
    /No public record/,
  ],
]

test.each(table)('M-054: %s', async (_, mailExchangers, autoconfig, provider, evidence) => {
  const found = await discoverProvider({ mailExchangers, autoconfig }, 'ana@contoso.example')
  expect(found.provider).toBe(provider)
  expect(found.evidence).toMatch(evidence)
})

test('M-054: silence is an answer after three seconds', async () => {
  // Set before ours is: whatever holds up this process holds up both.
  let isLate = false
  const limit = setTimeout(() => {
    isLate = true
  }, 3_100)
  const found = await discoverProvider({ mailExchangers: () => never, autoconfig: () => never }, 'ana@contoso.example')
  expect(found.provider).toBe('unknown')
  expect(isLate).toBe(false)
  clearTimeout(limit)
})

test('autoconfig: servers are read by type, plain ones and strange hosts are not', () => {
  expect(readAutoconfig(config('imap.x.example'))).toEqual({
    imap: { host: 'imap.x.example', port: 993, tls: 'implicit', oauth: true },
    smtp: { host: 'smtp.imap.x.example', port: 587, tls: 'starttls', oauth: false },
  })
  expect(readAutoconfig(config('imap.x.example', 143, 'plain')).imap).toBeUndefined()
  expect(readAutoconfig(config('&entity;')).imap).toBeUndefined()
  expect(readAutoconfig(config('a b')).imap).toBeUndefined()
  expect(readAutoconfig(config('imap.x.example', 99_999)).imap).toBeUndefined()
  expect(readAutoconfig('<!DOCTYPE x [<!ENTITY a "b">]>')).toEqual({})
  expect(readAutoconfig('<clientConfig>'.repeat(10_000))).toEqual({})
})
