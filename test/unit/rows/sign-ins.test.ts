/** A step leaves in memory what a fresh read finds, and whoever comes second changes nothing. */
import { expect, test } from 'vitest'
import type { SignInTarget } from '../../../lib/model/sign-in.js'
import { findSignIn, insertSignInRow, type SignInChange, stepSignIn } from '../../../lib/rows/sign-ins.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const id = 'abcdefghijklmnopqrstuvwxyz'
const target: SignInTarget = {
  kind: 'connect',
  address: 'ana@contoso.example',
  displayName: 'Ana',
  receive: true,
  send: true,
  transport: 'auto',
  confirmation: 'confirmed-by-link',
}
const identity = { issuer: 'i', subject: 's', username: 'ana@contoso.example' }
const works = { verdict: 'works' } as const

async function started() {
  const deps = await memoryStores(manualClock())
  const signIn = { id, tenant: 'acme', tenantName: 'Acme', target, status: 'started' as const, registrationId: 'reg' }
  const rest = { returnUrl: '', refusal: '', createdAt: '2026-01-01T00:00:00.000Z', expiresAt: 9 }
  await insertSignInRow(deps, { ...signIn, ...rest }, { linkHash: 'h', linkSealed: 's', bindingHash: '' })
  return deps
}

const changes: Record<string, SignInChange> = {
  'a state': { status: 'returned', stateHash: 'x', stageUntil: 5, refusal: 'link_expired' },
  'another target': { target: { ...target, expectedUser: 'ben@contoso.example' } },
  'one that needs an administrator': { status: 'signed-in', needsAdmin: true, proven: false, provider: 'microsoft' },
  'who signed in': { identity, verdicts: { signIn: works, reading: works, sending: works } },
  'nobody any more': { identity: undefined, verdicts: undefined, mailboxId: '', connectionId: '' },
  'its end': { status: 'confirmed', done: true, told: true, confirmingUntil: 0, expiresAt: 12 },
}

test('after each step the record is what is stored', async () => {
  const deps = await started()
  const signIn = (await findSignIn(deps, id))!
  for (const [name, change] of Object.entries(changes)) {
    await stepSignIn(deps, signIn, change)
    expect(signIn, name).toEqual(await findSignIn(deps, id))
  }
  expect(signIn.target).toEqual({ ...signIn.askedTarget, confirmation: 'tenant-admin' })
  expect(signIn.askedTarget.confirmation).toBe('confirmed-by-link')
})

test('whoever comes second is refused and stores nothing', async () => {
  const deps = await started()
  const [first, second] = [(await findSignIn(deps, id))!, (await findSignIn(deps, id))!]
  await stepSignIn(deps, first, { status: 'returned' })
  await expect(stepSignIn(deps, second, { status: 'refused' })).rejects.toMatchObject({ code: 'sign_in_used' })
  expect(second.status).toBe('started')
  expect((await findSignIn(deps, id))?.status).toBe('returned')
})
