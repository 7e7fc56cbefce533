/** What can go wrong between link and connection without any peer's fault, in words for the person at the browser. */
import { GatewayError } from '../errors.js'

const problems = {
  link_unknown: [
    404,
    'The link is incomplete, or it is no longer valid: it has been used, cancelled or has expired.',
    'Check that you copied the whole link, or ask for a new one.',
  ],
  link_expired: [410, 'This link has expired.', 'Ask the person or application that gave it to you for a new one.'],
  sign_in_used: [
    400,
    'Somebody has already completed a sign-in with this link, perhaps in another browser.',
    'There is nothing more to do here. If the mailbox is not connected, ask for a new link.',
  ],
  sign_in_running: [
    409,
    'You have just signed in, and the gateway is testing the mailbox. That takes a few seconds.',
    'Wait a few seconds, then look again.',
  ],
  sign_in_open: [409, 'Nobody has signed in with this link yet.', 'Open the link again and sign in.'],
  sign_in_cancelled: [
    410,
    'Somebody chose “Cancel” on the page of this link, so the link no longer works.',
    'Ask for a new link if you want to connect the mailbox after all.',
  ],
  sign_in_rejected: [
    410,
    'An administrator rejected this sign-in. Nothing was connected and nothing was kept.',
    'If you think this is a mistake, contact the people who gave you the link.',
  ],
  state_mismatch: [
    400,
    'We could not match this answer to a sign-in that you started in this browser.',
    'Start again from your link, in one browser, and allow cookies.',
  ],
  other_tab: [
    400,
    'You started again in another tab of this browser, so this tab no longer counts.',
    'Finish in the other tab, or start again from your link.',
  ],
  flow_expired: [400, 'The sign-in took too long.', 'Start again. You have ten minutes from the moment you continue.'],
  issuer_mismatch: [
    400,
    'The answer came from a different sign-in service from the one you were sent to.',
    'Start again from your link.',
  ],
  form_expired: [
    400,
    'This page was opened in another browser or is out of date.',
    'Open the link again, continue from there and allow cookies.',
  ],
  too_many_attempts: [429, 'Too many wrong passwords were tried with this link.', 'Ask for a new link.'],
  no_registration: [
    409,
    'Signing in with this provider is not set up for your organisation yet.',
    'Ask an administrator to add an app registration, or connect with a password.',
  ],
} as const satisfies Record<string, readonly [status: number, description: string, remedy: string]>

export type SignInProblem = keyof typeof problems

export function signInProblem(code: SignInProblem): GatewayError {
  const [status, description, remedy] = problems[code]
  return new GatewayError(code, 'permanent', { status, description, remedy })
}
