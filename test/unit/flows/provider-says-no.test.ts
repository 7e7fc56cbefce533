import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { connectHarness } from '../../support/connect-harness.js'

const vaultIsAway = async (): Promise<never> => {
  throw new GatewayError('vault_unavailable', 'transient', {
    description: 'Key Vault does not answer.',
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
  const { registrations } = world.deps
  const { link } = await world.start()
  for (const [error, error_description, code] of refusals) {
    const back = await world.travel(link, { error, error_description })
    world.deps.registrations = vaultIsAway
    const completed = await world.flows.completeSignIn(world.deps, back)
    expect(completed).toMatchObject({ outcome: 'refused', error: { code, status: 400 } })
    world.deps.registrations = registrations
  }
  // The control: a code cannot be redeemed without the secret.
  const back = await world.travel(link)
  world.deps.registrations = vaultIsAway
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
