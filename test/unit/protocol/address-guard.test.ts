import type { LookupAddress } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { allowedPort, isLoopbackAddress, isOwnService, isPublicAddress } from '../../../lib/protocol/address-guard.js'
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'

/** First and last address of ranges nobody outside owns, and their neighbours that are public. */
const closedV4 = [
  '0.0.0.0', '0.255.255.255', '10.0.0.0', '10.1.2.3', '10.255.255.255', '100.64.0.0', '100.100.100.200',
  '100.127.255.255', '127.0.0.0', '127.0.0.1', '127.255.255.255', '168.63.129.16', '169.254.0.0', '169.254.169.254',
  '169.254.169.253', '169.254.170.2', '169.254.255.255', '172.16.0.0', '172.20.1.1', '172.31.255.255', '192.0.0.0',
  '192.0.0.192', '192.0.0.255', '192.0.2.1', '192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0',
  '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
] // biome-ignore format: a table
const publicV4 = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '40.96.1.1',
  '52.97.1.1',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.1',
  '168.63.129.15',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
]
const closedV6 = [
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '0000:0000:0000:0000:0000:0000:0000:0001',
  '::127.0.0.1',
  '::7f00:1',
  '::a9fe:a9fe',
  '100::1',
  '64:ff9b:1::1',
  'fc00::1',
  'fd00:ec2::254',
  'fdff:ffff::1',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fec0::1',
  'ff02::1',
  'ff0e::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:10::1',
  '2001:1ff:ffff::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '2002:0808:0808::1',
  '3fff::1',
  '3fff:fff::1',
  '4000::1',
  '5f00::1',
  '2620:4f:8000::1',
]
const publicV6 = ['2606:4700:4700::1111', '2a01:111:f400::1', '2001:200::1', '2003::1', '3ffe::1', '2A00:1450:4001::1B']
const notAddresses = [
  '',
  ' ',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
  '127.0.0.1 ',
  ' 127.0.0.1',
  '127.0.0.01',
  '1.1.1',
  '1.1.1.1.1',
  '256.1.1.1',
  '1.1.1.-1',
  '1.1.1.1/8',
  '①②⑦.0.0.1',
  '1。1。1。1',
  '8.8.8.8\0',
  '8.8.8.8\n',
  'localhost',
  'example.com',
  '[2606:4700::1]',
  '2606:4700:::1',
  '2606:4700::1::1',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '2606:4700::12345',
  '2606:4700::g',
  '::ffff:1.1.1',
  '::ffff:1.1.1.256',
  '1.1.1.1::',
  '2606:1.1.1.1::',
  ':1',
  '1:',
  '0',
  '0xa9fea9fe',
  '٨.٨.٨.٨',
]
const hex = (ip: string) => {
  const [a, b, c, d] = ip.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `${a}${b}:${c}${d}`
}
const carriers = (ip: string) => [
  `::ffff:${ip}`,
  `::FFFF:${hex(ip)}`,
  `0:0:0:0:0:ffff:${ip}`,
  `64:ff9b::${ip}`,
  `64:ff9b::${hex(ip)}`,
]

const closed = [...closedV4, ...closedV6, ...notAddresses, ...closedV4.flatMap(carriers)]
const open = [...publicV4, ...publicV6, ...publicV4.flatMap(carriers)]

describe('SEC-24: addresses', () => {
  test('SEC-24: the table has at least 150 spellings each of its own', () => {
    expect(new Set(closed).size).toBeGreaterThanOrEqual(150)
    expect(new Set(closed).size).toBe(closed.length)
  })

  test.each(closed)('SEC-24: %j is not public', (ip) => {
    expect(isPublicAddress(ip)).toBe(false)
  })

  test.each(open)('SEC-24: %j is public (control)', (ip) => {
    expect(isPublicAddress(ip)).toBe(true)
  })

  test('SEC-24: loopback is recognised and nothing else is', () => {
    for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(isLoopbackAddress(ip)).toBe(true)
    for (const ip of ['128.0.0.1', '::2', '10.0.0.1', '127.1', 'localhost']) expect(isLoopbackAddress(ip)).toBe(false)
  })

  test('SEC-24: ports of mail and HTTPS; others only in local mode', () => {
    for (const port of [25, 465, 587, 2525, 143, 993, 110, 995, 443]) expect(allowedPort(port, false)).toBe(true)
    for (const port of [0, 22, 80, 3306, 6379, 10000, 65_535, 70_000, -1, 1.5, Number.NaN]) {
      expect(allowedPort(port, false)).toBe(false)
    }
    expect([allowedPort(45_001, true), allowedPort(0, true), allowedPort(65_536, true)]).toEqual([true, false, false])
  })

  test('SEC-24: our own endpoints are not mail servers', () => {
    for (const host of ['a.blob.core.windows.net', 'V.Vault.Azure.NET.', 'metadata.google.internal']) {
      expect(isOwnService(host)).toBe(true)
    }
    expect(isOwnService('smtp.office365.com')).toBe(false)
    // D10: an application in Azure has its webhook endpoint there.
    expect(isOwnService('shop.azurewebsites.net')).toBe(false)
  })
})

describe('SEC-24: guarded look-up', () => {
  const ask = (
    answers: LookupAddress[],
    options: { all?: boolean; family?: number } = {},
    allowLoopback = false,
    host = 'mail.example',
  ) =>
    new Promise<{ error: NodeJS.ErrnoException | null; address: unknown }>((done) => {
      guardedLookup({ allowLoopback, resolve: async () => answers })(host, options, (error, address) =>
        done({ error, address }),
      )
    })
  const v4 = (address: string) => ({ address, family: 4 })

  test('SEC-24: one forbidden answer among public ones refuses the host', async () => {
    const mixed = await ask([v4('1.1.1.1'), v4('10.0.0.1')], { all: true })
    expect(mixed.error).toMatchObject({ code: 'EFORBIDDENADDRESS' })
    expect((await ask([v4('1.1.1.1')], { all: true })).address).toEqual([v4('1.1.1.1')])
    expect((await ask([v4('1.1.1.1')])).address).toBe('1.1.1.1')
  })

  test('SEC-24: loopback only when allowed; other private addresses never', async () => {
    expect((await ask([v4('127.0.0.1')])).error).toBeTruthy()
    expect((await ask([v4('127.0.0.1')], {}, true)).error).toBeNull()
    expect((await ask([v4('169.254.169.254')], {}, true)).error).toBeTruthy()
  })

  test('SEC-24: our own endpoints are refused by name, whatever they resolve to', async () => {
    const { error } = await ask([v4('1.1.1.1')], {}, true, 'a.blob.core.windows.net')
    expect(error).toMatchObject({ code: 'EFORBIDDENADDRESS' })
  })

  test('SEC-24: a family asked for is kept, none left is not found', async () => {
    expect((await ask([v4('1.1.1.1')], { family: 6 })).error).toMatchObject({ code: 'ENOTFOUND' })
  })
})
