import { expect, test } from 'vitest'
import { asGatewayError, GatewayError } from '../../../lib/errors.js'
import { newId } from '../../../lib/model/ids.js'
import { codeOf, connectHarness, passwordForm } from '../../support/connect/connect-harness.js'

const vaultIsAway = async (): Promise<never> => {
  throw new GatewayError('vault_unavailable', 'transient', {
    description: 'Key Vault does not respond.',
    remedy: 'Wait.',
  })
}

test('M-073: what the provider refused is told although the vault is away: it needs no secret of ours', async () => {
  const world = await connectHarness()
  const refusals = [
    ['access_denied', 'AADSTS65004: no', 'aadsts_65004'],
    ['access_denied', 'AADSTS90094: no', 'aadsts_90094'],
    ['server_error', 'x', 'oauth_server_error'],
  ] as const
  const { get } = world.deps.vault
  const loseVault = () => {
    world.deps.vault.get = vaultIsAway
    world.deps.memory.clients.clear()
  }
  const { link } = await world.start()
  for (const [error, error_description, code] of refusals) {
    const back = await world.travel(link, { error, error_description })
    loseVault()
    const completed = await world.flows.completeSignIn(world.deps, back)
    expect(completed).toMatchObject({ outcome: 'refused', error: { code, status: 400 } })
    world.deps.vault.get = get
  }
  // The control: a code cannot be redeemed without the secret.
  const back = await world.travel(link)
  loseVault()
  const completed = await world.flows.completeSignIn(world.deps, back)
  expect(completed).toMatchObject({ outcome: 'refused', error: { code: 'vault_unavailable', status: 503 } })
})

test('M-053, T6: who has to register the address is told which, in every language', async () => {
  const world = await connectHarness()
  const { link } = await world.start()
  const refused = { error: 'invalid_request', error_description: 'AADSTS50011: no' }
  const completed = await world.flows.completeSignIn(world.deps, await world.travel(link, refused))
  const { redirectUri, name } = world.registration
  expect(completed).toMatchObject({
    error: { remedy: expect.stringContaining(redirectUri), values: { registration: name, redirectUri } },
  })
})

const minute = 60_000
const page = 'https://mail.example.com/connect'

test('T4, T9: who came back from Microsoft too late has a page that can be loaded again, and the application hears of it', async () => {
  const h = await connectHarness()
  const { link, signInId } = await h.start()
  const { browser, formToken, link: path } = await h.open(link)
  const { location } = await h.flows.beginAuthorize(h.deps, { link: path, browser, formToken })
  h.time.now += 11 * minute
  const back = await h.comeBack(path, new URL(location).searchParams.get('state') ?? '', { code: 'c' })
  const completed = await h.flows.completeSignIn(h.deps, { ...back, browser })
  expect(completed).toMatchObject({ error: { code: 'flow_expired' }, location: `${page}/${path}/result` })
  expect(h.peers.tries).toEqual([])
  for (const _ of ['first', 'again'])
    expect(await h.flows.showRefusal(h.deps, path, browser)).toMatchObject({
      refused: { code: 'flow_expired' },
      retry: `/connect/${path}`,
    })
  expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId)).toMatchObject({
    status: 'refused',
    refusal: 'flow_expired',
  })
  // The same link works.
  expect(await h.flows.completeSignIn(h.deps, await h.travel(link))).toMatchObject({ outcome: 'signed-in' })
})

test('T9: a link that ended while its person was at Microsoft says so itself, to that person alone', async () => {
  const endings = {
    link_expired: { expiresAt: 1, stageUntil: 1 },
    sign_in_cancelled: { status: 'cancelled', refusal: 'sign_in_cancelled', stateHash: '' },
    sign_in_rejected: { status: 'cancelled', refusal: 'sign_in_rejected', stateHash: '' },
  }
  for (const [code, columns] of Object.entries(endings)) {
    const h = await connectHarness()
    const { link, signInId } = await h.start()
    const back = await h.travel(link)
    await h.plant(signInId, columns)
    const other = await h.flows.completeSignIn(h.deps, { ...back, browser: 'b'.repeat(32) })
    expect(other, code).not.toHaveProperty('location')
    const { location = '' } = (await h.flows.completeSignIn(h.deps, back)) as { location?: string }
    expect(location.replace(/\/result$/, ''), code).toBe(`${page}/${back.link}`)
    expect(await codeOf(h.flows.showLink(h.deps, back.link, back.browser))).toBe(code)
    expect(await codeOf(h.flows.showResult(h.deps, back.link, back.browser)), code).toBe(code)
    expect(await h.flows.endedLink(h.deps, back.link, code)).toMatchObject({ tenantName: expect.any(String) })
  }
})

test('T4, T10: a mailbox that was connected with another link meanwhile is no fault of a form, and has a page of its own', async () => {
  const h = await connectHarness()
  const [one, two] = [await h.start(), await h.start()]
  const { link, browser, formToken } = await h.open(one.link)
  await h.byPassword(two.link)
  const form = { ...passwordForm }
  const sent = { link, browser, formToken }
  const error = await h.flows.submitPassword(h.deps, { ...sent, form }).catch(asGatewayError)
  if (!(error instanceof GatewayError)) throw new Error('two mailboxes of one address')
  expect(error.code).toBe('mailbox_exists')
  expect(await h.flows.keepFormProblem(h.deps, { ...sent, requestId: newId(), error, typed: form })).toEqual({
    location: `${page}/${link}/result`,
  })
  expect(await h.flows.showRefusal(h.deps, link, browser)).toMatchObject({ refused: { code: 'mailbox_exists' } })
  expect(await h.open(one.link)).not.toHaveProperty('problem')
})
