/**
 * One attempt to gain authority, in one row of the table `signins`. Partition: the first two characters of the id; row:
 * the id. It is a secret that arrives before the tenant is known, so the row is found by the id alone; every secret in
 * it is a hash or sealed to its column. Every step is one conditional update.
 */
import { RowChangedError } from '../errors.js'
import type { Identity } from '../model/connection.js'
import { isId, sha256 } from '../model/ids.js'
import type { ProviderName } from '../model/providers.js'
import type { SignIn, SignInStatus, SignInTarget, Verdicts } from '../model/sign-in.js'
import { signInProblem } from '../model/sign-in-problems.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { sameText } from '../protocol/same-text.js'
import { columnsOf } from './columns.js'
import { sealKeys } from './seal-keys.js'
import { startingWith } from './tenant-ranges.js'

/** Sealed text, each with a key of the vault and to its own column; empty when there is none. */
const sealedColumns = [
  /** Secret of the link, to lead the person back to the same page after an error. */
  'linkSealed',
  'nonceSealed',
  'verifierSealed',
  /** The provider's code, when it is too big for a cookie. */
  'sealedReturn',
  /** What went wrong with the last attempt, for the browser it happened in. */
  'problemSealed',
  /** Link by which an administrator may consent. */
  'approvalSealed',
  /** The authority as it was gained. */
  'sealedGrant',
  /** One-time code for the application. */
  'resultSealed',
] as const

/** Hash of what only one party has; empty when there is none. */
const hashColumns = [
  'linkHash',
  /** Session of the application's user. */
  'bindingHash',
  'stateHash',
  'browserHash',
  'problemBrowser',
  'resultHash',
] as const

export type SealedColumn = (typeof sealedColumns)[number]

/** What the steps keep for one another; nobody outside sees it. */
export interface SignInProgress extends Record<SealedColumn | (typeof hashColumns)[number], string> {
  /** Whom the attempt at hand asks; empty before the first. */
  provider: ProviderName | ''
  /** Milliseconds: until when the attempt at hand may go on. */
  stageUntil: number
  passwordAttempts: number
  /** Directory that an administrator claims. */
  directory: string
  /** Permissions that the directory showed, separated by spaces. */
  granted: string
  /** Object id by which the directory knows the application. */
  applicationObject: string
  /** Who signed in may speak for the address: it is held against other tenants. */
  proven: boolean
  /** What is not proven is decided by an administrator, whatever was asked for. */
  needsAdmin: boolean
  /** Fixed when a confirmation begins; empty when there will be none; `mailboxId` absent before. */
  connectionId: string
  mailboxId?: string
  /** Milliseconds: the request that confirms has it until then. */
  confirmingUntil: number
  /** Confirmed to the end. */
  done: boolean
  /** Whoever has to confirm heard of it. */
  told: boolean
}

export interface StoredSignIn extends SignIn, SignInProgress {
  /** As it was asked for; `target` says how it is confirmed now. */
  askedTarget: SignInTarget
  etag: string
}

/** What a step writes. */
export type SignInChange = Partial<
  SignInProgress & Pick<SignIn, 'status' | 'registrationId' | 'refusal' | 'expiresAt' | 'target'>
> & {
  identity?: Identity | undefined
  verdicts?: Verdicts | undefined
}

const partitionOf = (id: string): string => id.slice(0, 2)

/** Where a sealed column belongs, so that it opens nowhere else. */
export const associatedData = (id: string, column: SealedColumn): string => `signins~${partitionOf(id)}~${id}~${column}`

export async function findSignIn(deps: Toolbox, id: string): Promise<StoredSignIn | undefined> {
  if (!isId(id)) return undefined
  const row = await deps.tables.get(deps.names.table('signins'), partitionOf(id), id)
  return row && fromRow(row)
}

/** The sign-in of `{id}.{secret}`: a wrong secret and an unknown id are the same answer. */
export async function getSignInOfLink(deps: Toolbox, link: string): Promise<StoredSignIn> {
  const [id = '', secret = '', ...rest] = link.split('.')
  const signIn = rest.length > 0 ? undefined : await findSignIn(deps, id)
  if (signIn === undefined || !sameText(sha256(secret), signIn.linkHash)) throw signInProblem('link_unknown')
  return signIn
}

/** The attempt of this browser whose id begins with `short`. */
export async function findSignInOfBrowser(
  deps: Toolbox,
  short: string,
  browser: string | undefined,
): Promise<StoredSignIn | undefined> {
  if (browser === undefined) return undefined
  const query = { partition: partitionOf(short), rowRange: startingWith(short) }
  for await (const row of deps.tables.query(deps.names.table('signins'), query)) {
    const signIn = fromRow(row)
    if (isSameBrowser(signIn, browser)) return signIn
  }
  return undefined
}

