/**
 * The provider sends the browser back, possibly as a cross-site POST without our cookies. This leg judges nothing: it
 * seals what came into a two-minute cookie and sends the browser on to a clean URL of ours, where the cookies are back
 * (SEC-12, SEC-13). An answer too big for a cookie waits sealed in the row, and only when its state is the right one.
 */
import { sha256 } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameText } from '../../protocol/same-text.js'
import { sealKeys } from '../../rows/seal-keys.js'
import { associatedData, findSignIn, type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'

/** The provider's parameters by name; a doubled one is given as an array and is then not used. */
export interface CallbackInput {
  parameters: URLSearchParams
  /** Whose own address the answer came to; empty for the one that all others share. */
  registrationId: string
}

export interface Returned {
  /** Name of the cookie. */
  cookie: string
  value: string
  /** Where the browser goes next. */
  location: string
}

/** What the provider said, as carried to the next leg. */
/** A sign-in and the answer that came back for it. */
export interface ReturnedSignIn {
  signIn: StoredSignIn
  answer: ReturnedAnswer
}

export interface ReturnedAnswer {
  /** Registration whose own address it came to; empty for the shared one. */
  at: string
  state: string
  code: string
  iss: string
  error: string
  errorText: string
  suberror: string
  /** `cancel`: the person turned back. */
  subcode: string
  /** Answer of an administrator: `True`, the directory it claims and the scopes it names. */
  adminConsent: string
  tenant: string
  scope: string
  /** Milliseconds. */
  until: number
  /** The code is kept in the row. */
  inRow?: true
}

const handOffMs = 120_000
/** Browsers refuse cookies from about 4,096 bytes, name and attributes included. */
const longestCookie = 3_800
const longestAnswer = 20_000

export const returnCookie = (short: string): string => `__Host-return-${short}`
export const handOffPlace = (short: string): string => `return~${short}`

export async function returnCallback(deps: Toolbox, input: CallbackInput): Promise<Returned> {
  const single = (name: string, limit: number): string => {
    const values = input.parameters.getAll(name)
    return values.length === 1 && values[0]!.length <= limit ? values[0]! : ''
  }
  const state = single('state', 100)
  const id = state.split('.')[0] ?? ''
  const short = /^[a-z2-7]{26}$/.test(id) ? id.slice(0, 8) : 'none'
  const answer: ReturnedAnswer = {
    at: input.registrationId.slice(0, 40),
    state,
    code: single('code', longestAnswer),
    iss: single('iss', 300),
    error: single('error', 100),
    errorText: single('error_description', 2_000).slice(0, 1_000),
    suberror: single('suberror', 60),
    subcode: single('error_subcode', 60),
    adminConsent: single('admin_consent', 5),
    tenant: single('tenant', 60),
    scope: single('scope', 1_000),
    until: deps.clock.now() + handOffMs,
  }
  const sealer = await sealKeys(deps)
  let value = sealer.seal(JSON.stringify(answer), handOffPlace(short))
  if (value.length > longestCookie) {
    await keepInRow(deps, state, answer.code)
    value = sealer.seal(JSON.stringify({ ...answer, code: '', errorText: '', inRow: true }), handOffPlace(short))
  }
  return { cookie: returnCookie(short), value, location: `${deps.config.publicBaseUrl}/oauth/complete?s=${short}` }
}

async function keepInRow(deps: Toolbox, state: string, code: string): Promise<void> {
  const [id = '', secret = ''] = state.split('.')
  const signIn = await findSignIn(deps, id)
  if (signIn === undefined || !sameText(sha256(secret), signIn.stateHash)) return
  const sealedReturn = (await sealKeys(deps)).seal(code, associatedData(id, 'sealedReturn'))
  await stepSignIn(deps, signIn, { sealedReturn })
}
