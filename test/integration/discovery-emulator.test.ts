import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DiscoveryEmulator, startDiscovery } from '../../local/emulators/discovery/start-discovery.js'

let discovery: DiscoveryEmulator
beforeEach(async () => {
  discovery = await startDiscovery({
    mailServers: {
      imap: { host: 'localhost', port: 9930, socketType: 'SSL' },
      smtp: { host: 'localhost', port: 5870, socketType: 'STARTTLS' },
    },
  })
})
afterEach(() => discovery.stop())

const ask = async (name: string, type = 'MX') => {
  const response = await fetch(`${discovery.resolverUrl}?name=${name}&type=${type}`)
  expect(response.headers.get('content-type')).toBe('application/dns-json')
  return (await response.json()) as { Status: number; Answer?: object[]; Authority?: object[] }
}
const configure = (domain: string, init: RequestInit = {}) => fetch(discovery.autoconfigUrl + domain, init)
const soon = () => ({ signal: AbortSignal.timeout(200) })

describe('discovery emulator: DNS over HTTPS', () => {
  it('answers MX questions by name and by number, in any case, with and without the final dot', async () => {
    const answer = {
      name: 'contoso.example.',
      type: 15,
      TTL: 300,
      data: '0 contoso-example.mail.protection.outlook.com.',
    }
    for (const [name, type] of [
      ['contoso.example', 'MX'],
      ['CONTOSO.example.', '15'],
    ] as const) {
      expect(await ask(name, type)).toMatchObject({ Status: 0, Answer: [answer] })
    }
    expect(await ask('fabrikam.example')).toMatchObject({ Answer: [{ data: '0 fabrikam-example.k-v1.mx.microsoft.' }] })
    expect((await ask('legacy-workspace.example')).Answer).toHaveLength(4)
  })

  it('says which names do not exist, which have no such record, and fails as told', async () => {
    expect(await ask('never-heard-of.example')).toMatchObject({ Status: 3, Authority: [{ type: 6 }] })
    expect(await ask('nxdomain.example')).toMatchObject({ Status: 3 })
    const none = await ask('contoso.example', 'SRV')
    expect([none.Status, none.Answer]).toEqual([0, undefined])
    expect(await ask('servfail.example')).toMatchObject({ Status: 2 })
    expect((await fetch(`${discovery.resolverUrl}?type=MX`)).status).toBe(400)
    await expect(fetch(`${discovery.resolverUrl}?name=hang.example&type=MX`, soon())).rejects.toThrow(/timeout/i)
    const garbage = await fetch(`${discovery.resolverUrl}?name=garbage.example&type=MX`)
    await expect(garbage.json()).rejects.toThrow(SyntaxError)
    discovery.records['new.example'] = { records: { MX: ['10 mx.new.example.'] } }
    expect(await ask('new.example')).toMatchObject({ Answer: [{ data: '10 mx.new.example.' }] })
  })
})

describe('discovery emulator: autoconfig', () => {
  it('describes the servers of a domain, the same from both places', async () => {
    const response = await configure('postbox.example')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/xml'])
    const xml = (await response.text()).replace(/\s*\n\s*/g, '')
    expect(xml).toContain(
      '<incomingServer type="imap"><hostname>localhost</hostname><port>9930</port><socketType>SSL</socketType>',
    )
    expect(xml).toContain('<outgoingServer type="smtp"><hostname>localhost</hostname><port>5870</port>')
    const own = await fetch(`${discovery.url}/mail/config-v1.1.xml?emailaddress=ana@postbox.example`)
    expect((await own.text()).replace(/\s*\n\s*/g, '')).toBe(xml)
    expect(await (await configure('workspace.example')).text()).toContain('<issuer>accounts.google.com</issuer>')
    expect(discovery.requests).toContain('/mail/config-v1.1.xml?emailaddress=ana@postbox.example')
  })

  it('SEC-24: serves nothing, too much, entities, redirects, errors and silence', async () => {
    expect((await configure('unlisted.example')).status).toBe(404)
    expect((await (await configure('oversized.example')).text()).length).toBeGreaterThan(32_000_000)
    expect(await (await configure('billion-laughs.example')).text()).toContain('<!ENTITY l9 "&l8;')
    const redirect = await configure('redirect.example', { redirect: 'manual' })
    expect([redirect.status, redirect.headers.get('location')]).toEqual([
      302,
      `${discovery.autoconfigUrl}postbox.example`,
    ])
    expect((await configure('servfail.example')).status).toBe(500)
    expect(await (await configure('malformed.example')).text()).not.toContain('</clientConfig>')
    await expect(configure('hang.example', soon())).rejects.toThrow(/timeout/i)
  })
})
