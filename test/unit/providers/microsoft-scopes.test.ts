import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { newPkce } from '../../../lib/protocol/pkce.js'
import { mailScopes, resourceOf, scopesFor } from '../../../lib/providers/microsoft-scopes.js'
import { checkToken, tokenClaims } from '../../../lib/providers/microsoft-token.js'

const signIn = ['openid', 'profile', 'offline_access']
const graph = (name: string) => `https://graph.microsoft.com/${name}`
const outlook = (name: string) => `https://outlook.office.com/${name}`

test.each([
  [{ receive: 'graph' }, [graph('Mail.ReadWrite')], []],
  [{ send: 'graph' }, [graph('Mail.Send')], []],
  [{ send: 'graph', keepsDrafts: true }, [graph('Mail.ReadWrite'), graph('Mail.Send')], []],
  [{ receive: 'graph', send: 'graph' }, [graph('Mail.ReadWrite'), graph('Mail.Send')], []],
  [{ receive: 'graph', shared: true }, [graph('Mail.ReadWrite.Shared')], []],
  [{ send: 'graph', shared: true }, [graph('Mail.Send.Shared')], []],
  [{ receive: 'imap' }, [], [outlook('IMAP.AccessAsUser.All')]],
  [{ receive: 'imap', send: 'smtp' }, [], [outlook('IMAP.AccessAsUser.All'), outlook('SMTP.Send')]],
  [{ receive: 'graph', send: 'smtp' }, [graph('Mail.ReadWrite')], [outlook('SMTP.Send')]],
] as const)('M-066: %o asks exactly for its scopes, one resource per token', (use, ofGraph, ofOutlook) => {
  const scopes = mailScopes(use)
  expect(scopes.consent).toEqual([...signIn, ...ofGraph, ...ofOutlook])
  expect(scopes.token('graph')).toEqual(ofGraph.length ? [...signIn, ...ofGraph] : [])
  expect(scopes.token('outlook')).toEqual(ofOutlook.length ? [...signIn, ...ofOutlook] : [])
  if (ofGraph.length) expect(scopesFor(scopes.consent, 'graph')).toEqual(scopes.token('graph'))
  if (ofOutlook.length) expect(scopesFor(scopes.consent, 'outlook')).toEqual(scopes.token('outlook'))
  else expect(scopesFor(scopes.consent, 'outlook')).toEqual([...signIn, outlook('.default')])
})

test('M-066: app-only asks for .default of the resource it uses', () => {
  const scopes = mailScopes({ receive: 'imap', send: 'graph', mode: 'app-only' })
  expect(scopes.token('graph')).toEqual([graph('.default')])
  expect(scopes.token('outlook')).toEqual(['https://outlook.office365.com/.default'])
  expect(mailScopes({ receive: 'imap', mode: 'app-only' }).token('graph')).toEqual([])
})

test('M-066: both Outlook hosts are accepted, and a permission of mail servers written for Graph is refused', () => {
  for (const name of ['IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send']) {
    for (const host of ['outlook.office.com', 'outlook.office365.com'])
      expect(resourceOf(`https://${host}/${name}`)).toBe('outlook')
    for (const wrong of [graph(name), name]) {
      const refused = { code: 'scope_of_wrong_resource', class: 'needs-admin' }
      expect(() => resourceOf(wrong), wrong).toThrow(expect.objectContaining(refused))
      const remedy = expect.stringContaining(outlook(name))
      expect(() => scopesFor([wrong], 'outlook'), wrong).toThrow(expect.objectContaining({ remedy }))
    }
  }
  expect(resourceOf(graph('Mail.Send'))).toBe('graph')
})

const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`

test('M-068: a token for another audience or without a scope is named before a server is asked', () => {
  const good = jwt({ aud: 'https://outlook.office.com', scp: 'IMAP.AccessAsUser.All SMTP.Send' })
  checkToken(good, 'outlook', [...signIn, outlook('SMTP.Send')])
  checkToken('opaque', 'outlook', [outlook('SMTP.Send')])
  const graphToken = jwt({ aud: 'https://graph.microsoft.com', scp: 'Mail.Read' })
  expect(() => checkToken(graphToken, 'outlook', [])).toThrow(expect.objectContaining({ code: 'wrong_token_audience' }))
  expect(() => checkToken(graphToken, 'graph', [graph('Mail.Read'), graph('Mail.Send')])).toThrow('lacks Mail.Send')
  expect(tokenClaims(jwt({ aud: 'x', roles: ['Mail.Send', 1] }))).toMatchObject({ scp: [], roles: ['Mail.Send'] })
  expect(tokenClaims('a.b.c')).toBeUndefined()
})

test('M-068: an application is judged by its roles, unless it has none at all', () => {
  const aud = 'https://graph.microsoft.com'
  const needed = [graph('Mail.ReadWrite.Shared'), graph('Mail.Send.Shared')]
  checkToken(jwt({ aud, roles: ['Mail.ReadWrite', 'Mail.Send'] }), 'graph', needed)
  // Exchange may allow it mailboxes by itself; nothing in the token says so.
  checkToken(jwt({ aud }), 'graph', needed)
  expect(() => checkToken(jwt({ aud, roles: ['Mail.ReadWrite'] }), 'graph', needed)).toThrow(
    expect.objectContaining({ code: 'token_scope_missing', class: 'needs-admin' }),
  )
  // A person's rights: those for shared mailboxes hold for the own one too, not the other way round.
  checkToken(jwt({ aud, scp: 'Mail.ReadWrite.Shared Mail.Send.Shared' }), 'graph', [graph('Mail.Send')])
  expect(() => checkToken(jwt({ aud, scp: 'Mail.ReadWrite Mail.Send' }), 'graph', needed)).toThrow(
    expect.objectContaining({ code: 'token_scope_missing', class: 'needs-reconnect' }),
  )
})

test('PKCE is S256 of 43 characters', () => {
  const { verifier, challenge } = newPkce()
  expect(verifier).toMatch(/^[\w-]{43}$/)
  expect(challenge).toBe(createHash('sha256').update(verifier).digest('base64url'))
})
