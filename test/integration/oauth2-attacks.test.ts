/** Attacks on the way through an OAuth 2.0 server, each with the way of an honest person beside it (M-051, SEC-03, SEC-06, SEC-13). */
import { beforeEach, describe, expect, test } from 'vitest'
import { type OAuthServer, startOAuth } from '../../local/emulators/oauth/start-oauth.js'
import { beginSignIn, origin, registrationInput } from '../support/connect/connect-site.js'
import {
  begin,
  comeBack,
  known,
  oauthInput,
  person,
  site,
  start,
  tenant,
  useOAuthSite,
} from '../support/connect/oauth-site.js'
import { failure } from '../support/general/failure.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'

useOAuthSite()
const stops: (() => Promise<unknown>)[] = []
stopsAfterEach(stops)

interface Known {
  server: OAuthServer
  id: string
}

/** A server with these people, and the registration of the gateway at it. */
async function registered(people: string[], manners: Parameters<typeof startOAuth>[0]['manners'] = {}): Promise<Known> {
  const redirectUris: string[] = []
  const client = { id: 'gateway', secret: 'the-client-secret-of-the-gateway', redirectUris }
  const users = people.map((email, at) => ({ sub: `p${at}`, email }))
  const server = await startOAuth({ clients: [client], users, manners })
  stops.push(server.stop)
  const { id, redirectUri } = await site.gateway.admin.saveRegistration({ tenant }, oauthInput(server.issuer))
  redirectUris.push(redirectUri)
  return { server, id }
}

const redeemed = ({ server }: Known): number =>
  server.control.requests.filter(({ path, form }) => path === '/token' && form['grant_type'] === 'authorization_code')
    .length

const codeOf = async (signInId: string) => {
  const { status, refusal } = (await site.gateway.connect.describeSignIn(tenant, signInId)) as never as {
    status: string
    refusal?: string
  }
  return [status, refusal ?? '']
}

let victim = ''
let honest: Known
let hostile: Known
beforeEach(async () => {
  victim = person()
  known.verifyToken = () => undefined
  honest = await registered([victim], { namesIssuer: false })
  hostile = await registered([victim], { namesIssuer: false })
})

describe('mix-up: the code of one server reaches no other', () => {
  test('RFC 9700: a hostile server that sends the browser on to an honest one does not get its code', async () => {
    const browser = site.browser()
    const { link, signInId } = await start(victim)
    const asked = new URL(await begin(browser, link, hostile.id))
    // It keeps our state, and asks the honest server for a code for our client there.
    const forged = new URL(`${honest.server.issuer}/authorize`)
    for (const [name, value] of asked.searchParams) forged.searchParams.set(name, value)
    forged.searchParams.set('redirect_uri', `${origin}/oauth/callback/${honest.id}`)
    const stolen = await honest.server.control.signInAs(forged.href, victim)
    expect(stolen['code']).toBeDefined()
    await comeBack(browser, stolen, honest.id)
    expect(await codeOf(signInId)).toEqual(['refused', 'issuer_mismatch'])
    expect([redeemed(honest), redeemed(hostile)]).toEqual([0, 0])
    // The honest server knows no other address of ours, so the code comes back to no callback of the hostile one.
    forged.searchParams.set('redirect_uri', `${origin}/oauth/callback/${hostile.id}`)
    expect(await honest.server.control.signInAs(forged.href, victim).catch(String)).toContain('refused on a page')
  })

  test('RFC 9700: nor does it get one of Microsoft', async () => {
    const { id } = await site.gateway.admin.saveRegistration({ tenant }, registrationInput)
    const upn = `${victim.split('@')[0]}@contoso.example`
    site.directory.addUser({ upn, displayName: 'Person', password: 'x' })
    const browser = site.browser()
    const { link, signInId } = await start(upn)
    const state = new URL(await begin(browser, link, hostile.id)).searchParams.get('state') ?? ''
    // The attacker's own sign-in with Microsoft gives challenge and nonce, the victim's browser the state.
    const other = site.browser()
    const mine = await start(`other-${upn}`, { registrationId: id })
    const forged = new URL(await beginSignIn(other, mine.link))
    forged.searchParams.set('state', state)
    forged.searchParams.delete('prompt')
    const { fields } = await site.entra.control.signInAs(forged.href, upn)
    expect(fields['code']).toBeDefined()
    await comeBack(browser, fields, '')
    expect(await codeOf(signInId)).toEqual(['refused', 'issuer_mismatch'])
    expect(redeemed(hostile)).toBe(0)
    await site.gateway.admin.removeRegistration({ tenant, id }, { force: true })
  })

  test('negative control: the honest way at either server ends well', async () => {
    for (const one of [honest, hostile]) {
      const browser = site.browser()
      const { link, signInId } = await start(person())
      const answer = await one.server.control.signInAs(await begin(browser, link, one.id), victim)
      await comeBack(browser, answer, one.id)
      // Another account than the link is for: everything before that was accepted.
      expect(await codeOf(signInId)).toEqual(['refused', 'mailbox_mismatch'])
      expect(redeemed(one)).toBe(1)
    }
  })
})

