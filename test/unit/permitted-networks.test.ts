/** Internal mail servers are reached through the deployment's own list of networks, and through nothing else. */
import type { LookupAddress } from 'node:dns'
import { expect, test } from 'vitest'
import { networkCheck, wrongNetworks } from '../../lib/config/networks.js'
import { readConfig } from '../../lib/config.js'
import { checkedAddress } from '../../lib/transports/dial.js'
import { forbiddenAddress, guardedLookup, isPlainTextHost } from '../../lib/transports/guarded-lookup.js'

const settings = {
  PUBLIC_BASE_URL: 'https://mail.example.com',
  KEY_VAULT_URL: 'https://a.vault.azure.net',
  MailStorage: 'UseDevelopmentStorage=true',
}
const permitted = '10.20.9.0/28, fd00:1::/64'
const resolve = async (host: string): Promise<LookupAddress[]> =>
  (addresses[host] ?? host).split(' ').map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
const addresses: Record<string, string> = {
  'relay.corp.example': '10.20.9.4',
  'relay.corp.internal': '10.20.9.4',
  'mixed.corp.example': '10.20.9.4 10.0.0.5',
  'mapped.corp.example': '::ffff:10.20.9.4',
  'six.corp.example': 'fd00:1::25',
  'beside.corp.example': '10.20.9.16',
  'mail.example': '93.184.215.14',
}
const lookup = guardedLookup({ allowLoopback: false, permits: networkCheck(permitted), resolve })
const bare = guardedLookup({ allowLoopback: false, resolve })
const reach = (over: typeof lookup, host: string): Promise<string> =>
  new Promise((done) =>
    over(host, { all: true }, (error, found) =>
      done(error ? String(error.code) : (found as unknown as LookupAddress[]).map(({ address }) => address).join(' ')),
    ),
  )

test('M-025, SEC-24: a server in a permitted network is reached by name, by address and in either family', async () => {
  for (const host of [
    'relay.corp.example',
    'relay.corp.internal',
    'mapped.corp.example',
    'six.corp.example',
    '10.20.9.15',
  ])
    expect(await reach(lookup, host), host).toBe(addresses[host] ?? host)
  expect(await reach(lookup, 'mail.example')).toBe('93.184.215.14')
  // Control: without the deployment's word none of them is, and a public one is.
  for (const host of [
    'relay.corp.example',
    'relay.corp.internal',
    'mapped.corp.example',
    'six.corp.example',
    '10.20.9.15',
  ])
    expect(await reach(bare, host), host).toBe(forbiddenAddress)
  expect(await reach(bare, 'mail.example')).toBe('93.184.215.14')
})

test('SEC-24: one address outside refuses the host; neighbours, loopback and the platform stay closed', async () => {
  for (const host of [
    'mixed.corp.example',
    'beside.corp.example',
    '10.20.9.16',
    '10.20.8.255',
    '127.0.0.1',
    '::1',
    '169.254.169.254',
    '168.63.129.16',
    'fd00:2::1',
    'account.table.core.windows.net',
    'name.vault.azure.net',
    'something.azure.internal',
  ])
    expect(await reach(lookup, host), host).toBe(forbiddenAddress)
})

test.each([
  ['10.20.9.0/28', undefined],
  ['10.20.9.0/28,192.168.5.25/32, fd00::/8', undefined],
  ['', undefined],
  ['10.20.9.4', 'must be CIDR blocks separated by commas.'],
  ['10.20.9.0/33', 'must be CIDR blocks separated by commas.'],
  ['relay.corp.example/32', 'must be CIDR blocks separated by commas.'],
  ['0.0.0.0/0', 'must name internal networks only'],
  ['10.0.0.0/7', 'must name internal networks only'],
  ['127.0.0.0/8', 'must name internal networks only'],
  ['169.254.169.254/32', 'must name internal networks only'],
  ['168.63.129.16/32', 'must name internal networks only'],
  ['93.184.215.14/32', 'must name internal networks only'],
  ['::/0', 'must name internal networks only'],
  ['::ffff:10.0.0.0/9', 'must name internal networks only'],
  ['::ffff:10.0.0.0/104', 'must name internal networks only'],
])('M-025: the setting %s is judged at the start', (text, wrong) => {
  if (wrong === undefined) expect(wrongNetworks(text)).toBeUndefined()
  else expect(wrongNetworks(text)).toContain(wrong)
  const read = () => readConfig({ ...settings, PERMITTED_MAIL_NETWORKS: text })
  if (wrong === undefined) expect(read().permittedMailNetworks).toBe(text)
  else expect(read).toThrow(`PERMITTED_MAIL_NETWORKS ${wrong}`)
})

test('M-145: no encryption is permitted for networks that are permitted at all, and for no others', () => {
  const read = (permittedNetworks: string, plain: string) =>
    readConfig({ ...settings, PERMITTED_MAIL_NETWORKS: permittedNetworks, PLAIN_TEXT_MAIL_NETWORKS: plain })
  expect(read('10.20.9.0/28', '10.20.9.4/32').plainTextMailNetworks).toBe('10.20.9.4/32')
  for (const plain of ['10.20.9.0/27', '10.20.10.0/28', '192.168.0.0/16'])
    expect(() => read('10.20.9.0/28', plain), plain).toThrow('must name only networks that are also in')
  expect(() => read('', '10.20.9.4/32')).toThrow('PLAIN_TEXT_MAIL_NETWORKS')
})

test('M-145, SEC-26: without encryption only where the deployment permits it, asked of the addresses that are dialled', async () => {
  const allowPlain = networkCheck('10.20.9.4/32')
  const options = { lookup, allowPlain, timeoutMs: 1_000, signal: new AbortController().signal }
  const dialled = (host: string, tls: 'plain' | 'starttls' = 'plain') =>
    checkedAddress({ host, port: 25, tls }, options).then(
      () => 'dialled',
      ({ code }: { code: string }) => code,
    )
  const isPlain = isPlainTextHost(lookup, allowPlain)
  for (const [host, isPermitted] of [
    ['relay.corp.example', true],
    ['six.corp.example', false],
    ['mail.example', false],
  ] as const) {
    expect(await dialled(host), host).toBe(isPermitted ? 'dialled' : 'plain_text_not_permitted')
    expect(await isPlain(host), host).toBe(isPermitted)
    // Control: with encryption each of them is dialled.
    expect(await dialled(host, 'starttls'), host).toBe('dialled')
  }
  expect(await dialled('beside.corp.example')).toBe('host_not_allowed')
  expect(await isPlain('beside.corp.example')).toBe(false)
})
