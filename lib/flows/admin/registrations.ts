/**
 * People save and remove registrations. The credential is write-only: a secret, or key and certificate, goes to the vault
 * under the next generation and only its fingerprint and expiry are ever shown. Rotating it disturbs nobody: the generation before stays until the
 * next rotation for whoever still reads the former row, and connections that waited for the new secret are tried at
 * once.
 */

import { conflict, GatewayError, notFound, RowChangedError } from '../../errors.js'
import type { Role } from '../../model/caller.js'
import { type CredentialKind, credentialWords } from '../../model/credential.js'
import { newId } from '../../model/ids.js'
import { providerFacts } from '../../model/providers.js'
import type { Registration, RegistrationRef } from '../../model/registration.js'
import type { RegistrationInput } from '../../model/registration-schema.js'
import type { RegisteredClient } from '../../ports/memory.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, expiryCard } from '../../rows/attention.js'
import { isRegistrationUsed } from '../../rows/connections.js'
import {
  changeRegistration,
  findOwnRegistration,
  insertRegistration,
  type ReadRegistration,
  removeRegistrationRow,
  type StoredRegistration,
} from '../../rows/registrations.js'
import type { Secret } from '../../secret.js'
import { retryConnections } from '../send/retry-connections.js'
import { providerOf } from '../tokens/provider-of.js'
import { credentialOf, factsOf, type RegistrationFacts, redirectUriOf } from '../tokens/registrations.js'
import { type GivenCredential, givenCredential } from './given-credential.js'
import { placeOf } from './registration-place.js'
import { type CredentialTried, tryCredential } from './try-credential.js'

/** One that belongs to the tenant itself, or to the deployment for `~`. */
export async function readRegistration(deps: Toolbox, tenant: string, id: string): Promise<RegistrationFacts> {
  return factsOf(deps, await getOwn(deps, tenant, id))
}

/**
 * The credential is shown to the provider first: one that is refused is not saved (`registration_secret_refused`), one
 * that could not be tried is.
 */
export async function saveRegistration(
  deps: Toolbox,
  { tenant, id, by }: { tenant: string; id?: string; by?: Role },
  input: RegistrationInput,
): Promise<RegistrationFacts & { credentialTried: CredentialTried }> {
  const provider = providerOf(deps, input.kind)
  const existing = id === undefined ? undefined : await getOwn(deps, tenant, id)
  const wanted = {
    id: id ?? newId(),
    tenant,
    name: input.name,
    kind: input.kind,
    clientId: providerFacts[input.kind].registration?.clientId.ignoresCase
      ? input.clientId.toLowerCase()
      : input.clientId,
  }
  const given = givenCredential(input, existing?.credential, deps.clock.now())
  if (given.kind === 'managed-identity' && by !== 'operator') throw operatorsOnly()
  const place = await placeOf(deps, input, { existing, provider, given })
  const stored: StoredRegistration = {
    generation: 0,
    ...existing,
    ...wanted,
    ...place,
    ...credentialKept(existing, given),
  }
  const client = await candidate(deps, stored, given.value)
  await provider.checkRegistration(client.registration)
  const tried = await tryCredential(deps, client)
  if (tried instanceof GatewayError) throw credentialRefused(stored, tried)
  if (given.value !== undefined) {
    stored.generation += 1
    stored.secretName = deps.names.registrationSecret(wanted.id, stored.generation)
    stored.secretVersion = await deps.vault.set(stored.secretName, given.value)
  }
  if (existing === undefined) await insertRegistration(deps, stored)
  else await changeRegistration(deps, stored, existing.etag).catch(changedMeanwhile)
  // A secret nobody could try keeps the card until a token call with it works.
  if (tried === 'accepted') await clearCards(deps, tenant, wanted.id)
  deps.memory.clients.clear()
  if (existing !== undefined) {
    if (given.value !== undefined && stored.generation > 2)
      await deps.vault.remove(deps.names.registrationSecret(wanted.id, stored.generation - 2))
    await retryConnections(deps, tenant, { registrationId: wanted.id })
  }
  return { ...factsOf(deps, stored), credentialTried: tried }
}

