/**
 * One attempt to gain authority, in one row. The key is a secret that arrives before the tenant is known, so the row is
 * found by the id alone; every secret in it is a hash or sealed to its column. Every step is one conditional update.
 */
import { RowChangedError } from '../errors.js'
import type { Identity, Resource } from '../model/connection.js'
import { isId, sha256 } from '../model/ids.js'
import type { ServerAddress } from '../model/mailbox.js'
import type { SignIn, SignInStatus, SignInTarget, Verdicts } from '../model/sign-in.js'
import { signInProblem } from '../model/sign-in-problems.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { sameText } from '../protocol/same-text.js'
import type { Sealer } from '../protocol/seal.js'

/** Authority as it was gained, before it is anybody's connection. */
export type Grant =
  | {
      kind: 'oauth'
      resource: Resource
      accessToken: string
      /** Milliseconds. */
      expiresAt: number
      refreshToken: string
      scopes: string[]
      registrationId: string
    }
  | {
      kind: 'app-only'
      resource: Resource
      accessToken: string
      expiresAt: number
      scopes: string[]
      registrationId: string
    }
  | { kind: 'password'; username: string; password: string; imap?: ServerAddress; smtp?: ServerAddress }

/** Authority over one mailbox, gained by its owner. */
export type MailboxGrant = Exclude<Grant, { kind: 'app-only' }>

export interface StoredSignIn extends SignIn {
  row: Row
}

const partitionOf = (id: string): string => id.slice(0, 2)

/** Where a sealed column belongs, so that it opens nowhere else. */
export const sealPlace = (id: string, column: string): string => `signins~${partitionOf(id)}~${id}~${column}`

export async function readSignIn(deps: Toolbox, id: string): Promise<StoredSignIn | undefined> {
  if (!isId(id)) return undefined
  const row = await deps.tables.get(deps.names.table('signins'), partitionOf(id), id)
  return row && fromRow(row)
}

/** The sign-in of `{id}.{secret}`: a wrong secret and an unknown id are the same answer. */
export async function signInOfLink(deps: Toolbox, link: string): Promise<StoredSignIn> {
  const [id = '', secret = '', ...rest] = link.split('.')
  const signIn = rest.length > 0 ? undefined : await readSignIn(deps, id)
  if (signIn === undefined || !sameText(sha256(secret), String(signIn.row['linkHash'])))
    throw signInProblem('link_unknown')
  return signIn
}

/** The attempt of this browser whose id begins with `short`. */
export async function signInOfBrowser(
  deps: Toolbox,
  short: string,
  browser: string | undefined,
): Promise<StoredSignIn | undefined> {
  if (browser === undefined) return undefined
  const where = { partition: partitionOf(short), rowRange: [short, `${short}~`] as [string, string] }
  for await (const row of deps.tables.query(deps.names.table('signins'), where)) {
    const signIn = fromRow(row)
    if (isSameBrowser(signIn, browser)) return signIn
  }
  return undefined
}

export const isSameBrowser = (signIn: StoredSignIn, browser: string | undefined): boolean =>
  browser !== undefined && sameText(sha256(browser), String(signIn.row['browserHash'] ?? ''))

/** Path of the sign-in's own page; for the browser that began, and nobody else. */
export async function pathOfLink(deps: { sealer(): Promise<Sealer> }, { id, row }: StoredSignIn): Promise<string> {
  const secret = (await deps.sealer()).open(String(row['linkSealed']), sealPlace(id, 'linkSealed'))
  return `/connect/${id}.${secret}`
}

