/**
 * What the gateway relies on in every identity provider, whatever its dialect: the same cases against each one's token
 * endpoint, on the wire. A new provider is done when this suite passes for it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { translate } from '../../../lib/diagnosis/translate.js'
import type { GatewayError } from '../../../lib/errors.js'
import type { MailWish, RedeemInput, TokenSet } from '../../../lib/ports/provider.js'
import { newPkce } from '../../../lib/protocol/pkce.js'
import { Secret } from '../../../lib/secret.js'
import { failure } from '../general/failure.js'
import { type ProviderClient, type ProviderSubject, wishOf } from './provider-subject.js'

export function providerContract(name: string, start: () => Promise<ProviderSubject>): void {
  describe(`provider contract: ${name}`, () => {
    let at: ProviderSubject
    beforeEach(async () => {
      at = await start()
    })
    afterEach(() => at.stop())

    const authorize = async (client: ProviderClient, challenge: string, more: { loginHint?: string } = {}) =>
      at.provider.authorizeUrl({
        registration: client.registration,
        scopes: at.scopes,
        state: 'the-state',
        nonce: 'the-nonce',
        codeChallenge: challenge,
        responseMode: 'query',
        ...more,
      })

    /** What one redeems after the person agreed at the provider. */
    async function signIn(client = at.clients.secret): Promise<RedeemInput> {
      const { verifier, challenge } = newPkce()
      const { code = '' } = await at.signIn(await authorize(client, challenge))
      return {
        ...client,
        scopes: at.scopes,
        code: new Secret(code),
        codeVerifier: new Secret(verifier),
        nonce: 'the-nonce',
      }
    }
    const plan = (wish: MailWish) =>
      at.provider.plan(wish, at.clients.secret.registration.authority, at.clients.secret.registration)
    const refresh = (of: RedeemInput, { refreshToken }: TokenSet) =>
      at.provider.refresh({ ...of, refreshToken: refreshToken ?? new Secret('') })

    test('M-057, P-23: the address of the sign-in carries code, PKCE S256, state, nonce and the exact redirect URI, or none of its secrets', async () => {
      const url = new URL(await authorize(at.clients.secret, 'the-challenge', { loginHint: at.username }))
      expect(Object.fromEntries(url.searchParams)).toMatchObject({
        client_id: at.clients.secret.registration.clientId,
        response_type: 'code',
        redirect_uri: at.clients.secret.registration.redirectUri,
        state: 'the-state',
        nonce: 'the-nonce',
        code_challenge: 'the-challenge',
        code_challenge_method: 'S256',
        login_hint: at.username,
      })
      expect(url.href).not.toContain(at.clients.secret.credential?.reveal() ?? 'client_assertion')
    })

    test('M-053: the code is redeemed with the same redirect URI and its verifier, once', async () => {
      const input = await signIn()
      const tokens = await at.provider.redeem(input)
      expect(tokens.identity).toMatchObject({ username: at.username })
      expect(tokens.identity?.issuer).not.toBe('')
      expect(tokens.identity?.subject).not.toBe('')
      expect(tokens.expiresAt).toBeGreaterThan(at.now())
      expect(tokens.scopes.length).toBeGreaterThan(0)
      expect(at.tokenRequests().at(-1)).toMatchObject({
        grant_type: 'authorization_code',
        redirect_uri: input.registration.redirectUri,
        code_verifier: input.codeVerifier.reveal(),
      })
      expect(await failure(at.provider.redeem(input))).toMatchObject({ class: 'needs-reconnect' })
    })

    test('SEC-06: a code that another flow asked for is not redeemed', async () => {
      const input = await signIn()
      const error = await failure(at.provider.redeem({ ...input, codeVerifier: new Secret(newPkce().verifier) }))
      expect(error.class).not.toBe('transient')
      // Negative control: the code itself was good.
      await at.provider.redeem(await signIn())
    })

    test('M-083: each rotation hands on the newest refresh token, also where the former one ends at once', async () => {
      const input = await signIn()
      let tokens = await at.provider.redeem(input)
      at.rotateStrictly?.()
      for (let round = 0; round < 3; round++) {
        const next = await refresh(input, tokens)
        expect(next.accessToken.reveal()).not.toBe(tokens.accessToken.reveal())
        tokens = { ...next, refreshToken: next.refreshToken ?? tokens.refreshToken ?? new Secret('') }
      }
    })

    test('M-074: a public client redeems and refreshes without any secret', async ({ skip }) => {
      const client = at.clients.public
      if (client === undefined) return skip('this provider knows no public clients')
      await at.provider.redeem(await signIn())
      // Negative control: one with a secret proves itself.
      expect(Object.keys(at.tokenRequests().at(-1) ?? {}).join()).toMatch(/client_(?:secret|assertion)/)
      const input = await signIn(client)
      await refresh(input, await at.provider.redeem(input))
      for (const request of at.tokenRequests().slice(-2)) {
        expect(request).not.toHaveProperty('client_secret')
        expect(request).not.toHaveProperty('client_assertion')
      }
    })

    test('M-067: an answer without a refresh token is an error, not a connection', async () => {
      const provider = at.changing((answer) => delete answer['refresh_token'])
      expect(await failure(provider.redeem(await signIn()))).toMatchObject({ code: 'no_refresh_token' })
    })

    test('SEC-07, SEC-08: an identity for another client, issuer, sign-in or time is refused; the untouched one is accepted', async () => {
      const redeem = async (change: Record<string, unknown>) =>
        at
          .changing((answer) => {
            const [header, payload = ''] = String(answer['id_token']).split('.')
            const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
            const changed = Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url')
            answer['id_token'] = `${header}.${changed}.x`
          })
          .redeem(await signIn())
      await redeem({})
      for (const change of [
        { aud: 'another-client' },
        { iss: 'https://issuer.evil.example' },
        { nonce: 'of-another-sign-in' },
        { exp: Math.floor(at.now() / 1000) - 3_600 },
        { sub: '' },
      ])
        expect(await failure(redeem(change)), JSON.stringify(change)).toMatchObject({ code: 'id_token_invalid' })
    })

    test('P-01: a grant that was revoked needs its owner, and the refusal names no token', async () => {
      const input = await signIn()
      const tokens = await at.provider.redeem(input)
      at.revoke()
      const error = await failure(refresh(input, tokens))
      expect(error).toMatchObject({ class: 'needs-reconnect', description: expect.stringMatching(/\S/) })
      expect(error.remedy).toMatch(/\S/)
      expect(shown(error)).not.toContain(tokens.refreshToken?.reveal().slice(0, 40))
    })

    test("M-081: a client secret that ended is the operator's business, and never the mailbox owner's", async () => {
      const input = await signIn()
      const tokens = await at.provider.redeem(input)
      at.expireSecret()
      expect(await failure(refresh(input, tokens))).toMatchObject({ class: 'needs-admin', hint: 'operator' })
    })

    test('P-08: an outage is transient, keeps Retry-After, is not held against the next call', async () => {
      const input = await signIn()
      const tokens = await at.provider.redeem(input)
      at.fail({ status: 429, retryAfter: 30 })
      expect(await failure(refresh(input, tokens))).toMatchObject({ class: 'transient', retryAfterMs: 30_000 })
      for (const fault of [{ status: 503 }, { drop: true as const }, { status: 502, body: 'html' as const }]) {
        at.fail(fault)
        expect(await failure(refresh(input, tokens)), JSON.stringify(fault)).toMatchObject({ class: 'transient' })
      }
      await refresh(input, tokens)
    })

    test('A10: a token endpoint that repeats code, refresh token or client secret leaves none of them in the error', async () => {
      const input = await signIn()
      const tokens = await at.provider.redeem(input)
      const again = await signIn()
      const calls: [string, () => Promise<unknown>][] = [
        [again.code.reveal(), () => at.provider.redeem(again)],
        [tokens.refreshToken?.reveal() ?? '', () => refresh(input, tokens)],
      ]
      for (const [secret, call] of calls) {
        at.fail({ body: 'echo' })
        const said = shown(await failure(call()))
        // A signed proof is sent instead of what it was signed with.
        const proof =
          at.tokenRequests().at(-1)?.['client_assertion'] ?? input.credential?.reveal() ?? 'no secret at all'
        for (const one of [secret, proof])
          for (const part of [one, one.slice(8, 30), Buffer.from(one).toString('hex').toUpperCase().slice(0, 40)])
            expect(said).not.toContain(part)
      }
    })

    test('M-066: a plan has a target for each direction that is wanted and for no other, and its first token serves them', async () => {
      const input = await signIn()
      const tokens = await at.provider.redeem(input)
      for (const [receive, send] of [
        [true, true],
        [true, false],
        [false, true],
      ] as const) {
        const wanted = plan({ ...wishOf(at.username), receive, send })
        expect([wanted.receive !== undefined, wanted.send !== undefined]).toEqual([receive, send])
        expect(wanted.consent).toEqual(expect.arrayContaining(wanted.token))
        expect(at.provider.missingScopes(wanted.token, tokens.scopes)).toEqual([])
        for (const [direction, target] of [
          ['receive', wanted.receive],
          ['send', wanted.send],
        ] as const) {
          if (target === undefined) continue
          const needed = at.provider.neededScopes(direction, target)
          expect(at.provider.missingScopes(needed, wanted.token)).toEqual([])
          expect(() => at.provider.checkToken(tokens.accessToken, wanted.resource, needed)).not.toThrow()
        }
      }
    })

    test('M-068: what was not granted is named, and what was is not', () => {
      const { consent, token } = plan(wishOf(at.username))
      expect(at.provider.missingScopes(consent, consent)).toEqual([])
      const missing = at.provider.missingScopes(token, [])
      for (const name of missing) expect(token.some((scope) => scope.endsWith(name))).toBe(true)
      expect(missing.length).toBeGreaterThan(0)
    })

    test('a later token is asked for by what was consented to, and serves its resource', async () => {
      const input = await signIn()
      const tokens = await at.provider.redeem(input)
      const { consent, resource, receive } = plan(wishOf(at.username))
      const scopes = at.provider.tokenScopes(consent, resource)
      const later = await at.provider.refresh({ ...input, scopes, refreshToken: tokens.refreshToken ?? new Secret('') })
      const needed = receive ? at.provider.neededScopes('receive', receive) : []
      expect(() => at.provider.checkToken(later.accessToken, resource, needed)).not.toThrow()
    })

    test('its authority is made from what a person gives', () => {
      expect(at.provider.authorityOf(at.given)).toBe(at.clients.secret.registration.authority)
    })

    test('SEC-05: further addresses are those of the account that signed in, and a token that nobody issued has none', async () => {
      const tokens = await at.provider.redeem(await signIn())
      const { resource } = plan(wishOf(at.username))
      const { registration } = at.clients.secret
      const addresses = await at.provider.accountAddresses({ registration, token: tokens.accessToken, resource })
      expect(addresses).toEqual(at.alias === undefined ? [] : expect.arrayContaining([at.alias]))
      const token = new Secret('nobody-issued-this')
      const forged = at.provider.accountAddresses({ registration, token, resource })
      expect(await forged.catch(() => [])).toEqual([])
    })

    test("SEC-11: its catalogue knows a person's no, and says what to do", () => {
      const error = translate({ context: at.provider.context, oauthError: 'access_denied', operation: 'connect' })
      expect(error.code).not.toBe('unclassified')
      expect(error.remedy).toMatch(/\S/)
    })

    test('M-065: an organisation is a directory: it owns the domain of its people, and a token that says nothing allows nothing', async ({
      skip,
    }) => {
      const { organisations } = at.provider
      if (organisations === undefined) return skip('only people can consent at this provider')
      const { registration } = at.clients.secret
      const tokens = await at.provider.redeem(await signIn())
      const directory = tokens.identity?.tenantId ?? ''
      expect(directory).not.toBe('')
      expect(directory).not.toBe(organisations.personal)
      expect(organisations.serves(registration)).toBe(true)
      expect(organisations.ownDirectory(organisations.within(registration, directory))).toBe(directory)
      expect(organisations.within(registration, directory).clientId).toBe(registration.clientId)
      const [, domain = ''] = at.username.split('@')
      expect(await at.provider.directoryOf(registration, domain)).toBe(directory)
      expect(organisations.mayConsentForAll(new Secret('says nothing'))).toBeUndefined()
      expect(organisations.appPermissions(tokens.accessToken)).toEqual([])
    })

    test('RFC 9207: an answer of another issuer belongs to no sign-in here', async () => {
      const { registration } = at.clients.secret
      expect(await at.provider.issuerMatches(registration, at.issuer)).toBe(true)
      const { origin, pathname } = new URL(at.issuer)
      for (const other of ['', 'x', `${origin}.evil.example${pathname}`, `https://evil.example${pathname}`])
        expect(await at.provider.issuerMatches(registration, other), other).toBe(false)
    })
  })
}

/** Everything that could be printed of an error. */
function shown(error: GatewayError): string {
  const cause = error.cause as Error | undefined
  return JSON.stringify([error, error.message, error.stack, String(cause), cause?.stack])
}