export const isSameBrowser = ({ browserHash }: StoredSignIn, browser: string | undefined): boolean =>
  browser !== undefined && sameText(sha256(browser), browserHash)

/** Path of the sign-in's own page; for the browser that began, and nobody else. */
export async function pathOfLink(deps: Toolbox, { id, linkSealed }: StoredSignIn): Promise<string> {
  return `/connect/${id}.${(await sealKeys(deps)).open(linkSealed, associatedData(id, 'linkSealed'))}`
}

export async function insertSignInRow(
  deps: Toolbox,
  signIn: SignIn,
  columns: Pick<SignInProgress, 'linkHash' | 'linkSealed' | 'bindingHash'>,
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

/**
 * Writes under the ETag last read, and lets `signIn` be what is stored now. Whoever comes second gets `sign_in_used`,
 * and nothing of its own is stored.
 */
export async function stepSignIn(deps: Toolbox, signIn: StoredSignIn, change: SignInChange): Promise<void> {
  const row = { ...toColumns(change), partitionKey: partitionOf(signIn.id), rowKey: signIn.id }
  try {
    const etag = await deps.tables.update(deps.names.table('signins'), row, signIn.etag)
    const { target: askedTarget = signIn.askedTarget, ...columns } = change
    Object.assign(signIn, columns, { askedTarget, etag })
    signIn.target = targetNow(signIn)
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

/** As it was read. Throws RowChangedError when somebody took another step with it. */
export async function removeSignIn(deps: Toolbox, { id, etag }: StoredSignIn): Promise<void> {
  await deps.tables.remove(deps.names.table('signins'), { partitionKey: partitionOf(id), rowKey: id, etag })
}

/** Whatever is in it. */
export async function removeSignInOf(deps: Toolbox, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('signins'), { partitionKey: partitionOf(id), rowKey: id })
}

/** A merge cannot remove a column: what is no more is an empty text. */
function toColumns({ target, ...change }: SignInChange): Omit<Row, 'partitionKey' | 'rowKey'> {
  const { identity, verdicts, ...plain } = change
  return {
    ...plain,
    ...(target === undefined ? {} : { target: JSON.stringify(target) }),
    ...('identity' in change ? { identity: identity === undefined ? '' : JSON.stringify(identity) } : {}),
    ...('verdicts' in change ? { verdicts: verdicts === undefined ? '' : JSON.stringify(verdicts) } : {}),
  }
}

const targetNow = ({ askedTarget, needsAdmin }: Pick<StoredSignIn, 'askedTarget' | 'needsAdmin'>): SignInTarget =>
  needsAdmin ? { ...askedTarget, confirmation: 'tenant-admin' } : askedTarget

function fromRow(row: Row): StoredSignIn {
  const { text, number, flag, json } = columnsOf(row)
  const texts = <C extends string>(columns: readonly C[]) =>
    Object.fromEntries(columns.map((column) => [column, text(column)])) as Record<C, string>
  const identity = json<Identity | undefined>('identity', undefined)
  const verdicts = json<Verdicts | undefined>('verdicts', undefined)
  const askedTarget = JSON.parse(text('target')) as SignInTarget
  const needsAdmin = flag('needsAdmin')
  return {
    id: row.rowKey,
    tenant: text('tenant'),
    tenantName: text('tenantName'),
    target: targetNow({ askedTarget, needsAdmin }),
    askedTarget,
    status: text('status') as SignInStatus,
    registrationId: text('registrationId'),
    returnUrl: text('returnUrl'),
    ...(identity ? { identity } : {}),
    ...(verdicts ? { verdicts } : {}),
    refusal: text('refusal'),
    createdAt: text('createdAt'),
    expiresAt: number('expiresAt'),
    ...texts(sealedColumns),
    ...texts(hashColumns),
    provider: text('provider') as StoredSignIn['provider'],
    stageUntil: number('stageUntil'),
    passwordAttempts: number('passwordAttempts'),
    directory: text('directory'),
    granted: text('granted'),
    applicationObject: text('applicationObject'),
    proven: flag('proven'),
    needsAdmin,
    connectionId: text('connectionId'),
    ...(row['mailboxId'] === undefined ? {} : { mailboxId: text('mailboxId') }),
    confirmingUntil: number('confirmingUntil'),
    done: flag('done'),
    told: flag('told'),
    etag: row.etag ?? '',
  }
}