/** Writes under the ETag last read. Whoever comes second gets `sign_in_used`, and nothing of its own is stored. */
export async function stepSignIn(
  deps: Toolbox,
  signIn: StoredSignIn,
  columns: Omit<Row, 'partitionKey' | 'rowKey'>,
): Promise<void> {
  const key = { partitionKey: signIn.row.partitionKey, rowKey: signIn.row.rowKey }
  try {
    const etag = await deps.tables.update(deps.names.table('signins'), { ...columns, ...key }, signIn.row.etag ?? '')
    Object.assign(signIn.row, columns, { etag })
    Object.assign(signIn, fromRow(signIn.row))
  } catch (error) {
    if (error instanceof RowChangedError) throw signInProblem('sign_in_used')
    throw error
  }
}

/** The link is dead from now on, and nothing that opens anything is left in the row. */
export const endSignIn = (deps: Toolbox, signIn: StoredSignIn, refusal: string): Promise<void> =>
  stepSignIn(deps, signIn, {
    status: 'cancelled',
    refusal,
    stateHash: '',
    verifierSealed: '',
    nonceSealed: '',
    sealedReturn: '',
    sealedGrant: '',
    resultHash: '',
    resultSealed: '',
    bindingHash: '',
  })

export async function insertSignInRow(
  deps: Toolbox,
  signIn: SignIn,
  columns: Omit<Row, 'partitionKey' | 'rowKey'>,
): Promise<void> {
  await deps.tables.insert(deps.names.table('signins'), {
    v: 1,
    tenant: signIn.tenant,
    tenantName: signIn.tenantName,
    target: JSON.stringify(signIn.target),
    status: signIn.status,
    registrationId: signIn.registrationId,
    returnUrl: signIn.returnUrl,
    refusal: '',
    createdAt: signIn.createdAt,
    expiresAt: signIn.expiresAt,
    ...columns,
    partitionKey: partitionOf(signIn.id),
    rowKey: signIn.id,
  })
}

/** As it was read. Throws RowChangedError when somebody took another step with it. */
export async function removeSignIn(deps: Toolbox, { id, row }: StoredSignIn): Promise<void> {
  await deps.tables.remove(deps.names.table('signins'), partitionOf(id), id, row.etag ?? '')
}

/** Whatever is in it. */
export async function removeSignInOf(deps: Toolbox, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('signins'), partitionOf(id), id)
}

function fromRow(row: Row): StoredSignIn {
  const text = (column: string): string => String(row[column] ?? '')
  const parsed = <T>(column: string): T | undefined =>
    text(column) === '' ? undefined : (JSON.parse(text(column)) as T)
  const identity = parsed<Identity>('identity')
  const verdicts = parsed<Verdicts>('verdicts')
  return {
    id: row.rowKey,
    tenant: text('tenant'),
    tenantName: text('tenantName'),
    // What is not proven is decided by an administrator, whatever was asked for.
    target: {
      ...(JSON.parse(text('target')) as SignInTarget),
      ...(row['needsAdmin'] === true ? { confirmation: 'tenant-admin' as const } : {}),
    },
    status: text('status') as SignInStatus,
    registrationId: text('registrationId'),
    returnUrl: text('returnUrl'),
    ...(identity ? { identity } : {}),
    ...(verdicts ? { verdicts } : {}),
    refusal: text('refusal'),
    createdAt: text('createdAt'),
    expiresAt: Number(row['expiresAt'] ?? 0),
    row,
  }
}

/** May a person (still) begin with it? A refused or half-way attempt may be repeated until the link expires. */
export function assertOpen(deps: Toolbox, signIn: StoredSignIn): void {
  const now = deps.clock.now()
  if (signIn.status === 'cancelled')
    throw signInProblem(signIn.refusal === 'sign_in_rejected' ? 'sign_in_rejected' : 'sign_in_cancelled')
  if (signIn.status === 'signed-in' || signIn.status === 'confirmed') throw signInProblem('sign_in_used')
  if (signIn.expiresAt <= now || signIn.status === 'expired') throw signInProblem('link_expired')
  if (signIn.status === 'returned' && Number(signIn.row['stageUntil'] ?? 0) > now)
    throw signInProblem('sign_in_running')
}