describe('RFC 9207: who answered', () => {
  const answered = async (namesIssuer: boolean, change: (answer: Record<string, string>) => void) => {
    const one = await registered([victim], { namesIssuer })
    const browser = site.browser()
    const { link, signInId } = await start(victim)
    const answer = await one.server.control.signInAs(await begin(browser, link, one.id), victim)
    change(answer)
    await comeBack(browser, answer, one.id)
    return [...(await codeOf(signInId)), redeemed(one)]
  }

  test.each([
    ['another', (answer: Record<string, string>) => Object.assign(answer, { iss: 'https://evil.example' })],
    ['the same with a slash', (answer: Record<string, string>) => Object.assign(answer, { iss: `${answer['iss']}/` })],
    ['none, where it always names itself', (answer: Record<string, string>) => delete answer['iss']],
  ])('an answer with an issuer that is %s is refused', async (_, change) => {
    expect(await answered(true, change)).toEqual(['refused', 'issuer_mismatch', 0])
  })

  test('negative control: its own issuer, and none from a server that names none', async () => {
    expect(await answered(true, () => {})).toEqual(['signed-in', '', 1])
    expect(await answered(false, () => {})).toEqual(['signed-in', '', 1])
  })
})

describe('codes and browsers of others', () => {
  test('SEC-06: a code that somebody else asked for is not redeemed into this sign-in', async () => {
    const mine = site.browser()
    const attackers = site.browser()
    const { link, signInId } = await start(victim)
    const theirs = await start(victim)
    const stolen = await honest.server.control.signInAs(await begin(mine, link, honest.id), victim)
    const own = await honest.server.control.signInAs(await begin(attackers, theirs.link, honest.id), victim)
    // The attacker's state, the victim's code: the code verifier is another.
    await comeBack(attackers, { ...own, code: stolen['code'] ?? '' }, honest.id)
    expect((await codeOf(theirs.signInId))[0]).toBe('refused')
    // Negative control: a fresh way of the victim ends well.
    const again = await honest.server.control.signInAs(await begin(mine, link, honest.id), victim)
    await comeBack(mine, again, honest.id)
    expect((await codeOf(signInId))[0]).toBe('signed-in')
  })

  test('SEC-03: an answer that another browser brings counts for nobody', async () => {
    const mine = site.browser()
    const { link, signInId } = await start(victim)
    const answer = await honest.server.control.signInAs(await begin(mine, link, honest.id), victim)
    await comeBack(site.browser(), answer, honest.id)
    expect((await codeOf(signInId))[0]).toBe('started')
    expect(redeemed(honest)).toBe(0)
    const again = await honest.server.control.signInAs(await begin(mine, link, honest.id), victim)
    await comeBack(mine, again, honest.id)
    expect((await codeOf(signInId))[0]).toBe('signed-in')
  })

  test('SEC-13: a hand-off cookie of another sign-in opens nothing', async () => {
    const [mine, attackers] = [site.browser(), site.browser()]
    const { link, signInId } = await start(victim)
    const theirs = await start(victim)
    await begin(mine, link, honest.id)
    const own = await honest.server.control.signInAs(await begin(attackers, theirs.link, honest.id), victim)
    await attackers.visit(
      {
        method: 'GET',
        url: `${origin}/oauth/callback/${honest.id}?${new URLSearchParams(own)}`,
        from: 'https://login.example.com',
      },
      false,
    )
    const [short, theirShort] = [signInId.slice(0, 8), theirs.signInId.slice(0, 8)]
    const handOff = attackers.cookies.get(`__Host-return-${theirShort}`)
    expect(handOff).toBeDefined()
    mine.cookies.set(`__Host-return-${short}`, handOff!)
    await mine.visit({ method: 'GET', url: `${origin}/oauth/complete?s=${short}` })
    expect((await codeOf(signInId))[0]).toBe('started')
    expect(redeemed(honest)).toBe(0)
  })
})

describe('a registration that is changed', () => {
  test('M-051: a kept secret is not shown to another server, and a used registration does not move', async () => {
    const input = { ...oauthInput(honest.server.issuer), clientSecret: undefined }
    const before = hostile.server.control.requests.length
    const moved = { ...input, issuer: hostile.server.issuer }
    expect(await failure(site.gateway.admin.saveRegistration({ tenant, id: honest.id }, moved))).toMatchObject({
      code: 'invalid_input',
      field: 'clientSecret',
    })
    const { issuer } = honest.server
    const endpoints = { authorization: `${issuer}/authorize`, token: `${hostile.server.issuer}/token` }
    expect(
      await failure(site.gateway.admin.saveRegistration({ tenant, id: honest.id }, { ...input, endpoints })),
    ).toMatchObject({ code: 'invalid_input', field: 'clientSecret' })
    expect(hostile.server.control.requests).toHaveLength(before)
    // Negative control: another name keeps the secret where it is.
    const renamed = { ...input, name: 'Another name' }
    expect(await site.gateway.admin.saveRegistration({ tenant, id: honest.id }, renamed)).toMatchObject({
      name: 'Another name',
      credential: 'secret',
    })
    const browser = site.browser()
    const { link, signInId } = await start(victim)
    const answer = await honest.server.control.signInAs(await begin(browser, link, honest.id), victim)
    await comeBack(browser, answer, honest.id)
    await site.gateway.connect.confirmByAdmin(tenant, signInId)
    const again = { ...moved, clientSecret: 'another-secret' }
    expect(await failure(site.gateway.admin.saveRegistration({ tenant, id: honest.id }, again))).toMatchObject({
      code: 'invalid_input',
      field: 'issuer',
    })
  })
})
