import { expect, test } from 'vitest'
import { microsoftClouds, providerFacts } from '../../../lib/model/providers.js'
import { cloudAt, cloudNamed, spelledIn, spelledUsually } from '../../../lib/providers/microsoft-clouds.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'
import { clouds as emulated } from '../../../local/emulators/clouds.js'

const wish = (consent?: 'app-only') => ({
  address: 'a@contoso.example',
  receive: true,
  send: true,
  transport: 'imap-smtp' as const,
  ...(consent ? { consent } : {}),
})

test.each(microsoftClouds)(
  'M-149: cloud %s: authority, servers and every scope are its own, and come back as they were',
  (name) => {
    const own = emulated[name]
    const authority = microsoftRules.authorityOf({ directory: 'Common', cloud: name })
    expect(authority).toBe(`${own.login}/common`)
    const cloud = cloudAt(authority)
    const { receive, send } = microsoftRules.plan(wish(), authority)
    const hosts = [receive?.transport === 'imap' && receive.imap.host, send?.transport === 'smtp' && send.smtp.host]
    expect(hosts.every((host) => providerFacts.microsoft.ownsServer(String(host)))).toBe(true)
    const foreign = Object.values(emulated).filter((other) => other !== own)
    for (const plan of [
      microsoftRules.plan(wish(), authority),
      microsoftRules.plan({ ...wish(), transport: 'auto' }),
      microsoftRules.plan(wish('app-only')),
    ]) {
      const spelled = spelledIn(cloud, plan.consent)
      for (const scope of spelled.filter((one) => one.startsWith('https://')))
        expect(
          [own.graph, own.outlook, own.outlookAlias].some((resource) => scope.startsWith(`${resource}/`)),
          scope,
        ).toBe(true)
      for (const other of foreign) expect(JSON.stringify([spelled, hosts])).not.toContain(new URL(other.graph).host)
      const sorted = (scopes: string[]) => scopes.map((scope) => scope.replace('office365.com', 'office.com')).sort()
      expect(sorted(spelledUsually(cloud, spelled))).toEqual(sorted(plan.consent))
    }
    expect(cloudNamed(name)).toBe(cloud)
    expect(microsoftRules.mailApi?.(`${own.login}/x/v2.0`)).toMatchObject({ origin: own.graph })
  },
)

test('M-149: a place nobody knows is the global cloud, and what is left out stays as it is', () => {
  for (const place of [undefined, '', 'nothing', 'https://login.evil.example/x'])
    expect(cloudAt(place).name).toBe('global')
  const existing = 'https://login.microsoftonline.us/7a1c0d3e-5b1f-4c55-9f3e-0c0de0000001'
  expect(microsoftRules.authorityOf({}, existing)).toBe(existing)
  expect(microsoftRules.authorityOf({ directory: 'common' }, existing)).toBe('https://login.microsoftonline.us/common')
  expect(microsoftRules.authorityOf({ cloud: 'global' }, existing)).toBe(existing.replace('.us', '.com'))
  expect(microsoftRules.authorityOf({})).toBe('https://login.microsoftonline.com/organizations')
})
