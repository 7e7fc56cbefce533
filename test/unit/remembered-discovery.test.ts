import { expect, test } from 'vitest'
import { discoverProvider } from '../../lib/flows/connect/discover-provider.js'
import type { Discovery } from '../../lib/ports/discovery.js'
import { rememberedDiscovery } from '../../lib/transports/remembered-discovery.js'

function place(answer: (domain: string, asked: number) => Promise<string[]>) {
  const asked: string[] = []
  let now = 0
  const discovery: Discovery = {
    mailExchangers: (domain) => answer(domain, asked.push(domain)),
    autoconfig: async () => undefined,
  }
  const remembered = rememberedDiscovery(discovery, () => now)
  return {
    asked,
    look: (address: string) => discoverProvider(remembered, address),
    remembered,
    pass: (ms: number) => {
      now += ms
    },
  }
}

const google = async () => ['aspmx.l.google.com']

test('A3: a hundred openings of links of one domain ask once, together and one after the other', async () => {
  const { asked, look, pass } = place(google)
  await Promise.all(Array.from({ length: 50 }, (_, n) => look(`person${n}@acme.example`)))
  for (let n = 0; n < 50; n++) expect((await look('ana@acme.example')).provider).toBe('google')
  expect(asked).toEqual(['acme.example'])
  await look('ana@other.example')
  pass(59_999)
  await look('ana@acme.example')
  expect(asked).toEqual(['acme.example', 'other.example'])
  pass(1)
  await look('ana@acme.example')
  expect(asked).toHaveLength(3)
})

test('A3: that nobody answered is kept for five seconds, not for a minute', async () => {
  const { asked, look, pass } = place(async (_domain, times) => (times === 1 ? [] : google()))
  expect((await look('ana@acme.example')).provider).toBe('unknown')
  pass(4_999)
  expect((await look('ana@acme.example')).provider).toBe('unknown')
  expect(asked).toHaveLength(1)
  pass(1)
  expect((await look('ana@acme.example')).provider).toBe('google')
})

test('A3: a failure is not kept, nor an answer that one caller gave up', async () => {
  const failing = place(async (_domain, times) => (times === 1 ? Promise.reject(new Error('no network')) : google()))
  expect((await failing.look('ana@acme.example')).provider).toBe('unknown')
  expect((await failing.look('ana@acme.example')).provider).toBe('google')
  const { asked, remembered } = place(async (_domain, times) => (times === 1 ? [] : google()))
  await remembered.mailExchangers('acme.example', AbortSignal.abort())
  expect(await remembered.mailExchangers('acme.example', new AbortController().signal)).toHaveLength(1)
  expect(asked).toHaveLength(2)
})

test('A3: at most a thousand domains are remembered; the oldest goes', async () => {
  const { asked, look } = place(google)
  for (let n = 0; n <= 1_000; n++) await look(`ana@d${n}.example`)
  await look('ana@d1000.example')
  await look('ana@d1.example')
  expect(asked).toHaveLength(1_001)
  await look('ana@d0.example')
  expect(asked).toHaveLength(1_002)
})
