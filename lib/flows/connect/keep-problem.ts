/**
 * After a post, or an answer of the provider, the browser is sent to a page of its own (post, redirect, get), so what
 * went wrong waits in the row for that page: sealed, bounded, without the password, and shown to the browser it
 * happened in alone. The next attempt replaces it.
 */
import type { GatewayError } from '../../errors.js'
import { sha256 } from '../../model/ids.js'
import type { AttemptProblem, TypedServers } from '../../model/sign-in.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameText } from '../../protocol/same-text.js'
import { sealKeys } from '../../rows/seal-keys.js'
import { associatedData, type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'
import { signInOfForm } from './form-token.js'
import { logRefusal } from './log-refusal.js'

const longest = 1_000

export function problemOf(
  error: GatewayError,
  { at, requestId, typed }: Pick<AttemptProblem, 'at' | 'requestId'> & { typed?: TypedServers | undefined },
): AttemptProblem {
  const { code, class: errorClass, hint, description, remedy, status, values, problems } = error
  const cut = (text: string): string => text.slice(0, longest)
  return {
    at,
    requestId,
    code,
    class: errorClass,
    ...(hint ? { hint } : {}),
    description: cut(description),
    remedy: cut(remedy),
    status,
    ...(values ? { values: bounded(values) } : {}),
    problems: (problems ?? []).slice(0, 10).map(({ field, message }) => ({ field, message: cut(message) })),
    ...(typed ? { typed: bounded(typed) as TypedServers } : {}),
  }
}

/** The columns that keep it. */
export async function problemColumns(
  deps: Toolbox,
  { id, browser }: { id: string; browser: string },
  problem: AttemptProblem,
) {
  const sealer = await sealKeys(deps)
  return {
    problemSealed: sealer.seal(JSON.stringify(problem), associatedData(id, 'problemSealed')),
    problemBrowser: sha256(browser),
  }
}

export const noProblem = { problemSealed: '', problemBrowser: '' }

/** Of an attempt in this browser; otherwise nothing. */
export async function readProblem(
  deps: Toolbox,
  { id, problemSealed, problemBrowser }: StoredSignIn,
  browser: string | undefined,
): Promise<AttemptProblem | undefined> {
  if (problemSealed === '' || browser === undefined) return undefined
  if (!sameText(sha256(browser), problemBrowser)) return undefined
  const opened = (await sealKeys(deps)).open(problemSealed, associatedData(id, 'problemSealed'))
  return JSON.parse(opened.toString()) as AttemptProblem
}

/** Where the browser goes after a form that failed: the page of the link, which says what was wrong. */
export async function keepFormProblem(
  deps: Toolbox,
  input: {
    link: string
    browser: string | undefined
    formToken: string
    error: GatewayError
    requestId: string
    typed?: TypedServers
  },
): Promise<{ location: string }> {
  const page = `${deps.config.publicBaseUrl}/connect/${encodeURIComponent(input.link)}`
  if (input.error.code === 'form_expired') return { location: `${page}?again=1` }
  // What is wrong is for the attempt that runs to say.
  if (input.error.code === 'sign_in_running') return { location: page }
  try {
    const { signIn, browser } = await signInOfForm(deps, input)
    // What the confirmation refuses is the fault of no field.
    const at = ['mailbox_exists', 'mailbox_held'].includes(input.error.code) ? 'page' : 'form'
    const { requestId, typed } = input
    const problem = problemOf(input.error, { at, requestId, typed })
    // A slip of the pen is no refusal.
    if (problem.code !== 'invalid_input') await logRefusal(deps, { signIn, requestId }, input.error)
    await stepSignIn(deps, signIn, await problemColumns(deps, { id: signIn.id, browser }, problem))
    if (at === 'page') return { location: `${page}/result` }
  } catch {
    // A link that ended meanwhile says so on its page.
  }
  return { location: page }
}

const bounded = (texts: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(texts)
      .slice(0, 10)
      .map(([name, text]) => [name, text.slice(0, 300)]),
  )