/** Refused while connections use it, unless forced: those then need an administrator. */
export async function removeRegistration(
  deps: Toolbox,
  { tenant, id }: RegistrationRef,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  const { name, generation } = await getOwn(deps, tenant, id)
  if (!force && (await isRegistrationUsed(deps, tenant, id))) throw inUse(name)
  // The secrets first: a crash in between leaves a row by which this is repeated.
  for (const one of [generation, generation - 1].filter((number) => number > 0))
    await deps.vault.remove(deps.names.registrationSecret(id, one))
  await removeRegistrationRow(deps, tenant, id)
  await clearCards(deps, tenant, id)
  deps.memory.clients.clear()
}

/** A registration as it is stored, with its credential. */
export async function getClient(deps: Toolbox, tenant: string, id: string): Promise<RegisteredClient> {
  return candidate(deps, await getOwn(deps, tenant, id), undefined)
}

async function getOwn(deps: Toolbox, tenant: string, id: string): Promise<ReadRegistration> {
  const stored = await findOwnRegistration(deps, tenant, id)
  if (stored === undefined) throw notFound('registration')
  return stored
}

/** What the row says of the credential; where its value stands is known when the vault has it. */
function credentialKept(
  existing: StoredRegistration | undefined,
  { kind: credential, value, fingerprint, endsAt }: GivenCredential,
): Pick<StoredRegistration, 'credential' | 'secretName' | 'secretVersion' | 'secretFingerprint' | 'secretExpiresAt'> {
  const stays = value === undefined && existing?.credential === credential
  const { secretName, secretVersion, secretFingerprint } =
    stays && existing !== undefined ? existing : { secretName: '', secretVersion: '', secretFingerprint: fingerprint }
  const secretExpiresAt = endsAt ?? (stays ? existing?.secretExpiresAt : undefined)
  return { credential, secretName, secretVersion, secretFingerprint, secretExpiresAt }
}

/** The registration as it would be, with the credential it would have. */
async function candidate(
  deps: Toolbox,
  stored: StoredRegistration,
  value: Secret | undefined,
): Promise<RegisteredClient> {
  const { id, tenant, name, kind, authority, clientId, credential, server } = stored
  const wanted = { id, tenant, name, kind, authority, clientId, credential, secretName: '' }
  const redirectUri = redirectUriOf(deps, stored)
  return {
    registration: { ...wanted, redirectUri, ...(server === undefined ? {} : { server }) },
    credential: value ?? (await credentialOf(deps, stored)),
  }
}

const shownBy: Record<CredentialKind, string> = {
  secret: 'clientSecret',
  'private-key': 'certificate',
  'managed-identity': 'credential',
  none: 'credential',
}

/** Whoever may name any client id with it would hold the gateway's identity for every application that trusts it. */
function operatorsOnly(): GatewayError {
  return new GatewayError('operators_only', 'permanent', {
    status: 403,
    field: 'credential',
    description: "Only operators save a registration that proves itself by the gateway's own managed identity.",
    remedy: 'Use a client secret or a certificate, or ask an operator of the gateway to save it.',
  })
}

function credentialRefused(
  { kind, credential }: Pick<Registration, 'kind' | 'credential'>,
  refusal: GatewayError,
): GatewayError {
  const { code, description, remedy, peerLine, trace } = refusal
  const what = credential === 'none' ? '' : ` with this ${credentialWords[credential]}`
  return new GatewayError('registration_secret_refused', 'permanent', {
    status: 422,
    field: shownBy[credential],
    description: `${providerFacts[kind].label} refuses the registration${what}, so the gateway did not save it: ${description} (${code}).`,
    remedy,
    peerLine,
    trace,
  })
}

function inUse(name: string): GatewayError {
  return conflict(
    'registration_in_use',
    `Connected mailboxes use the registration "${name}".`,
    'Remove those mailboxes first, or repeat with ?force=true; they then need another registration and a new sign-in.',
  )
}

function changedMeanwhile(error: unknown): never {
  if (!(error instanceof RowChangedError)) throw error
  throw conflict(
    'changed_meanwhile',
    'Somebody changed this at the same time.',
    'Read it again, then repeat the change.',
  )
}

async function clearCards(deps: Toolbox, tenant: string, id: string): Promise<void> {
  for (const card of [id, expiryCard(id)]) await clearAttention(deps, { tenant, kind: 'registration', id: card })
}
