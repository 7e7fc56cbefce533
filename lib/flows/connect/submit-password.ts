/**
 * A mailbox whose provider offers no sign-in page: the owner types user name, password and, when nothing public names
 * them, the servers. The password is tried at the servers first; one that is refused is not kept, not even sealed, nor
 * is a server that was not reached. The link stays usable then, for ten tries, so that it cannot be used to guess.
 */
import { asGatewayError } from '../../errors.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { stepSignIn } from '../../rows/sign-ins.js'
import { mismatchedUser } from './check-password-user.js'
import { finishSignIn } from './finish-sign-in.js'
import { signInOfForm } from './form-token.js'
import { excuseStoredServers, refusedServers } from './judge-servers.js'
import { assertServers, assertWay, storedServers } from './link-ways.js'
import { areServersOf } from './prove-address.js'
import { type PasswordForm, readPasswordForm } from './read-password-form.js'
import { afterSignIn } from './return-link.js'
import { tryOut } from './try-out.js'

const mostAttempts = 10
/** Longer than the try-out; after a crash the link works again then. */
const tryingMs = 30_000

export async function submitPassword(
  deps: Toolbox,
  input: { link: string; browser: string | undefined; formToken: string; form: PasswordForm },
): Promise<{ location: string }> {
  const { signIn, browser } = await signInOfForm(deps, input)
  const facts = await assertWay(deps, signIn, 'password')
  const { target } = signIn
  const grant = readPasswordForm(input.form, target, deps.allowPort)
  const { imap, smtp } = grant
  const problem = mismatchedUser(grant.username, target, facts.renewed)
  if (problem) throw problem
  await assertServers(signIn, facts, { imap, smtp })
  const attempts = signIn.passwordAttempts
  if (attempts >= mostAttempts) throw signInProblem('too_many_attempts')
  // A second click, or another tab, waits for this attempt: each of them would spoil the other's last step.
  const before = signIn.status === 'returned' ? 'started' : signIn.status
  await stepSignIn(deps, signIn, {
    status: 'returned',
    stageUntil: deps.clock.now() + tryingMs,
    passwordAttempts: attempts + 1,
    stateHash: '',
    needsAdmin: false,
  }).catch(runsAlready)
  try {
    const [tried, isProven] = await Promise.all([
      tryOut(deps, signIn, grant),
      areServersOf(deps, target.address, { imap, smtp, username: grant.username }),
    ])
    const stored = target.kind === 'reconnect' ? storedServers(facts) : undefined
    const verdicts = excuseStoredServers(tried, { imap, smtp }, stored)
    const refusal = refusedServers(verdicts, { imap, smtp }, stored)
    if (refusal) throw refusal
    await finishSignIn(deps, signIn, { grant, provider: 'basic', verdicts, browser, isProven })
  } catch (error) {
    if (signIn.status === 'returned') await stepSignIn(deps, signIn, { status: before }).catch(() => undefined)
    throw error
  }
  return { location: await afterSignIn(deps, signIn, `/connect/${input.link}`) }
}

function runsAlready(error: unknown): never {
  throw asGatewayError(error).code === 'sign_in_used' ? signInProblem('sign_in_running') : error
}
