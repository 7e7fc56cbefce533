/** What a server says of the person who signed in, and what of it is believed (M-051, SEC-05, SEC-06). */
import { describe, expect, test } from 'vitest'
import { ana, signIn, started, useOAuthServers } from '../support/connect/oauth-person.js'
import { failure } from '../support/general/failure.js'

useOAuthServers()

describe('who it says signed in', () => {
  test('an id_token without address is completed by userinfo about the same person, and by nobody else', async () => {
    const told = async (sub: string) => {
      const server = await started()
      server.control.spoil({ userinfo: (answer) => Object.assign(answer, { sub }) })
      return signIn(server, { asked: ['openid', 'offline_access', 'mail'] })
    }
    expect(await failure(told('somebody-else'))).toMatchObject({ code: 'id_token_invalid' })
    expect((await told('ana-1')).identity).toMatchObject({ subject: 'ana-1', username: ana })
  })

  test('without id_token userinfo says who it was; without both nobody does', async () => {
    const told = await signIn(await started({ manners: { openId: false } }))
    expect(told.identity).toMatchObject({ subject: 'ana-1', username: ana })
    const silent = await signIn(await started({ manners: { openId: false, userInfo: false } }))
    expect(silent.identity).toBeUndefined()
    expect(silent.refreshToken).toBeDefined()
  })

  test('an address that the server itself calls unverified is not one', async () => {
    const server = await started({ users: [{ sub: 'ana-1', email: ana, emailVerified: false }] })
    expect((await signIn(server)).identity?.username).toBe('')
  })

  test('SEC-06: an id_token signed by nobody, or for two, is refused', async () => {
    const changed = async (part: 0 | 1, change: object) => {
      const server = await started()
      server.control.spoil({
        token: (answer) => {
          const parts = String(answer['id_token']).split('.')
          const before = JSON.parse(Buffer.from(parts[part]!, 'base64url').toString()) as object
          parts[part] = Buffer.from(JSON.stringify({ ...before, ...change })).toString('base64url')
          answer['id_token'] = parts.join('.')
        },
      })
      return signIn(server)
    }
    expect(await failure(changed(0, { alg: 'none' }))).toMatchObject({ code: 'id_token_invalid' })
    expect(await failure(changed(1, { aud: ['gateway', 'other'] }))).toMatchObject({ code: 'id_token_invalid' })
    expect(await failure(changed(1, { aud: ['gateway', 'other'], azp: 'other' }))).toMatchObject({
      code: 'id_token_invalid',
    })
    expect((await changed(1, { aud: ['gateway', 'other'], azp: 'gateway' })).identity).toMatchObject({ username: ana })
  })
})
